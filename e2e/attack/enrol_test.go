package attack

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/control"
	"sallyport/internal/testkit/team"
)

// thief sets up an app of his own as dana, whose password he has, after a reset that asks for no enrolment code. Dana is
// told by email at once.
func thief(t *testing.T) (h *house, mara *browser, dana team.Member, in *browser, his *run) {
	t.Helper()
	h, mara, dana = staffed(t, sallyport.MethodApp, plan{settings: func(s *sallyport.Settings) { s.EnrolmentCodes = false }})
	h.kept = &canaries{}
	mara.reset(dana)
	his = &run{house: h, appKeys: map[string]string{}, recoveries: map[string][]string{}}
	in = h.browser().atCode(dana)
	his.enrolApp(in, "thief")
	told := h.mail.next(h, regexp.MustCompile(`(?s)^(To: .*A second factor was set up.*)$`), 0)
	for _, words := range []string{"To: <dana@northwind.example>", "Authenticator App", "From: 127.0.0.1", "If that was not you"} {
		if !strings.Contains(told, words) {
			t.Errorf("dana is not told %q: %s", words, told)
		}
	}
	return h, mara, dana, in, his
}

// reset is Reset second factor, and the page after it.
func (b *browser) reset(m team.Member) answer {
	b.h.t.Helper()
	a := b.post("/admin/technicians/"+string(m.ID)+"/reset", "reason", "that was not me")
	if a.Status == http.StatusSeeOther {
		a = b.get(a.at())
	}
	return a.wants(http.StatusOK, "")
}

// TestD3_10: one more reset throws the thief out, with his app and his recovery codes. Where it asks for an enrolment code,
// the password alone sets nothing up any more.
func TestD3_10(t *testing.T) {
	h, mara, dana, in, his := thief(t)
	h.check(h.host.Call(t.Context(), "policy/set", control.Assignment{Name: "enrolment-codes", Value: "yes"}, nil))
	enrolment := mara.reset(dana).find(`id="secret"[^>]*>([^<]+)<`)
	if in.live() {
		t.Error("the thief is still in")
	}
	again := h.browser().atCode(dana)
	page := again.get("/sign-in/code").says("enrolment code")
	if strings.Contains(page.Body, "otpauth:") {
		t.Error("the password alone shows a new key")
	}
	for path, typed := range map[string]string{"/sign-in/code": his.digits("thief", 1), "/sign-in/recovery": his.recoveries["thief"][0]} {
		again.post(path, "code", typed)
		if again.live() || again.session() != "" {
			t.Errorf("%s let the thief in", path)
		}
	}
	owner := h.browser().atCode(dana)
	owner.post("/sign-in/enrolment-code", "code", enrolment).wants(http.StatusSeeOther, "/sign-in/code")
	his.enrolApp(owner, "dana")
}

// TestD3_10Save: a Save to another method throws the thief out too. His app opens the door to the new method and no further:
// that is proved by a code in dana's mailbox.
func TestD3_10Save(t *testing.T) {
	h, mara, dana, in, his := thief(t)
	a := mara.saveMethod(dana, sallyport.MethodEmail)
	a.wants(http.StatusSeeOther, a.at())
	if in.live() {
		t.Error("the thief is still in")
	}
	again := h.browser().atCode(dana)
	again.get("/sign-in/code").says("Confirm with your current authenticator app")
	again.post("/sign-in/code", "code", his.digits("thief", 1)).wants(http.StatusSeeOther, "/sign-in/code")
	right := h.mail.next(h, code, 0)
	again.post("/sign-in/code", "code", wrongFor(right)).says("That code is not right.")
	if again.live() || again.session() != "" {
		t.Error("the app of the thief let him in")
	}
}
