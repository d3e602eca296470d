package attack

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/testkit/database"
	"sallyport/internal/testkit/team"
)

// state asks what became of the message, as the page's script does.
func (b *browser) state() string {
	b.h.t.Helper()
	twin := b.twin()
	twin.header["Accept"] = "application/json"
	return twin.get("/sign-in/state").wants(http.StatusOK, "").find(`"state":"(\w*)"`)
}

func (b *browser) becomes(state string) {
	b.h.t.Helper()
	b.h.eventually("the message is "+state, func() bool { return b.state() == state })
}

// ask tries a first page without waiting for anything, and says whether it led on.
func (b *browser) ask(m team.Member) bool {
	return b.password(m.UserName, team.Password).at() == "/sign-in/code"
}

// TestD8_1: with the password, from many addresses and in many sign-ins: at most 5 messages an hour and 10 a day reach a
// number that brings no success, however long it goes on; the page says when it opens again, its owner and the
// administrators are told, once, and other technicians are not held up.
func TestD8_1(t *testing.T) {
	var other team.Member
	h, mara, dana := staffed(t, sallyport.MethodText, plan{flags: map[string]string{"trusted_proxies": "127.0.0.1"}, settings: longIdle, people: func(f *team.Folder) {
		other = change(t, f, add(t, f, "other", sallyport.ReadOnlyTechnician, sallyport.MethodText), func(m *sallyport.Technician) { m.Phone = "+12125550142" })
	}})
	storm := func(hour, want int) {
		for i := range 6 {
			b := h.browser()
			b.header["X-Forwarded-For"] = fmt.Sprintf("198.51.100.%d", i+1)
			if !b.ask(dana) {
				t.Fatal("the password does not lead on any more: a limit of messages became a lock-out")
			}
			if i == 5 { // nothing was sent for this one
				b.get("/sign-in/code").says("No code was sent").says("The next one can be sent from")
			}
			if a := b.post("/sign-in/send"); a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
				t.Errorf("hour %d: a send too many answers %d, Retry-After %q", hour, a.Status, a.Header.Get("Retry-After"))
			}
		}
		h.eventually("the messages came", func() bool { return len(h.texts.all()) >= want })
		if n := len(h.texts.all()); n != want {
			t.Errorf("hour %d: %d messages", hour, n)
		}
	}
	storm(0, 5)
	h.forward(time.Hour + time.Minute)
	storm(1, 10)
	h.forward(time.Hour + time.Minute)
	storm(2, 10)
	b := h.browser().atCode(other)
	b.post("/sign-in/code", "code", h.texts.next(h, code, 10))
	if !b.live() {
		t.Error("somebody else is held up")
	}
	if n := len(mara.events("signin.code.refused")); n == 0 {
		t.Error("no event says that sending was refused")
	}
	told := func() []string {
		return h.mail.matching(regexp.MustCompile(`(Hello [^,]*),\s+So many codes by text message`))
	}
	h.eventually("the owner and his administrator are told", func() bool { return len(told()) >= 2 })
	if list := told(); len(list) != 2 || list[0] == list[1] {
		t.Errorf("told: %q", list)
	}
}

// longIdle lets a session live through hours that pass at once.
func longIdle(s *sallyport.Settings) { s.SessionIdle = 24 * time.Hour }

// TestD8_2: without the password, nothing that anybody sends makes a single message leave for a phone or a code for a
// mailbox, whoever is named and however: by user name, address or number. What the contract lets a name alone send are the
// letters about a forgotten password, which hold no code.
func TestD8_2(t *testing.T) {
	var emil team.Member
	h, _, dana := staffed(t, sallyport.MethodText, plan{people: func(f *team.Folder) {
		emil = change(t, f, addPlain(t, f, "emil", sallyport.ReadOnlyTechnician, sallyport.MethodEmail), func(m *sallyport.Technician) { m.Email = "e.team@northwind.example" })
	}})
	b := h.browser()
	for i := range 4 {
		for _, m := range []team.Member{dana, emil} {
			b.password(m.UserName, fmt.Sprintf("some long enough guess %d", i))
			for _, path := range []string{"/sign-in/send", "/sign-in/code", "/sign-in/help", "/sign-in/recovery", "/confirm", "/me/phone"} {
				b.post(path)
			}
			b.get("/sign-in/code")
			b.get("/sign-in/state")
			for _, name := range []string{m.UserName, m.Email, dana.Phone} {
				b.post("/forgotten", "user_name", name)
			}
		}
	}
	// Dana gets a link, Emil's reset waits for an administrator: those letters came, and nothing else did.
	h.mail.next(h, regexp.MustCompile(`To: <?`+regexp.QuoteMeta(dana.Email)+`(?s).*/(reset)/`), 0)
	h.mail.next(h, regexp.MustCompile(`To: <?`+regexp.QuoteMeta(emil.Email)+`(?s).*(password)`), 0)
	if list := append(h.texts.all(), h.mail.matching(code)...); len(list) != 0 {
		t.Errorf("sent: %q", list)
	}
	for _, letter := range h.mail.all() {
		if !strings.Contains(letter, "password") {
			t.Errorf("sent: %q", letter)
		}
	}
	// The first message of all is the one that a right password asks for.
	for _, m := range []team.Member{dana, emil} {
		known := h.browser()
		h.eventually("the wait is over", func() bool { return known.ask(m) })
	}
	h.texts.next(h, code, 0)
	h.mail.next(h, code, 0)
	if n, m := len(h.texts.all()), len(h.mail.matching(code)); n != 1 || m != 1 {
		t.Errorf("%d text messages, %d codes by email", n, m)
	}
}

// TestD8_4: technicians who share a number share its limit of a day.
func TestD8_4(t *testing.T) {
	team3 := make([]team.Member, 3)
	h, _, _ := staffed(t, sallyport.MethodApp, plan{people: func(f *team.Folder) {
		for i := range team3 {
			team3[i] = add(t, f, fmt.Sprintf("shift%d", i), sallyport.ReadOnlyTechnician, sallyport.MethodText)
		}
	}})
	for _, m := range team3 {
		for range 4 { // each may have five an hour
			if !h.browser().ask(m) {
				t.Fatal("the password does not lead on")
			}
		}
	}
	h.eventually("the messages came", func() bool { return len(h.texts.all()) >= 10 })
	if n := len(h.texts.all()); n != 10 {
		t.Errorf("%d messages to one number", n)
	}
}

// TestD8_7: a mail server that takes the connection and says nothing. The page answers while the connection still hangs,
// says so, and others sign in meanwhile; when it ends, that is said, it cost nothing, and the next try works. How long the page
// waits at most is tried in internal/session, on a clock of the test's.
func TestD8_7(t *testing.T) {
	var emil team.Member
	h, mara, dana := staffed(t, sallyport.MethodApp, plan{people: func(f *team.Folder) {
		emil = add(t, f, "emil", sallyport.ReadOnlyTechnician, sallyport.MethodEmail)
	}})
	pit := &tarpit{}
	h.mail.meet(pit.deal)
	stuck := make([]*browser, 2)
	for i := range stuck {
		stuck[i] = h.browser().atCode(emil) // it answers, though …
	}
	if n := pit.holds(); n != len(stuck) {
		t.Errorf("… %d messages hang", n)
	}
	for _, b := range stuck { // before the send is over: the page did not wait for that
		b.get("/sign-in/code").wants(http.StatusOK, "").says("Sending a code to")
		if got := b.state(); got != "sending" {
			t.Errorf("the state is %q", got)
		}
	}
	b := h.browser().atCode(dana)
	b.post("/sign-in/code", "code", dana.Digits(half(0)))
	if !b.live() {
		t.Error("somebody with an app is held up")
	}
	mara.get("/admin/email").wants(http.StatusOK, "")
	if n := pit.holds(); n != len(stuck) {
		t.Errorf("the connections ended meanwhile: %d hang, nothing is tested", n)
	}
	pit.let()
	stuck[0].becomes("failed")
	stuck[0].post("/sign-in/send").wants(http.StatusSeeOther, "/sign-in/code") // a failed send costs no wait
	stuck[0].becomes("sent")
	stuck[0].post("/sign-in/code", "code", h.mail.next(h, code, 0))
	if !stuck[0].live() {
		t.Error("the next try does not work")
	}
}

// TestD8_7Unclear: a server that takes the message and breaks off before it says so: perhaps sent. The page says that,
// the code that did arrive works, and nothing is sent a second time by itself.
func TestD8_7Unclear(t *testing.T) {
	var conn atomic.Pointer[net.Conn]
	h, _, emil := staffed(t, sallyport.MethodEmail, plan{})
	h.mail.meet(func(c net.Conn) bool { conn.Store(&c); return true })
	h.mail.taken(func() error { return (*conn.Load()).Close() })
	b := h.browser().atCode(emil)
	b.becomes("unclear")
	b.get("/sign-in/code").says("We cannot be sure that the message went out.")
	h.mail.taken(nil)
	b.post("/sign-in/code", "code", h.mail.next(h, code, 0))
	if !b.live() {
		t.Error("the code that arrived does not work")
	}
	if n := len(h.mail.matching(code)); n != 1 {
		t.Errorf("%d codes went out", n)
	}
}

// image copies the data folder as it lies on the disk, which is what a killed process leaves behind, and serves the copy.
// The copy's clock is some time later. On PostgreSQL the nodes are enough: what one of them was about to do, another does
// not know of.
func (h *house) image(later time.Duration) *house {
	h.t.Helper()
	if database.OnPostgres() {
		return h
	}
	next := newHouse(h.t)
	next.ahead.Store(int64(later))
	next.mail, next.texts = h.mail, h.texts
	h.check(os.Mkdir(next.data, 0o700))
	for _, name := range []string{"key", "sallyport.db", "sallyport.db-wal"} {
		content, err := os.ReadFile(filepath.Join(h.data, name))
		h.check(err)
		h.check(os.WriteFile(filepath.Join(next.data, name), content, 0o600))
	}
	next.serve(nil)
	return next
}

// moved is the same browser at the server that came back.
func (b *browser) moved(to *house) *browser {
	next := to.browser()
	for _, part := range []string{"", "-signin", "-device"} {
		if value := b.cookies[b.name(part)]; value != "" {
			next.cookies[next.name(part)] = value
		}
	}
	return next
}

// TestD8_8: the server dies between storing a code and sending it. What comes back sends nothing by itself; its owner
// asks for a fresh one, which works, in the same sign-in.
func TestD8_8(t *testing.T) {
	database.OnlySQLite(t, "what comes back needs a clock that is later than the others'; nodes that are killed are tried in e2e/history")
	h, _, emil := staffed(t, sallyport.MethodEmail, plan{settings: func(s *sallyport.Settings) { s.ResendAfter = 15 * time.Second }})
	pit := &tarpit{}
	h.mail.meet(pit.deal)
	b := h.browser().atCode(emil)
	h.eventually("the message hangs", func() bool { return pit.holds() == 1 })
	after := h.image(16 * time.Second)
	h.mail.meet(nil)
	// A notice that leaves the outbox later than anything that was in it proves that the outbox was looked through.
	after.browser().post("/forgotten", "user_name", emil.UserName)
	after.mail.next(after, regexp.MustCompile(`(?s)password`), 0)
	if list := after.mail.matching(code); len(list) != 0 {
		t.Errorf("sent by itself: %q", list)
	}
	back := b.moved(after)
	back.get("/sign-in/code").wants(http.StatusOK, "").says("We cannot be sure that the message went out.")
	back.post("/sign-in/send").wants(http.StatusSeeOther, "/sign-in/code")
	back.post("/sign-in/code", "code", after.mail.next(after, code, 0))
	if !back.live() {
		t.Error("a fresh code does not work")
	}
	pit.let() // the process that was not really killed comes to its end
}

// TestD8_8Sent: the server dies after the message was taken and before it could note that. The code works, once, and no
// second one is sent. On PostgreSQL no node dies: that the message was taken is noted nowhere, and both nodes go on.
func TestD8_8Sent(t *testing.T) {
	h, _, emil := staffed(t, sallyport.MethodEmail, plan{})
	hold := make(chan struct{})
	h.mail.taken(func() error { <-hold; return nil })
	b := h.browser().atCode(emil)
	digits := h.mail.next(h, code, 0)
	after := h.image(0)
	back := b.moved(after)
	back.post("/sign-in/code", "code", digits)
	if !back.live() {
		t.Error("the code that went out does not work")
	}
	again := b.moved(after)
	if again.post("/sign-in/code", "code", digits); again.session() != "" {
		t.Error("it works twice")
	}
	close(hold) // the process that was not really killed comes to its end
	if n := len(h.mail.matching(code)); n != 1 {
		t.Errorf("%d codes went out", n)
	}
}

// TestD8_13: what a gateway can answer, and what the page makes of it. Where nothing went out, the try costs nothing and
// the next one works at once; where it is unclear, the code that arrived works.
func TestD8_13(t *testing.T) {
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code); _, _ = w.Write([]byte(body)) }
	}
	gone := make(chan struct{})
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		state  string
		says   string
	}{
		"200 with an error": {status(200, `{"status":"ERROR"}`), "failed", "The gateway answered that it failed."},
		"401":               {status(401, ""), "failed", "must look at the headers in SMS Settings"},
		"404":               {status(404, ""), "failed", "status 404"},
		"429":               {status(429, ""), "failed", "Please try again in a minute."},
		"302 to the inside": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		}, "failed", "redirects are not followed"},
		"500":                {status(500, "code 123456"), "unclear", "We cannot be sure"},
		"breaks off":         {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "unclear", "We cannot be sure"},
		"hangs, then breaks": {func(http.ResponseWriter, *http.Request) { <-gone; panic(http.ErrAbortHandler) }, "unclear", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h, mara, dana := staffed(t, sallyport.MethodText, plan{})
			h.texts.answers(c.answer)
			b := h.browser().atCode(dana)
			if strings.HasPrefix(name, "hangs") {
				if got := b.state(); got != "sending" {
					t.Errorf("while it hangs the page says %q", got)
				}
				close(gone)
			}
			b.becomes(c.state)
			b.get("/sign-in/code").wants(http.StatusOK, "").says(c.says)
			h.texts.answers(nil)
			first := h.texts.next(h, code, 0)
			if c.state == "unclear" {
				b.post("/sign-in/code", "code", first)
			} else {
				b.post("/sign-in/send").wants(http.StatusSeeOther, "/sign-in/code")
				b.post("/sign-in/code", "code", h.texts.next(h, code, 1))
			}
			if !b.live() {
				t.Error("the next try does not work")
			}
			want := map[string]string{"failed": "signin.code.failed", "unclear": "signin.code.sent"}[c.state]
			if events := mara.events(want); len(events) == 0 || events[len(events)-1].Outcome != c.state {
				t.Errorf("%s: %+v", want, events)
			}
		})
	}
}

// TestD8_15: a scanner that follows every link in a message, twice and in every way that has no form, uses none up and
// is let in by none.
func TestD8_15(t *testing.T) {
	h, mara, dana := staffed(t, sallyport.MethodApp, plan{})
	mara.post("/admin/technicians/new", "first_name", "Ivy", "last_name", "Team", "email", "ivy@northwind.example", "user_name", "", "phone", "", "role", "read-only", "method", "app")
	h.browser().post("/forgotten", "user_name", dana.UserName)
	for kind, next := range map[string]string{"invitation": "/sign-in/code", "reset": "/sign-in?why=reset"} {
		path := "/" + kind + "/" + h.mail.next(h, regexp.MustCompile(`/`+kind+`/([A-Za-z0-9_-]{43})`), 0)
		scanner := h.browser()
		scanner.header["User-Agent"] = "mail scanner"
		for range 2 {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, "PROPFIND"} {
				scanner.do(method, path, nil)
				scanner.do(method, path+"?x=1", nil)
			}
		}
		if len(scanner.cookies) != 0 || scanner.live() {
			t.Errorf("%s: a scanner holds %v", kind, scanner.cookies)
		}
		scanner.header["Origin"], scanner.header["Sec-Fetch-Site"] = "https://scanner.example", "cross-site"
		scanner.post(path, "password", "the scanner's long enough password").wants(http.StatusForbidden, "")
		h.browser().post(path, "password", "another long enough lantern").wants(http.StatusSeeOther, next)
	}
}
