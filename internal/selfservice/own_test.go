package selfservice

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/view"
)

func TestSignOut(t *testing.T) {
	d := newDoor(t)
	if r := d.ask("GET", "/sign-out", nil, sessionCookie, token()); r.StatusCode != 405 || len(d.asked) != 0 {
		t.Errorf("a GET signs out: %d %v", r.StatusCode, d.asked)
	}
	r := d.ask("POST", "/sign-out", url.Values{}, sessionCookie, token())
	d.wants(r, 303, "/signed-out")
	if cookie(r, sessionCookie) != "-" || !slices.Equal(d.asked, []string{"sign-out"}) {
		t.Errorf("%v %v", r.Cookies(), d.asked)
	}
	if got := r.Header.Get("Clear-Site-Data"); got != `"cache", "storage"` {
		t.Errorf("pages stay in the browser's memory: %q", got)
	}
	d.says(d.ask("GET", "/signed-out", nil), "You are signed out")
	d.err = sallyport.ErrUnavailable // the session is live still
	r = d.ask("POST", "/sign-out", url.Values{}, sessionCookie, token())
	d.wants(r, 503, "")
	if len(r.Cookies()) != 0 {
		t.Errorf("nobody could sign out of it any more: %v", r.Cookies())
	}
}

func TestOwnPage(t *testing.T) {
	d := newDoor(t)
	d.wants(d.ask("GET", "/me", nil, sessionCookie, token()), 303, "/sign-in?return=%2Fme")
	d.live = true
	d.own.Current = sallyport.Session{Hash: sallyport.Hash{1}, Browser: "Firefox"}
	d.own.Others, d.own.Page, d.own.Size, d.own.Total = []sallyport.Session{{Hash: sallyport.Hash{2}, Browser: "Safari"}}, 2, 20, 21
	d.own.Current.ExpiresAt, d.own.RecoveryLeft = noon.Add(20*time.Minute), 3
	body := d.says(d.ask("GET", "/me?page=2", nil, sessionCookie, token()), "this browser", `action="/me/sessions/02`, `href="/me?page=1#sessions"`, "everywhere else (21)",
		`data-left="1200"`, "3 unused codes", "not yet: at your next sign-in", `class="door-card wide"`)
	if d.ownPage != 2 {
		t.Errorf("page %d was asked for", d.ownPage)
	}
	if strings.Contains(body, `action="/me/sessions/01`) {
		t.Error("the own session can be ended here")
	}
	id := strings.Repeat("02", 32)
	d.wants(d.ask("POST", "/me/sessions/"+id+"/end", url.Values{}, sessionCookie, token()), 303, "/me?done=ended")
	d.wants(d.ask("POST", "/me/sessions/"+id+"/end", url.Values{"page": {"2"}}, sessionCookie, token()), 303, "/me?done=ended&page=2")
	d.wants(d.ask("POST", "/me/sessions/end", url.Values{"page": {"2"}}, sessionCookie, token()), 400, "")
	d.wants(d.ask("POST", "/me/sessions/end", url.Values{}, sessionCookie, token()), 303, "/me?done=others")
	d.says(d.ask("GET", "/me?done=others&page=x", nil, sessionCookie, token()), "You are signed in nowhere else now.")
	if d.endedOwn[31] != 2 {
		t.Errorf("ended %x", d.endedOwn)
	}
	d.err = sallyport.ErrNotFound // it is over already, in another tab or by its own time
	d.wants(d.ask("POST", "/me/sessions/"+id+"/end", url.Values{"page": {"2"}}, sessionCookie, token()), 303, "/me?done=gone&page=2")
	d.says(d.ask("GET", "/me?done=gone", nil, sessionCookie, token()), "That session had ended already.")
	for _, path := range []string{"/me/sessions/" + id + "/end", "/me/sessions/end", "/me/phone"} {
		d.err = sallyport.ErrUnavailable
		d.wants(d.ask("POST", path, url.Values{}, sessionCookie, token()), 503, "")
	}
	d.err, d.asked = nil, d.asked[:4]
	for _, bad := range []string{"x", "02", id + "02"} {
		if r := d.ask("POST", "/me/sessions/"+bad+"/end", url.Values{}, sessionCookie, token()); r.StatusCode != 404 {
			t.Errorf("%q: %d", bad, r.StatusCode)
		}
	}
	if want := []string{"end-own", "end-own", "end-others", "end-own"}; !slices.Equal(d.asked, want) {
		t.Errorf("asked %v", d.asked)
	}
}

func TestChangePassword(t *testing.T) {
	d := newDoor(t)
	d.live = true
	next := sallyport.NewToken()
	d.out = session.Outcome{Finished: true, Session: next}
	r := d.ask("POST", "/me/password", url.Values{"old_password": {"old one"}, "password": {"new one"}}, sessionCookie, token())
	d.wants(r, 303, "/me?done=password")
	if cookie(r, sessionCookie) != next.Reveal() || !slices.Equal(d.changed, []string{"old one", "new one"}) {
		t.Errorf("%v %v", r.Cookies(), d.changed)
	}
	d.err = sallyport.InvalidField("old_password", "That is not your password.")
	r = d.ask("POST", "/me/password", url.Values{"old_password": {"typed-wrong"}, "password": {"new one"}}, sessionCookie, token())
	d.wants(r, 422, "")
	if strings.Contains(d.says(r, "That is not your password."), "typed-wrong") {
		t.Error("a password stands on the page")
	}
}

func TestNewCodesAndPhone(t *testing.T) {
	d := newDoor(t)
	d.live, d.own.RecoveryLeft = true, 2
	paths := []string{"/me/recovery-codes", "/me/phone"}
	for _, path := range paths { // neither is offered without a second factor
		d.wants(d.ask("GET", path, nil, sessionCookie, token()), 303, "/me")
	}
	for i, path := range paths {
		d.own.MayRecovery, d.own.MayNewPhone = i == 0, i == 1
		if strings.Contains(d.says(d.ask("GET", "/me", nil, sessionCookie, token()), `href="`+path+`"`), `href="`+paths[1-i]+`"`) {
			t.Errorf("%s comes with the other", path)
		}
	}
	d.own.MayRecovery, d.own.MayNewPhone = true, true
	d.says(d.ask("GET", "/me/recovery-codes?return=/admin", nil, sessionCookie, token()), "Few recovery codes left", `href="/admin"`)
	d.says(d.ask("GET", "/me/recovery-codes?return=//evil.example", nil, sessionCookie, token()), `href="/">Not now`)
	d.says(d.ask("GET", "/me/recovery-codes", nil, sessionCookie, token()), `href="/me">Not now`)
	next := sallyport.NewToken()
	d.out = session.Outcome{Finished: true, Session: next, RecoveryCodes: []string{"AAAA-BBBB"}, OlderCodes: true, UserName: "dana"}
	r := d.ask("POST", "/me/recovery-codes", url.Values{}, sessionCookie, token())
	d.says(r, "AAAA-BBBB", "take the place of your older codes", "User%20name%3A%20dana", "12%3A00", `href="/me">I have saved them`)
	if cookie(r, sessionCookie) != next.Reveal() {
		t.Error("the browser goes on with a token that is dead")
	}
	d.err = sallyport.ErrStepUp
	d.wants(d.ask("POST", "/me/recovery-codes", url.Values{}, sessionCookie, token()), 303, "/confirm")
	d.says(d.ask("GET", "/me/phone", nil, sessionCookie, token()), "Use the app on a new phone")
	d.own.Current.Method = "recovery" // a while ago: the page says what is asked for next
	d.says(d.ask("GET", "/me/phone", nil, sessionCookie, token()), "You confirm with the old phone or a recovery code")
	d.own.PhoneProved = true
	d.says(d.ask("GET", "/me/phone?return=/admin", nil, sessionCookie, token()), "You used a recovery code", "2 recovery codes", `href="/admin">Not now`)
	d.err, d.out = nil, session.Outcome{SignIn: sallyport.NewToken()}
	d.wants(d.ask("POST", "/me/phone", url.Values{}, sessionCookie, token()), 303, "/sign-in/code")
	if d.back != "/me" {
		t.Errorf("a new phone leads to %q", d.back)
	}
}

// TestOfferOnTheWay: whoever takes what is offered after his sign-in comes to the page that he signed in for.
func TestOfferOnTheWay(t *testing.T) {
	d := newDoor(t)
	d.live, d.own.MayRecovery, d.own.MayNewPhone = true, true, true
	for _, path := range []string{"/me/recovery-codes", "/me/phone"} {
		d.says(d.ask("GET", path+"?return=/admin/audit", nil, sessionCookie, token()), `name="return" value="/admin/audit"`)
	}
	for given, led := range map[string]string{"/admin/audit": "/admin/audit", "//evil.example": "/"} {
		d.out = session.Outcome{Finished: true, Session: sallyport.NewToken(), RecoveryCodes: []string{"AAAA-BBBB"}, Role: sallyport.SuperAdmin}
		next := led
		if led == "/" {
			next = "/admin" // where that leads him
		}
		d.says(d.ask("POST", "/me/recovery-codes", url.Values{"return": {given}}, sessionCookie, token()), `href="`+next+`">I have saved them, continue to Admin<`)
		d.out = session.Outcome{SignIn: sallyport.NewToken()}
		d.wants(d.ask("POST", "/me/phone", url.Values{"return": {given}}, sessionCookie, token()), 303, "/sign-in/code")
		if d.back != led {
			t.Errorf("after %q a new phone leads to %q", given, d.back)
		}
	}
}

func TestConfirm(t *testing.T) {
	d := newDoor(t)
	d.live = true
	d.says(d.ask("GET", "/confirm?return=/admin", nil, sessionCookie, token()), "Confirm that it is you", `value="/admin"`, `name="code"`)
	next := sallyport.NewToken()
	d.out = session.Outcome{SignIn: sallyport.NewToken(), Finished: true, Session: next, Return: "/admin"}
	r := d.ask("POST", "/confirm", url.Values{"return": {"/admin"}, "code": {"123456"}}, sessionCookie, token())
	d.wants(r, 303, "/admin")
	if cookie(r, sessionCookie) != next.Reveal() || !slices.Equal(d.asked, []string{"step-up", "answer"}) {
		t.Errorf("%v %v", r.Cookies(), d.asked)
	}
	if d.token != d.out.SignIn || d.answer != (session.Answer{Kind: session.AnswerCode, Typed: "123456"}) {
		t.Errorf("%+v", d.answer)
	}
	began := sallyport.NewToken()
	d.out = session.Outcome{SignIn: began}
	d.err = sallyport.InvalidField("code", "That code is not right.")
	r = d.ask("POST", "/confirm", url.Values{"return": {"/admin"}, "code": {"1"}}, sessionCookie, token())
	d.wants(r, 422, "")
	if cookie(r, signInCookie) != began.Reveal() {
		t.Error("the next try would begin anew")
	}
	d.pageErr = sallyport.ErrUnavailable
	d.wants(d.ask("POST", "/confirm", url.Values{"return": {"/admin"}, "code": {"1"}}, sessionCookie, token()), 503, "")
	d.pageErr, d.err = nil, sallyport.E(sallyport.Unauthorized, "guessing", "Three wrong answers. You are signed out.")
	d.wants(d.ask("POST", "/confirm", url.Values{"return": {"/admin"}, "code": {"1"}}, sessionCookie, token()), 303, "/sign-in?return=%2Fadmin")
	d.own.Technician.Method, d.err = sallyport.MethodEmail, nil
	d.says(d.ask("GET", "/confirm", nil, sessionCookie, token()), "Send me a code")
	d.wants(d.ask("POST", "/confirm", url.Values{"return": {"/admin"}}, sessionCookie, token()), 303, "/sign-in/code")
	r = d.ask("POST", "/confirm", url.Values{"return": {"/admin"}, "way": {"recovery"}}, sessionCookie, token())
	d.wants(r, 303, "/sign-in/recovery")
	if cookie(r, signInCookie) != began.Reveal() {
		t.Error("the recovery code would belong to no proof")
	}
	d.own.Technician.Method = sallyport.MethodOff
	d.says(d.ask("GET", "/confirm?return=/admin", nil, sessionCookie, token()), `name="password"`, `action="/confirm"`)
	d.ask("POST", "/confirm", url.Values{"password": {"plum harbor"}}, sessionCookie, token())
	if d.answer != (session.Answer{Kind: session.AnswerPassword, Typed: "plum harbor"}) {
		t.Errorf("%+v", d.answer)
	}
}

// TestConfirmLeadsBackHere: from a proof the way leads to a page of this site, whatever the address says.
func TestConfirmLeadsBackHere(t *testing.T) {
	for _, method := range []sallyport.Method{sallyport.MethodApp, sallyport.MethodOff} {
		d := newDoor(t)
		d.live, d.own.Technician.Method = true, method
		for asked, back := range map[string]string{"/admin/email": "/admin/email", "//evil.example/": "/", "https://evil.example/": "/", "": "/"} {
			d.says(d.ask("GET", "/confirm?return="+url.QueryEscape(asked), nil, sessionCookie, token()), `name="return" value="`+back+`"`, `href="`+back+`">Not now`)
			d.ask("POST", "/confirm", url.Values{"return": {asked}}, sessionCookie, token())
			if d.back != back {
				t.Errorf("%s, %q: the proof leads to %q", method, asked, d.back)
			}
		}
	}
}

// TestConfirmThatCannotBegin: a wait is said on the page, which keeps the way back; a fault is none of its words.
func TestConfirmThatCannotBegin(t *testing.T) {
	d := newDoor(t)
	d.live, d.beginErr = true, sallyport.E(sallyport.TooMany, "wait", "Please wait before the next one.").After(time.Minute)
	form := url.Values{"return": {"/admin"}, "code": {"123456"}}
	r := d.ask("POST", "/confirm", form, sessionCookie, token())
	d.wants(r, 429, "")
	d.says(r, "Please wait before the next one.", `name="return" value="/admin"`)
	d.beginErr = sallyport.ErrUnauthorized // it ended meanwhile
	d.wants(d.ask("POST", "/confirm", form, sessionCookie, token()), 303, "/sign-in?why=undone")
	d.beginErr = errors.New("broken")
	d.wants(d.ask("POST", "/confirm", form, sessionCookie, token()), 500, "")
	if want := []string{"step-up", "step-up", "step-up"}; !slices.Equal(d.asked, want) {
		t.Errorf("asked %v", d.asked)
	}
}

func TestHome(t *testing.T) {
	d := newDoor(t)
	d.wants(d.ask("GET", "/", nil), 303, "/sign-in")
	d.live = true
	for id, to := range map[sallyport.RoleID]string{sallyport.SuperAdmin: "/admin", sallyport.ReadOnlyTechnician: "/me", sallyport.ReportsManager: "/admin"} {
		d.own.Role, _ = sallyport.RoleByID(id)
		d.wants(d.ask("GET", "/", nil, sessionCookie, token()), 303, to)
		if admin := strings.Contains(text(t, d.ask("GET", "/me", nil, sessionCookie, token())), `href="/admin"`); admin != (to == "/admin") {
			t.Errorf("%s: the own page leads to Admin: %v", id, admin)
		}
	}
	for _, one := range []sallyport.Permission{sallyport.ReadTechnicians, sallyport.ReadSessions, sallyport.ReadAudit} {
		d.own.Role = sallyport.Role{Permissions: []sallyport.Permission{one}}
		d.wants(d.ask("GET", "/", nil, sessionCookie, token()), 303, "/admin")
	}
}

// TestSentWhenSignedOut: a form that was sent when the session had ended leads to the sign-in page, which says that nothing was
// done, and why the session ended.
func TestSentWhenSignedOut(t *testing.T) {
	d := newDoor(t)
	d.live, d.ended = false, sallyport.EndedByIdle
	form := url.Values{"old_password": {"x"}, "password": {"y"}}
	d.wants(d.ask("POST", "/me/password", form, sessionCookie, token()), 303, "/sign-in?why=undone")
	d.says(d.ask("GET", "/sign-in?why=undone", nil, sessionCookie, token()), "what you sent was not done", view.EndedWords(sallyport.EndedByIdle))
	if len(d.asked) != 0 {
		t.Errorf("asked %v", d.asked)
	}
	for _, own := range []sallyport.EndReason{sallyport.EndedByPassword, sallyport.EndedByOwner, sallyport.EndedByOwnSave} { // pressed twice, without a script
		d.ended = own
		if said := d.says(d.ask("GET", "/sign-in?why=undone", nil, sessionCookie, token()), "look before you do it again", view.EndedWords(own)); strings.Contains(said, "what you sent was not done") {
			t.Errorf("after %s it is said that nothing was done", own)
		}
	}
}
