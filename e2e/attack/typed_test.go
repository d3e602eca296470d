package attack

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"sallyport"
	"sallyport/internal/testkit/team"
)

// TestD1_12: of two codes that came the older one is refused, and the page says that only the newest works. The first send
// is said to have failed, so that a fresh code can be had at once.
func TestD1_12(t *testing.T) {
	h, _, emil := staffed(t, sallyport.MethodEmail, plan{})
	h.mail.taken(func() error { return &smtp.SMTPError{Code: 554, Message: "not today"} })
	b := h.browser().atCode(emil)
	old := h.mail.next(h, code, 0)
	b.becomes("failed")
	h.mail.taken(nil)
	fresh := old
	for n := 1; fresh == old; n++ { // once in a million runs more than once
		b.post("/sign-in/send").wants(http.StatusSeeOther, "/sign-in/code")
		fresh = h.mail.next(h, code, n)
	}
	b.becomes("sent")
	b.get("/sign-in/code").says("Only the newest code works.").says("3 tries left")
	b.post("/sign-in/code", "code", old).says("That code is not right. 2 tries left.").says("Only the newest code works.")
	if b.post("/sign-in/code", "code", fresh); !b.live() {
		t.Error("the newest code does not let in")
	}
}

// TestD1_18: the connection is closed when a wrong code was sent, before its answer came, or in the midst of sending it.
// Each guess that was whole is counted and compared, the others are not. Nobody guesses so often that he would have to wait.
func TestD1_18(t *testing.T) {
	var all []team.Member
	h, mara, _ := staffed(t, sallyport.MethodApp, plan{people: func(f *team.Folder) {
		for i := range 5 {
			all = append(all, add(t, f, fmt.Sprint("member", i), sallyport.ReadOnlyTechnician, sallyport.MethodApp))
		}
	}})
	whole := 0
	for i := range 4 * len(all) {
		dana := all[i%len(all)]
		b := h.browser().atCode(dana)
		request := b.raw("/sign-in/code", url.Values{"code": {wrongApp(dana)}})
		h.hangUp(request[:len(request)-3]) // without the last digits
		h.hangUp(request)
		whole++
		h.eventually("the guess is compared", func() bool { return len(mara.events("signin.factor.wrong")) >= whole })
	}
	if counted, compared := len(mara.events("signin.factor.attempt")), len(mara.events("signin.factor.wrong")); counted != whole || compared != whole {
		t.Errorf("of %d guesses %d were counted, %d compared", whole, counted, compared)
	}
}

// hangUp sends what it is given and closes the connection at once.
func (h *house) hangUp(request string) {
	h.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.base(), "http://"))
	h.check(err)
	_, err = conn.Write([]byte(request))
	h.check(errors.Join(err, conn.Close()))
}

// wrongApp is a code that the member's app shows at no time near now.
func wrongApp(m team.Member) string {
	var near []string
	for step := -12; step <= 12; step++ {
		near = append(near, m.Digits(half(step)))
	}
	for i := 0; ; i++ {
		if digits := fmt.Sprintf("%06d", i); !slices.Contains(near, digits) {
			return digits
		}
	}
}

// raw is a form as it goes over the wire.
func (b *browser) raw(path string, form url.Values) string {
	body := form.Encode()
	var cookies []string
	for name, value := range b.cookies {
		cookies = append(cookies, name+"="+value)
	}
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nSec-Fetch-Site: same-origin\r\nCookie: %s\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", path, b.h.public.Host, b.h.URL, strings.Join(cookies, "; "), len(body), body)
}

// TestD1_21: a code that begins with zero comes whole, by email and by text message, and is accepted as it came.
func TestD1_21(t *testing.T) {
	for _, method := range []sallyport.Method{sallyport.MethodEmail, sallyport.MethodText} {
		var all []team.Member
		h, _, _ := staffed(t, method, plan{settings: func(s *sallyport.Settings) { s.ResendHour = 20 }, people: func(f *team.Folder) {
			for i := range 20 {
				all = append(all, change(t, f, addPlain(t, f, fmt.Sprint("member", i), sallyport.ReadOnlyTechnician, method), func(m *sallyport.Technician) {
					m.Phone = fmt.Sprintf("+121255501%02d", i)
				}))
			}
		}})
		p := map[sallyport.Method]*post{sallyport.MethodEmail: &h.mail.post, sallyport.MethodText: &h.texts.post}[method]
		for n, zero := 0, false; !zero; n++ { // one in ten: that 400 are not enough happens once in 10^18 runs
			b := h.browser().atCode(all[n%len(all)])
			digits := p.next(h, code, n)
			zero = digits[0] == '0'
			if b.post("/sign-in/code", "code", digits); !b.live() {
				t.Fatalf("%s: %q does not let in", method, digits)
			}
		}
	}
}

// TestD1_19Full: while the database cannot be written, more guess at once than a node has connections to write on. Whether they
// wait for one of these or for the database: 503, nothing is counted, nothing compared, and nobody is in.
func TestD1_19Full(t *testing.T) {
	h, mara, emil := staffed(t, sallyport.MethodEmail, plan{})
	b := h.browser().atCode(emil)
	right := h.mail.next(h, code, 0)
	b.becomes("sent")
	release := h.hold()
	twins := make([]*browser, 80)
	for i := range twins {
		twins[i] = b.twin()
	}
	parallel(len(twins), func(i int) {
		a, err := twins[i].try(http.MethodPost, "/sign-in/code", url.Values{"code": {[]string{wrongFor(right), right}[i%2]}})
		if err != nil || a.Status != http.StatusServiceUnavailable || twins[i].session() != "" {
			t.Errorf("%d %v", a.Status, err)
		}
	})
	release()
	if n := len(mara.events("signin.factor.attempt")) + len(mara.events("signin.factor.wrong")); n != 0 {
		t.Errorf("%d guesses were counted or compared", n)
	}
	b.get("/sign-in/code").says("3 tries left")
	if b.post("/sign-in/code", "code", right); !b.live() {
		t.Error("the code was lost")
	}
}
