package attack

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/testkit/team"
)

// bounces refuses every recipient, as a mail server does that knows no such mailbox, with words of its own.
func bounces(said string) func(net.Conn) bool {
	return func(c net.Conn) bool {
		go func() {
			defer c.Close()
			fmt.Fprint(c, "220 localhost\r\n")
			for in := bufio.NewScanner(c); in.Scan(); {
				answer := "250 ok"
				if strings.HasPrefix(in.Text(), "RCPT") {
					answer = "550 5.1.1 " + said
				}
				fmt.Fprint(c, answer+"\r\n")
			}
		}()
		return false
	}
}

// TestD8_14: a mailbox that bounces. Administrators read in the audit log which message did not arrive and why, in our words;
// the pages of signing in say the same as to somebody whose mail arrives, and nobody reads what the mail server said.
func TestD8_14(t *testing.T) {
	const said = "no such mailbox, says the canary"
	var emil, omar team.Member
	h, mara, dana := staffed(t, sallyport.MethodApp, plan{people: func(f *team.Folder) {
		emil = add(t, f, "emil", sallyport.ReadOnlyTechnician, sallyport.MethodEmail)
		omar = add(t, f, "omar", sallyport.ReadOnlyTechnician, sallyport.MethodApp)
	}})
	forgotten := func(m team.Member) (pages []string) {
		b := h.browser()
		b.post("/forgotten", "user_name", m.UserName).wants(http.StatusSeeOther, "/forgotten/sent")
		for _, path := range []string{"/forgotten/sent", "/forgotten", "/sign-in"} {
			pages = append(pages, b.get(path).wants(http.StatusOK, "").words())
		}
		b.atCode(m)
		return append(pages, strings.ReplaceAll(b.get("/sign-in/code").wants(http.StatusOK, "").words(), m.UserName, "NAME"))
	}
	arrived := forgotten(omar)
	h.mail.next(h, regexp.MustCompile("To: .*"+regexp.QuoteMeta(omar.Email)), 0) // or it would bounce as well
	h.mail.meet(bounces(said))
	forgotten(dana)
	h.eventually("the message is given up", func() bool { return len(mara.events("delivery.failed")) == 1 })
	if bounced := forgotten(dana); !slices.Equal(bounced, arrived) { // now that it is known
		t.Errorf("the pages tell a mailbox that bounces:\n%q\n%q", bounced, arrived)
	}
	page := mara.get("/admin/audit?type=delivery.failed").wants(http.StatusOK, "")
	for _, words := range []string{"Delivery: failed", "bad_address: The mail server refused this mailbox. An administrator must look at the address.", dana.Email} {
		page.says(words)
	}

	b := h.browser().atCode(emil) // a code that surely did not go out is said, for it leads on; what the server said is not
	b.becomes("failed")
	h.eventually("that is noted", func() bool { return len(mara.events("signin.code.failed")) == 1 })
	for what, a := range map[string]answer{"the code page": b.get("/sign-in/code").says("The code could not be sent."), "the audit log": mara.get("/admin/audit")} {
		if strings.Contains(a.Body, "canary") {
			t.Errorf("%s says what the mail server said: %s", what, a.words())
		}
	}
}
