package attack

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/testkit/team"
)

// TestD4_1: a session cookie that an attacker planted before the sign-in is worth nothing after it, and every step of
// the sign-in gives the browser a new token.
func TestD4_1(t *testing.T) {
	h, _, dana := staffed(t, sallyport.MethodApp, plan{})
	planted := sallyport.NewToken().Reveal()
	b := h.browser()
	b.cookies[b.name("")], b.cookies[b.name("-signin")], b.cookies[b.name("-device")] = planted, planted, planted
	b.atCode(dana)
	first := b.cookies[b.name("-signin")]
	b.post("/sign-in/code", "code", dana.Digits(half(0)))
	if !b.live() {
		t.Fatal("not signed in: nothing is tested")
	}
	if first == planted || b.session() == planted || b.session() == first || b.cookies[b.name("-device")] == planted {
		t.Error("a planted or an earlier token goes on")
	}
	if h.holding(planted).live() || h.holding(first).live() {
		t.Error("a planted or an earlier token is a session now")
	}
	// A new proof gives a new token, too.
	old := b.session()
	b.post("/confirm", "code", dana.Digits(half(1)), "return", "/me")
	if b.session() == old || !b.live() || h.holding(old).live() {
		t.Error("the token did not change with the step up")
	}
	// Two session cookies, as a sister host could add one, are as good as none.
	twice := h.browser()
	twice.header["Cookie"] = b.name("") + "=" + planted + "; " + b.name("") + "=" + b.session()
	if twice.live() {
		t.Error("of two cookies one was chosen")
	}
}

// TestSignInAgainEndsTheOldSession: whoever signs in once more in a browser, from a second tab for example, leaves no session behind there: the
// token that the new one replaces is dead, whoever it belonged to.
func TestSignInAgainEndsTheOldSession(t *testing.T) {
	h, _, dana := staffed(t, sallyport.MethodApp, plan{})
	b := h.browser()
	b.atCode(dana).post("/sign-in/code", "code", dana.Digits(half(0)))
	first, tab := b.session(), b.twin()
	tab.cookies[b.name("-signin")] = sallyport.NewToken().Reveal() // a form that was opened before
	tab.post("/sign-in", "user_name", dana.UserName, "password", team.Password, "return", "/me").wants(http.StatusSeeOther, "/sign-in/code")
	if !b.live() {
		t.Error("a password alone ended the session")
	}
	tab.post("/sign-in/code", "code", dana.Digits(half(1)))
	if tab.session() == first || !tab.live() || b.live() {
		t.Errorf("a new token: %t, live: %t, the old one live: %t", tab.session() != first, tab.live(), b.live())
	}
}

// TestPagesKnowWhenTheSessionEnds: every page of somebody who is signed in tells its script how long the session has, so that he
// is told before it ends.
func TestPagesKnowWhenTheSessionEnds(t *testing.T) {
	_, mara, _ := staffed(t, sallyport.MethodApp, plan{})
	for _, path := range []string{"/me", "/admin/technicians", "/admin/audit"} {
		page := mara.get(path).wants(http.StatusOK, "").Body
		m := regexp.MustCompile(`data-idle="1800" data-left="(\d+)"`).FindStringSubmatch(page)
		if m == nil {
			t.Errorf("%s says nothing", path)
			continue
		}
		if left, _ := strconv.Atoi(m[1]); left > 12*3600 || left < 11*3600 {
			t.Errorf("%s: %d s are left", path, left)
		}
	}
}

// TestD4_1Prefix: behind TLS every cookie carries the __Host- prefix, which a sister host or plain http cannot plant.
func TestD4_1Prefix(t *testing.T) {
	h, mara, dana := staffed(t, sallyport.MethodApp, plan{flags: map[string]string{"public_url": "https://door.example", "trusted_proxies": "127.0.0.1"}})
	b := h.browser()
	b.get("/sign-in").wants(http.StatusOK, "")
	if len(b.cookies) != 1 || b.cookies["__Host-sallyport-signin"] == "" {
		t.Errorf("the sign-in page sets %v", b.cookies)
	}
	b.post("/sign-in", "user_name", dana.UserName, "password", team.Password, "return", "/me").wants(http.StatusSeeOther, "/sign-in/code")
	plain := h.browser()
	plain.header["Cookie"] = "sallyport=" + mara.session() + "; sallyport-443=" + mara.session() + "; __Secure-sallyport=" + mara.session()
	if plain.live() {
		t.Error("a cookie without the prefix is read")
	}
	plain.header["Cookie"] = "__Host-sallyport=" + mara.session()
	if !plain.live() {
		t.Error("the right one is not: nothing is tested")
	}
}

// TestD4_5: another site cannot sign somebody in under its own account.
func TestD4_5(t *testing.T) {
	h, _, dana := staffed(t, sallyport.MethodOff, plan{settings: func(s *sallyport.Settings) { s.PermitOff = true }})
	form := []string{"user_name", dana.UserName, "password", team.Password, "return", "/me"}
	for name, header := range map[string]map[string]string{
		"form of another site":       {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
		"old browser":                {"Origin": "https://evil.example", "Sec-Fetch-Site": ""},
		"sister host":                {"Origin": "http://evil.localhost", "Sec-Fetch-Site": "same-site"},
		"sandbox":                    {"Origin": "null", "Sec-Fetch-Site": ""},
		"no origin, but our cookies": {"Origin": "", "Sec-Fetch-Site": ""},
	} {
		b := h.browser()
		b.get("/sign-in")
		b.header = header
		if a := b.post("/sign-in", form...); a.Status != http.StatusForbidden || b.session() != "" {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
	bare := h.browser() // a request that was not begun on our page has no cookie of it
	if a := bare.post("/sign-in", form...); a.Status != http.StatusForbidden || bare.session() != "" {
		t.Errorf("without the page's cookie: %d", a.Status)
	}
	b := h.browser()
	b.get("/sign-in")
	if b.post("/sign-in", form...); !b.live() {
		t.Error("the right way does not work: nothing is tested")
	}
}

// TestD4_6: no picture, link or foreign form signs anybody out.
func TestD4_6(t *testing.T) {
	_, mara, _ := staffed(t, sallyport.MethodApp, plan{})
	token := mara.session()
	mara.get("/sign-out").wants(http.StatusMethodNotAllowed, "")
	mara.do(http.MethodHead, "/sign-out", nil)
	for _, header := range []map[string]string{
		{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, {"Origin": "", "Sec-Fetch-Site": "cross-site"},
		{"Origin": "", "Sec-Fetch-Site": ""}, {"Origin": "null", "Sec-Fetch-Site": ""},
	} {
		mara.header = header
		if a := mara.post("/sign-out"); a.Status != http.StatusForbidden || a.Header.Get("Set-Cookie") != "" || a.Header.Get("Clear-Site-Data") != "" {
			t.Errorf("%v: %d %v", header, a.Status, a.Header)
		}
	}
	mara.header = nil
	if mara.session() != token || !mara.live() {
		t.Error("the session is over")
	}
}

// TestD4_11: what is good for one purpose is good for no other: links, sign-ins, sessions and browsers that are known
// each have tokens of their own kind, and a finished reset is no sign-in.
func TestD4_11(t *testing.T) {
	h, mara, dana := staffed(t, sallyport.MethodApp, plan{})
	mara.post("/admin/technicians/new", "first_name", "Ivy", "last_name", "Team", "email", "ivy@northwind.example", "user_name", "", "phone", "", "role", "read-only", "method", "app")
	h.browser().post("/forgotten", "user_name", dana.UserName)
	tokens := map[string]string{"session": mara.session()}
	for kind := range map[string]int{"invitation": 0, "reset": 0} {
		tokens[kind] = h.mail.next(h, regexp.MustCompile(`/`+kind+`/([A-Za-z0-9_-]{43})`), 0)
	}
	b := h.browser().atCode(dana)
	tokens["sign-in"] = b.cookies[b.name("-signin")]
	b.post("/sign-in/code", "code", dana.Digits(half(0)))
	tokens["device"] = b.cookies[b.name("-device")]
	own := map[string]string{"session": "", "sign-in": "-signin", "device": "-device"}
	for kind, token := range tokens {
		for other, part := range own {
			if other == kind {
				continue
			}
			thief := h.browser()
			thief.cookies[thief.name(part)] = token
			for _, path := range []string{"/me", "/sign-in/code", "/admin/technicians"} {
				if a := thief.get(path); a.Status != http.StatusSeeOther {
					t.Errorf("a %s token as %s: %s answers %d", kind, other, path, a.Status)
				}
			}
			if thief.live() {
				t.Errorf("a %s token is a session", kind)
			}
		}
		for _, link := range []string{"invitation", "reset", "rescue", "set-up"} {
			if link == kind {
				continue
			}
			thief := h.browser()
			thief.get("/"+link+"/"+token).wants(http.StatusGone, "")
			thief.post("/"+link+"/"+token, "password", "another long enough lantern").wants(http.StatusGone, "")
		}
	}
	fresh := h.browser()
	fresh.post("/reset/"+tokens["reset"], "password", "another long enough lantern").wants(http.StatusSeeOther, "/sign-in?why=reset")
	if fresh.session() != "" || fresh.cookies[fresh.name("-signin")] != "" {
		t.Errorf("a reset left %v", fresh.cookies)
	}
	fresh.post("/reset/"+tokens["reset"], "password", "another long enough lantern").wants(http.StatusGone, "")
}

const probe = `"'><svg/onload=alert(1)><script>alert(2)</script>{{.}}`

// TestD4_13: markup in names, in the browser's name, in what is searched for and in errors is text on every page.
func TestD4_13(t *testing.T) {
	var evil team.Member
	h, mara, _ := staffed(t, sallyport.MethodApp, plan{settings: func(s *sallyport.Settings) { s.Organisation = probe }, people: func(f *team.Folder) {
		evil = change(t, f, addPlain(t, f, "evil", sallyport.AppsAndReportsManager, sallyport.MethodApp), func(m *sallyport.Technician) {
			m.FirstName, m.LastName = probe, probe
		})
	}})
	b := h.browser()
	b.header["User-Agent"], b.header["X-Request-Id"], b.header["Referer"] = probe, probe, h.URL+"/"+url.PathEscape(probe)
	b.get("/sign-in")
	var pages []answer
	pages = append(pages, b.post("/sign-in", "user_name", probe, "password", probe, "return", probe), b.post("/forgotten", "user_name", probe))
	b.atCode(evil)
	pages = append(pages, b.get("/sign-in/code"), b.post("/sign-in/code", "code", probe), b.post("/sign-in/help", "note", probe), b.post("/sign-in/code", "code", evil.Digits(half(0))))
	if !b.live() {
		t.Fatal("not signed in")
	}
	q := url.QueryEscape(probe)
	for _, path := range []string{"/me", "/me?done=" + q, "/admin/technicians", "/" + url.PathEscape(probe), "/me/phone?return=" + q, "/confirm?return=" + q, "/me/recovery-codes?return=" + q} {
		pages = append(pages, b.get(path))
	}
	id := string(evil.ID)
	for _, path := range []string{"/admin/technicians", "/admin/technicians?q=" + q, "/admin/technicians?sort=" + q, "/admin/technicians/" + id, "/admin/technicians/" + id + "/reset",
		"/admin/technicians/" + id + "/delete", "/admin/technicians/new?role=" + q, "/admin/sessions", "/admin/sessions?q=" + q, "/admin/audit", "/admin/audit?q=" + q, "/admin/audit?from=" + q,
		"/admin/help", "/admin/roles", "/admin/invitations", "/admin/resets", "/admin/email?kind=" + q, "/admin/sms?kind=" + q, "/admin/technicians/" + url.PathEscape(probe), "/sign-in?why=" + q} {
		pages = append(pages, mara.get(path))
	}
	form := []string{"first_name", probe, "last_name", probe, "user_name", probe, "email", probe, "phone", probe, "role", probe, "method", probe}
	pages = append(pages, mara.post("/admin/technicians/new", form...), mara.post("/admin/technicians/"+id, append(form, "version", "1")...),
		mara.post("/admin/technicians/"+id+"/reset", "reason", probe), mara.post("/admin/email/test", "to", probe), mara.post("/admin/sms/confirm", "code", probe),
		mara.post("/admin/email", "kind", "smtp", "host", probe, "port", probe, "tls", probe, "user", probe, "password", probe, "sender", probe, "sender_name", probe),
		mara.post("/admin/technicians/import", "csv", probe+"\n"+probe))
	shown := 0
	for _, a := range pages {
		if a.Status >= 500 {
			t.Errorf("%s: %d", a.what, a.Status)
		}
		for _, raw := range []string{"<svg/onload", "<script>alert", `"'><`} {
			if strings.Contains(a.Body, raw) {
				t.Errorf("%s: %q is markup", a.what, raw)
			}
		}
		if strings.Contains(a.Body, "&lt;script&gt;") {
			shown++
		}
		if csp := a.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "script-src 'self';") {
			t.Errorf("%s: %q", a.what, csp)
		}
	}
	if shown < len(pages)/2 {
		t.Errorf("only %d of %d pages show the text at all", shown, len(pages))
	}
	for _, e := range mara.events("signin.finished") {
		if e.Browser != "Unknown browser" {
			t.Errorf("the audit log repeats the browser: %q", e.Browser)
		}
	}
}

// TestD4_14: an address that a cache could take for a picture or a style sheet is no page of somebody's.
func TestD4_14(t *testing.T) {
	_, mara, _ := staffed(t, sallyport.MethodApp, plan{})
	for _, path := range []string{"/me/x.css", "/me.css", "/me%2fx.css", "/me;x.css", "/me/", "/admin/technicians/x.css", "/admin/audit/x.js", "/admin/sessions/x.png",
		"/me%3fx.css", "/me%23x.css", "/admin/technicians;x.css", "/me%00.css", "/me/..%2fx.css", "/assets/..%2fme", "/assets/../me", "/sign-in/code/x.css"} {
		a := mara.get(path)
		if a.Status != http.StatusNotFound && a.Status != http.StatusBadRequest || strings.Contains(a.Body, "mara@") {
			t.Errorf("%s: %d", path, a.Status)
		}
		if got := a.Header.Get("Cache-Control"); got != "no-store" && a.Status == http.StatusNotFound {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
	}
	for _, path := range []string{"/me?x.css", "/me#x.css"} { // the page itself, which is never stored
		if a := mara.get(path); a.Status != http.StatusOK || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %q", path, a.Status, a.Header.Get("Cache-Control"))
		}
	}
}

// TestD4_15: a limit of sessions is kept by ending the oldest, and a thousand sessions of one technician are shown page
// by page and ended by one click.
func TestD4_15(t *testing.T) {
	var olga team.Member
	var thousand []string
	_, mara, dana := staffed(t, sallyport.MethodApp, plan{settings: func(s *sallyport.Settings) { s.SessionLimit = 2 }, people: func(f *team.Folder) {
		olga = add(t, f, "olga", sallyport.ReadOnlyTechnician, sallyport.MethodApp)
		thousand = signedIn(t, f, slices.Repeat([]team.Member{olga}, 1000)...)
	}})
	h := mara.h
	var list []*browser
	for step := range 2 { // digits work once each: two sign-ins take two steps
		b := h.browser().atCode(dana)
		b.post("/sign-in/code", "code", dana.Digits(half(step)))
		list = append(list, b)
	}
	for i, b := range list {
		if !b.live() {
			t.Errorf("session %d of 2 is not live", i)
		}
	}
	for page, rows := range map[string]int{"/admin/sessions": 50, "/admin/sessions?page=2": 50, "/admin/sessions?page=21": 3} {
		if n := strings.Count(mara.get(page).wants(http.StatusOK, "").Body, `name="session"`); n != rows {
			t.Errorf("%s: %d rows", page, n)
		}
	}
	one := h.holding(thousand[500])
	for page, rows := range map[string]int{"/me": 20, "/me?page=50": 19, "/me?page=4711": 19} { // and this browser's on each
		body := one.get(page).wants(http.StatusOK, "").Body
		if n := strings.Count(body, `aria-label="End the session`); n != rows || !strings.Contains(body, "this browser") {
			t.Errorf("%s: %d other sessions", page, n)
		}
	}
	olgas := h.browser().atCode(olga)
	olgas.post("/sign-in/code", "code", olga.Digits(half(0)))
	live := 0
	for _, token := range thousand {
		if h.holding(token).live() {
			live++
		}
	}
	if live != 1 || !olgas.live() {
		t.Errorf("%d older sessions live on beside the new one", live)
	}
	if n := len(mara.events("session.ended")); n != 999 {
		t.Errorf("%d events say that a session was ended", n)
	}
}
