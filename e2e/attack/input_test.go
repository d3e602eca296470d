package attack

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/control"
	"sallyport/internal/testkit/team"
)

// TestD9_8: what is searched for is text: the wildcards of SQL find only themselves.
func TestD9_8(t *testing.T) {
	_, mara, _ := staffed(t, sallyport.MethodApp, plan{people: func(f *team.Folder) {
		change(t, f, addPlain(t, f, "percy", sallyport.ReadOnlyTechnician, sallyport.MethodApp), func(m *sallyport.Technician) { m.LastName = "100%_'sure\\" })
	}})
	for _, list := range []string{"/admin/technicians?q=", "/admin/audit?q=", "/admin/sessions?q="} {
		for text, found := range map[string]bool{"percy": true, "100%": true, "%_": true, `'sure`: true, `sure\`: true, "p%y": false, "p_rcy": false, "_": true, "%": true,
			`\%`: false, "' OR 1=1 --": false, `") OR 1=1 --`: false, "*": false, "p*": false, "[a-z]": false} {
			a := mara.get(list+url.QueryEscape(text)).wants(http.StatusOK, "")
			if list != "/admin/technicians?q=" {
				continue
			}
			if got := strings.Contains(a.Body, "percy@"); got != found {
				t.Errorf("%s%s finds percy: %v", list, text, got)
			}
			if text != "" && strings.Contains(a.Body, "dana@") {
				t.Errorf("%s%s finds everybody", list, text)
			}
		}
	}
}

// TestD9_13: numbers out of their range are refused by name where they set something, and do no harm where they choose
// a page.
func TestD9_13(t *testing.T) {
	h, mara, dana := staffed(t, sallyport.MethodApp, plan{})
	for _, number := range []string{"9223372036854775807", "9223372036854775808", "-1", "-9223372036854775809", "1e309", "NaN", "Infinity", "0x10", "1.5", "٣", "", " ", "1;2"} {
		for _, name := range []string{"code-life", "resend-after", "factor-run", "session-limit", "audit-keep", "step-up-after"} {
			err := h.host.Call(t.Context(), "policy/set", control.Assignment{Name: name, Value: number}, nil)
			if sallyport.KindOf(err) != sallyport.Invalid {
				t.Errorf("%s = %q: %v", name, number, err)
			}
		}
		for _, path := range []string{"/admin/technicians?page=", "/admin/technicians?size=", "/admin/sessions?page=", "/admin/audit?before="} {
			mara.get(path+url.QueryEscape(number)).wants(http.StatusOK, "")
		}
		if number == "9223372036854775807" {
			continue // a number, of a version that there never was: the Save is stale, as it should be
		}
		a := mara.post("/admin/technicians/"+string(dana.ID), "version", number, "first_name", "Eve", "last_name", "Team", "user_name", dana.UserName, "email", dana.Email,
			"phone", "", "role", string(dana.Role), "method", "app")
		if a.Status != http.StatusBadRequest {
			t.Errorf("version %q: %d", number, a.Status)
		}
	}
	if n := len(mara.events("policy.changed")) + len(mara.events("technician.edited")); n != 0 {
		t.Errorf("%d changes were made", n)
	}
}

// TestW29: two tabs of one browser, taking turns: neither is in before the digits were given, and the digits make one
// session, not two.
func TestW29(t *testing.T) {
	h, mara, dana := staffed(t, sallyport.MethodApp, plan{})
	tabs := h.browser() // tabs share their cookies
	tabs.atCode(dana)
	nobody := func(when string) {
		t.Helper()
		if tabs.live() || tabs.get("/me").Status != http.StatusSeeOther {
			t.Errorf("%s: let in without the digits", when)
		}
	}
	nobody("the first tab at its second page")
	tabs.get("/sign-in").wants(http.StatusOK, "")
	nobody("the second tab at the first page")
	tabs.atCode(dana)
	nobody("both at the second page")
	tabs.post("/sign-in", "user_name", dana.UserName, "password", "some long enough guess", "return", "/me").wants(http.StatusUnprocessableEntity, "")
	nobody("a wrong password in between")
	digits := dana.Digits(half(0))
	tabs.post("/sign-in/code", "code", digits)
	if !tabs.live() {
		t.Fatal("the right digits do not let in")
	}
	session := tabs.session()
	tabs.post("/sign-in/code", "code", digits).wants(http.StatusSeeOther, "/") // the other tab is told that it is in
	if tabs.session() != session || len(mara.events("signin.finished")) != 1 {
		t.Error("the second tab made another session")
	}
}
