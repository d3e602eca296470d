package attack

import (
	"database/sql"
	"encoding/base64"
	"errors"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // a second hand on the database's file

	"sallyport"
	"sallyport/internal/testkit/team"
)

// TestD1_19: while the database cannot be written, a guess is not compared: 503, nothing counted, nobody in, and the
// code is as good as before.
func TestD1_19(t *testing.T) {
	h, mara, emil := staffed(t, sallyport.MethodEmail, plan{})
	b := h.browser().atCode(emil)
	right := h.mail.next(h, code, 0)
	b.becomes("sent")
	release := h.hold()
	parallel(2, func(i int) { // the right one, too
		if a, err := b.twin().try(http.MethodPost, "/sign-in/code", map[string][]string{"code": {[]string{wrongFor(right), right}[i]}}); err != nil || a.Status != http.StatusServiceUnavailable {
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

// hold keeps the database from being written until it is let go of, as a stuck transaction of somebody else does.
func (h *house) hold() (release func()) {
	h.t.Helper()
	driver, address, locks := "sqlite", "file:"+filepath.Join(h.data, "sallyport.db")+"?_pragma=busy_timeout(20000)", []string{"BEGIN IMMEDIATE"}
	if h.database != "" {
		driver, address, locks = "pgx", h.database, []string{"BEGIN", "LOCK TABLE code, technician IN EXCLUSIVE MODE"}
	}
	other, err := sql.Open(driver, address)
	h.check(err)
	stuck, err := other.Conn(h.t.Context())
	h.check(err)
	for _, lock := range locks {
		_, err = stuck.ExecContext(h.t.Context(), lock)
		h.check(err)
	}
	return func() {
		_, err := stuck.ExecContext(h.t.Context(), "ROLLBACK")
		h.check(errors.Join(err, stuck.Close(), other.Close()))
	}
}

// TestD1_20: made-up tokens of every kind, thousands of them, find nothing and get one and the same answer.
func TestD1_20(t *testing.T) {
	h, mara, _ := staffed(t, sallyport.MethodApp, plan{})
	if !mara.live() {
		t.Fatal("a real token does not work: nothing is tested")
	}
	probe := func(what string, n int, ask func(token string) answer) {
		first := ""
		for range n {
			token := sallyport.NewToken().Reveal()
			a := ask(token)
			if got := face(a, token); first == "" {
				first = got
			} else if got != first {
				t.Fatalf("%s: an answer differs:\n%s\n%s", what, got, first)
			}
			if a.Status < 300 {
				t.Fatalf("%s: a made-up token found something: %d", what, a.Status)
			}
		}
	}
	cookie := func(part, path string) func(string) answer {
		return func(token string) answer {
			b := h.browser()
			b.cookies[b.name(part)] = token
			return b.get(path)
		}
	}
	probe("session", 3000, cookie("", "/session"))
	probe("session's page", 300, cookie("", "/me"))
	probe("sign-in", 300, cookie("-signin", "/sign-in/code"))
	for _, kind := range []string{"invitation", "reset", "rescue", "set-up"} {
		probe(kind, 200, func(token string) answer { return h.browser().get("/" + kind + "/" + token) })
	}
}

// TestW20: a sign-in whose password was right is not half a session: at every route that needs one it is nobody.
func TestW20(t *testing.T) {
	h, mara, dana := staffed(t, sallyport.MethodApp, plan{})
	b := h.browser().atCode(dana)
	token := b.cookies[b.name("-signin")]
	if b.live() {
		t.Error("GET /session says yes")
	}
	for _, r := range h.routes() {
		if r.needs == "anyone" {
			continue
		}
		for _, id := range []string{string(dana.ID), "none"} {
			if a := b.route(r, id); a.Status != http.StatusSeeOther || !strings.HasPrefix(a.at(), "/sign-in") {
				t.Errorf("%s %s: %d %s", r.method, r.pattern, a.Status, a.at())
			}
		}
	}
	if b.cookies[b.name("-signin")] != token {
		t.Error("the sign-in's token changed")
	}
	if n := len(mara.events("signin.finished")); n != 0 {
		t.Errorf("%d sign-ins finished", n)
	}
	if b.post("/sign-in/code", "code", dana.Digits(half(0))); !b.live() {
		t.Error("and then the right digits do not let in")
	}
}

// TestW30: a user name and password, or a token, in the Authorization header are nothing, with and without a sign-in
// that waits for its second factor.
func TestW30(t *testing.T) {
	h, mara, dana := staffed(t, sallyport.MethodOff, plan{settings: func(s *sallyport.Settings) { s.PermitOff = true }})
	for _, value := range []string{
		"Basic " + base64.StdEncoding.EncodeToString([]byte(dana.UserName+":"+team.Password)),
		"Basic " + base64.StdEncoding.EncodeToString([]byte("mara@northwind.example:"+team.Password)),
		"Bearer " + mara.session(), "Bearer " + team.Password, "Sallyport " + mara.session(), "Negotiate YII=",
	} {
		b := h.browser()
		b.header["Authorization"] = value
		for _, header := range []string{"Remote-User", "X-Forwarded-User", "X-Remote-User", "X-Auth-Request-User"} {
			b.header[header] = "mara@northwind.example"
		}
		if b.live() {
			t.Errorf("%q is a session", value)
		}
		for _, path := range []string{"/me", "/admin/technicians", "/"} {
			if a := b.get(path); a.Status != http.StatusSeeOther || !strings.HasPrefix(a.at(), "/sign-in") {
				t.Errorf("%q: %s: %d", value, path, a.Status)
			}
		}
	}
}

// TestW31: nobody changes on his own page what is an administrator's to say: a field more is refused, whatever it is
// called, and nothing of the rest is done. The log has one line of it, which names the field and not what it held.
func TestW31(t *testing.T) {
	var token string
	h, mara, _ := staffed(t, sallyport.MethodApp, plan{people: func(f *team.Folder) {
		token = signedIn(t, f, addPlain(t, f, "dorothea", sallyport.ReadOnlyTechnician, sallyport.MethodApp))[0]
	}})
	b := h.holding(token)
	named := func(path, field string) (n int) {
		for line := range strings.Lines(h.log.String()) {
			if strings.Contains(line, `"path":"`+path+`"`) && strings.Contains(line, `\"`+field+`\"`) {
				n++
			}
		}
		return n
	}
	for _, field := range []string{"role", "method", "verified", "email", "phone", "status", "generation", "user_name", "id"} {
		for path, form := range map[string][]string{"/me/password": {"old_password", team.Password, "password", "a quite different lantern"},
			"/me/phone": nil, "/me/recovery-codes": nil, "/confirm": {"return", "/me"}} {
			if a := b.post(path, append(form, field, "worth-a-boss")...); a.Status != http.StatusBadRequest {
				t.Errorf("%s with %q: %d", path, field, a.Status)
			}
			h.eventually("the log has a line", func() bool { return named(path, field) > 0 })
			if n := named(path, field); n != 1 {
				t.Errorf("%s: %d lines of the log name %q", path, n, field)
			}
		}
	}
	for _, text := range []string{"worth-a-boss", "different lantern", team.Password} {
		if strings.Contains(h.log.String(), text) {
			t.Errorf("the log holds what was typed: %q", text)
		}
	}
	b.get("/me").wants(http.StatusOK, "").says("dorothea@northwind.example Role Read-only Technician").says("Method Authenticator App")
	if n := len(mara.events("password.changed")); n != 0 {
		t.Error("the password was changed")
	}
}

// TestW32: a reset changes the password of the one to whom its link was sent, whoever's browser it is posted from and whatever
// name comes along. The browser's own account keeps its password; its session there is over, for it cannot be told whose
// hands it is in.
func TestW32(t *testing.T) {
	var sven team.Member
	var token string
	h, mara, dana := staffed(t, sallyport.MethodApp, plan{people: func(f *team.Folder) {
		sven = add(t, f, "sven", sallyport.ReadOnlyTechnician, sallyport.MethodApp)
		token = signedIn(t, f, sven)[0]
	}})
	h.browser().post("/forgotten", "user_name", dana.UserName)
	link := "/reset/" + h.mail.next(h, regexp.MustCompile(`/reset/([A-Za-z0-9_-]{43})`), 0)
	const next = "another long enough lantern"
	b := h.holding(token)
	b.get(link).wants(http.StatusOK, "").says(dana.UserName)
	for _, field := range []string{"user_name", "technician", "id", "email"} {
		b.post(link, "password", next, field, sven.UserName).wants(http.StatusBadRequest, "")
	}
	b.post(link+"?user_name="+sven.UserName, "password", next).wants(http.StatusSeeOther, "/sign-in?why=reset")
	if b.session() != "" || h.holding(token).live() {
		t.Error("a session goes on in the browser of the reset")
	}
	h.browser().atCode(sven)
	h.browser().password(sven.UserName, next).wants(http.StatusUnprocessableEntity, "")
	h.browser().password(dana.UserName, next).wants(http.StatusSeeOther, "/sign-in/code")
	h.browser().password(dana.UserName, team.Password).wants(http.StatusUnprocessableEntity, "")
	if list := mara.events("password.reset.completed"); len(list) != 1 || !strings.Contains(list[0].Line, string(dana.ID)) || strings.Contains(list[0].Line, string(sven.ID)) {
		t.Errorf("the audit log has %+v", list)
	}
}

// TestW39: a new role counts with the next request: what was signed in under the old one is over.
func TestW39(t *testing.T) {
	var token string
	var aron team.Member
	h, mara, _ := staffed(t, sallyport.MethodApp, plan{people: func(f *team.Folder) {
		aron = addPlain(t, f, "aron", sallyport.Admin, sallyport.MethodApp)
		token = signedIn(t, f, aron)[0]
	}})
	b := h.holding(token)
	b.get("/admin/technicians").wants(http.StatusOK, "")
	aron.Role = sallyport.ReadOnlyTechnician
	if a := mara.saveMethod(aron, sallyport.MethodApp); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.words())
	}
	if b.live() {
		t.Error("the session of the old role lives")
	}
	if a := b.get("/admin/technicians"); a.Status != http.StatusSeeOther || !strings.HasPrefix(a.at(), "/sign-in") {
		t.Errorf("%d %s", a.Status, a.at())
	}
	again := h.browser().atCode(aron)
	if again.post("/sign-in/code", "code", aron.Digits(half(0))); !again.live() {
		t.Fatal("cannot sign in again")
	}
	again.get("/admin/technicians").wants(http.StatusForbidden, "")
	again.get("/admin").wants(http.StatusForbidden, "")
}
