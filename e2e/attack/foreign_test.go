package attack

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/control"
	"sallyport/internal/testkit/team"
)

// stand is one state of a sign-in: a browser in it, and the one request that leads on.
type stand struct {
	name string
	at   func() *browser
	path string                  // where the right answer goes; empty: nothing leads on from here
	code func(*browser) []string // the right answer
}

// TestD4_9: every request of every step, sent in every state, leads nowhere: no session, no page of later steps, no fault,
// whether that state waits for another step or for just this one, with less than its right answer (also W28). And it takes
// nothing away: the right answer still works after all of them.
func TestD4_9(t *testing.T) {
	w := newStands(t)
	for _, s := range w.all() {
		t.Run(s.name, func(t *testing.T) {
			b := s.at()
			was := b.session()
			for _, q := range w.requests() {
				a := b.post(q[0], q[1:]...)
				if a.Status >= 500 || a.Status == http.StatusOK {
					t.Errorf("%s: %d %s", q[0], a.Status, a.words())
				}
				if b.session() != was {
					t.Fatalf("%s brought a session", q[0])
				}
				for _, path := range []string{"/me", "/me/phone", "/admin/technicians", "/"} {
					if a := b.get(path); a.Status != http.StatusSeeOther {
						t.Fatalf("%s: %s is shown: %d", q[0], path, a.Status)
					}
				}
			}
			if s.path == "" {
				return
			}
			a := b.post(s.path, s.code(b)...)
			if !b.live() && a.at() != "/sign-in/code" {
				t.Errorf("the right answer does not work any more: %d %s %s", a.Status, a.at(), a.words())
			}
		})
	}
}

type stands struct {
	*house
	dana, emil, nora, olga, rita, sven team.Member
	svens                              string // a live session
}

func newStands(t *testing.T) *stands {
	w := &stands{}
	later := func(m *sallyport.Technician) { m.Method, m.SetupUntil = sallyport.MethodApp, time.Now().Add(time.Hour) }
	w.house = build(t, plan{people: func(f *team.Folder) {
		const tech = sallyport.ReadOnlyTechnician
		add(t, f, "mara", sallyport.SuperAdmin, sallyport.MethodApp)
		w.dana, w.emil = add(t, f, "dana", tech, sallyport.MethodApp), add(t, f, "emil", tech, sallyport.MethodEmail)
		w.nora = change(t, f, addPlain(t, f, "nora", tech, sallyport.MethodOff), later)
		w.olga = change(t, f, add(t, f, "olga", tech, sallyport.MethodEmail), later)
		w.rita, w.sven = add(t, f, "rita", tech, sallyport.MethodApp), add(t, f, "sven", tech, sallyport.MethodApp)
		w.svens = signedIn(t, f, w.sven)[0]
	}})
	return w
}

// all are the states that a browser can be in.
func (w *stands) all() []stand {
	app := func(m team.Member) func(*browser) []string {
		return func(*browser) []string { return []string{"code", m.Digits(half(0))} }
	}
	at := func(m team.Member) func() *browser { return func() *browser { return w.browser().atCode(m) } }
	newest := func(m team.Member) func(*browser) []string {
		return func(*browser) []string {
			list := w.mail.matching(regexp.MustCompile(`(?sm)To: <?` + regexp.QuoteMeta(m.Email) + `.*?^(\d{6})$`))
			return []string{"code", list[len(list)-1]}
		}
	}
	reset := control.Reset{}
	return []stand{
		{"nothing", w.browser, "", nil},
		{"only the page's cookie", func() *browser { b := w.browser(); b.get("/sign-in"); return b }, "", nil},
		{"a made-up sign-in", func() *browser {
			b := w.browser()
			b.cookies[b.name("-signin")] = sallyport.NewToken().Reveal()
			return b
		}, "", nil},
		{"digits asked for", at(w.dana), "/sign-in/code", app(w.dana)},
		{"sent code asked for", at(w.emil), "/sign-in/code", newest(w.emil)},
		{"set-up open", at(w.nora), "/sign-in/code", func(b *browser) []string {
			return []string{"code", team.Member{Key: b.get("/sign-in/code").find(`data-copy="([A-Z2-7]{32})"`)}.Digits(half(0))}
		}},
		{"old factor asked for", at(w.olga), "/sign-in/code", newest(w.olga)},
		{"enrolment code asked for", func() *browser {
			w.check(w.host.Call(w.t.Context(), "technician/reset-factor", control.User{User: w.rita.UserName}, &reset))
			return w.browser().atCode(w.rita)
		}, "/sign-in/enrolment-code", func(*browser) []string { return []string{"code", reset.EnrolmentCode} }},
		{"signed out with the sign-in's cookie kept", func() *browser {
			b := w.browser().atCode(w.sven)
			old := b.cookies[b.name("-signin")]
			b.post("/sign-in/code", "code", w.sven.Digits(half(0)))
			b.post("/sign-out")
			b.cookies[b.name("-signin")] = old
			return b
		}, "", nil},
		{"a step up without its session", func() *browser {
			b := w.holding(w.svens)
			b.post("/confirm", "way", "recovery", "return", "/me").wants(http.StatusSeeOther, "/sign-in/recovery")
			delete(b.cookies, b.name(""))
			return b
		}, "", nil},
	}
}

// requests are those of all steps, each with an answer that is right somewhere or looks like it.
func (w *stands) requests() [][]string {
	return [][]string{
		{"/sign-in/code", "code", w.rita.Digits(half(0))},
		{"/sign-in/password", "password", team.Password},
		{"/sign-in/enrolment-code", "code", "ABCD2345"},
		{"/sign-in/code"}, {"/sign-in/enrolment-code"}, {"/sign-in/recovery"}, {"/sign-in/code", "code", ""}, {"/sign-in/code", "code", "12345"},
		{"/sign-in/code", "code", " "}, {"/sign-in/enrolment-code", "code", "ABCD"},
		{"/sign-in/recovery", "code", "ABCDE-FGHJK-MNPQR-STVWX-YZ0123"},
		{"/sign-in/send"},
		{"/confirm", "code", w.dana.Digits(half(0)), "return", "/me"}, {"/confirm", "way", "recovery"},
		{"/me/phone"}, {"/me/recovery-codes"}, {"/me/password", "old_password", team.Password, "password", "a quite different lantern"},
		{"/admin/technicians/" + string(w.dana.ID) + "/reset", "reason", ""},
		{"/sign-in", "user_name", "", "password", "", "return", "/me"},
	}
}

// TestD4_10: a sign-in belongs to the browser that began it. Its token stands in no address that could be handed over,
// and one that was planted before is not the one that the password leads to.
func TestD4_10(t *testing.T) {
	h, _, dana := staffed(t, sallyport.MethodApp, plan{})
	attacker := h.browser()
	attacker.get("/sign-in")
	planted := attacker.cookies[attacker.name("-signin")]
	victim := h.browser()
	victim.cookies[victim.name("-signin")] = planted
	for _, query := range []string{"", "?signin=" + planted, "?flow=" + planted, "?token=" + planted} {
		if a := victim.get("/sign-in" + query); strings.Contains(a.Body, planted) {
			t.Error("the page holds the sign-in's token")
		}
	}
	a := victim.post("/sign-in", "user_name", dana.UserName, "password", team.Password, "return", "/me").wants(http.StatusSeeOther, "/sign-in/code")
	own := victim.cookies[victim.name("-signin")]
	if own == planted || strings.Contains(a.at(), own) {
		t.Error("the planted token goes on, or the new one stands in the address")
	}
	victim.post("/sign-in/code", "code", dana.Digits(half(0)))
	for _, path := range []string{"/sign-in/code", "/me", "/sign-in/code?signin=" + own} {
		if a := attacker.get(path); a.Status != http.StatusSeeOther || !strings.HasPrefix(a.at(), "/sign-in?") {
			t.Errorf("the attacker's %s: %d %s", path, a.Status, a.at())
		}
	}
	if attacker.live() {
		t.Error("the attacker is in")
	}
}

// TestD4_4Looks: no page that another site makes an administrator's browser ask for leaves an event in his name. What his own
// page asks for, or he himself, does where it should.
func TestD4_4Looks(t *testing.T) {
	h, mara, _ := staffed(t, sallyport.MethodApp, plan{})
	leaves := 0
	for _, r := range h.routes() {
		if r.method != http.MethodGet {
			continue
		}
		asked := func(site string) (answer, int) {
			before := len(mara.events(""))
			mara.header["Sec-Fetch-Site"] = site
			a := mara.get(r.path("1"))
			mara.header["Sec-Fetch-Site"] = "none"
			return a, len(mara.events("")) - before - 1 // the look into the log is an event, too
		}
		for _, site := range []string{"cross-site", "same-site"} {
			if a, n := asked(site); n != 0 {
				t.Errorf("%s leaves %d events for a %s request: %d", r.pattern, n, site, a.Status)
			}
		}
		if a, n := asked("same-origin"); n > 0 {
			leaves++
			if again, _ := asked("none"); a.Status != http.StatusOK || again.Status != http.StatusOK {
				t.Errorf("%s: %d from our own page, %d when typed", r.pattern, a.Status, again.Status)
			}
		}
	}
	if leaves != 3 {
		t.Errorf("%d looks leave an event", leaves)
	}
}
