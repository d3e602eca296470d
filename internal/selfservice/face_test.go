package selfservice

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/login"
	"sallyport/internal/session"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

const public = "http://localhost:8080"

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// door is the face on a real site, with use cases that answer as told.
type door struct {
	*fake
	site *web.Site
	t    *testing.T
	log  bytes.Buffer
}

func newDoor(t *testing.T) *door {
	t.Helper()
	pages, err := view.New()
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{page: session.Page{Step: login.Step{Kind: login.Factor, Method: sallyport.MethodApp}, Purpose: sallyport.PurposeSignIn, UserName: "dana", Organisation: "Northwind IT", Now: noon}}
	f.own = session.OwnPage{Technician: sallyport.Technician{UserName: "dana", Method: sallyport.MethodApp}, Settings: sallyport.DefaultSettings(), Now: noon, Page: 1, Size: 20}
	d := &door{fake: f, t: t}
	site, err := web.New(web.Options{Public: public, Log: slog.New(slog.NewTextHandler(&d.log, nil)), Identify: f.identify})
	if err != nil {
		t.Fatal(err)
	}
	face := New(Options{Logo: func(context.Context) (*account.Logo, error) { return f.picture, f.pictureErr }, UseCases: f, Pages: pages, Cookies: site.Cookies(),
		House: func(context.Context) (string, *account.Logo) {
			if f.pictureErr != nil {
				return "Northwind IT", nil
			}
			return "Northwind IT", f.picture
		},
		Now: func() time.Time { return noon }})
	site.Add(face.Routes()...)
	d.site = site
	return d
}

func (f *fake) identify(context.Context, sallyport.Token) (web.Visitor, error) {
	if !f.live {
		return web.Visitor{}, sallyport.ErrUnauthorized
	}
	return web.Visitor{Technician: sallyport.Technician{ID: "t1", UserName: "dana", Method: f.own.Technician.Method}, Role: f.own.Role}, nil
}

const (
	signInCookie  = "sallyport-signin-8080"
	sessionCookie = "sallyport-8080"
)

// ask sends a request as a browser would; form is nil for a GET. cookies are name, value pairs.
func (d *door) ask(method, path string, form url.Values, cookies ...string) *http.Response {
	d.t.Helper()
	r := httptest.NewRequest(method, public+path, strings.NewReader(form.Encode()))
	r.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", web.FormType)
		r.Header.Set("Origin", public)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i < len(cookies); i += 2 {
		r.AddCookie(&http.Cookie{Name: cookies[i], Value: cookies[i+1]})
	}
	w := httptest.NewRecorder()
	d.site.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// cookie is the value that the answer sets, "-" when it takes the cookie back, empty when it says nothing of it.
func cookie(r *http.Response, name string) string {
	for _, c := range r.Cookies() {
		if c.Name == name && c.MaxAge < 0 {
			return "-"
		}
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (d *door) wants(r *http.Response, status int, location string) {
	d.t.Helper()
	if r.StatusCode != status || r.Header.Get("Location") != location {
		d.t.Fatalf("%d %q, want %d %q\n%s", r.StatusCode, r.Header.Get("Location"), status, location, text(d.t, r))
	}
}

func (d *door) says(r *http.Response, words ...string) string {
	d.t.Helper()
	body := text(d.t, r)
	for _, w := range words {
		if !strings.Contains(body, w) {
			d.t.Errorf("the page does not say %q:\n%s", w, body)
		}
	}
	return body
}

func token() string { return sallyport.NewToken().Reveal() }

func TestPasswordLeadsToTheSecondPage(t *testing.T) {
	d := newDoor(t)
	page := d.ask("GET", "/sign-in?return=/admin/technicians%3Fpage%3D2", nil)
	d.wants(page, 200, "")
	pre := cookie(page, signInCookie)
	if pre == "" {
		t.Fatal("the page sets no cookie")
	}
	d.says(page, `value="/admin/technicians?page=2"`)
	next := sallyport.NewToken()
	d.out = session.Outcome{SignIn: next}
	done := d.ask("POST", "/sign-in", url.Values{"user_name": {"dana"}, "password": {"correct horse"}, "return": {"/admin"}}, signInCookie, pre)
	d.wants(done, 303, "/sign-in/code")
	if cookie(done, signInCookie) != next.Reveal() {
		t.Error("the sign-in's token is not the cookie now")
	}
	if d.attempt.UserName != "dana" || d.attempt.Password != "correct horse" || d.attempt.Return != "/admin" {
		t.Errorf("asked with %+v", d.attempt)
	}
}

// TestForeignFormSignsNobodyIn is D4.5: a form that was not begun here comes without the cookie.
func TestForeignFormSignsNobodyIn(t *testing.T) {
	d := newDoor(t)
	r := d.ask("POST", "/sign-in", url.Values{"user_name": {"mallory"}, "password": {"x"}})
	d.wants(r, 403, "")
	d.says(r, "allow cookies")
	if len(d.asked) != 0 {
		t.Errorf("the use case was asked: %v", d.asked)
	}
}

func TestRefusedPasswordKeepsTheName(t *testing.T) {
	d := newDoor(t)
	d.err = sallyport.E(sallyport.Invalid, "wrong_password", "User name or password is not right.")
	r := d.ask("POST", "/sign-in", url.Values{"user_name": {"dana"}, "password": {"s3cret-typed"}, "return": {"//evil.example"}}, signInCookie, token())
	d.wants(r, 422, "")
	body := d.says(r, "<title>Error: ", "User name or password is not right.", `value="dana"`, `name="return" value="/"`)
	if strings.Contains(body, "s3cret-typed") {
		t.Error("the password stands on the page")
	}
	d.asked = nil
	r = d.ask("POST", "/sign-in", url.Values{"user_name": {""}, "password": {""}}, signInCookie, token())
	d.wants(r, 422, "")
	d.says(r, "Please type your user name.", "Please type your password.")
	if len(d.asked) != 0 {
		t.Error("empty fields cost a try")
	}
}

func TestWaitIsSaid(t *testing.T) {
	d := newDoor(t)
	d.err = sallyport.E(sallyport.TooMany, "wait", "Too many tries. Please wait before the next one.").After(90 * time.Second)
	r := d.ask("POST", "/sign-in", url.Values{"user_name": {"dana"}, "password": {"x"}}, signInCookie, token())
	d.wants(r, 429, "")
	d.says(r, "Too many tries.", "12:01:30 UTC")
}

// TestChallengeIsCarried: the page after a refused attempt carries the proof of work, and hands back what came of it.
func TestChallengeIsCarried(t *testing.T) {
	d := newDoor(t)
	d.challenge = &session.Challenge{Text: "AQ0x", Difficulty: 14, From: noon.Add(20 * time.Second), Now: noon}
	d.err = session.ErrWrongPassword
	cookie := token()
	form := url.Values{"user_name": {"dana"}, "password": {"x"}, "challenge": {"AQ0w"}, "proof": {"00"}}
	r := d.ask("POST", "/sign-in", form, signInCookie, cookie)
	d.says(r, `name="challenge" value="AQ0x"`, `data-difficulty="14"`, `data-parts="16"`)
	if a := d.attempt; a.Challenge != "AQ0w" || a.Proof != "00" || a.Begun.Reveal() != cookie {
		t.Errorf("%+v", a)
	}
	if strings.Contains(text(t, d.ask("POST", "/sign-in", form, signInCookie, cookie)), "picture puzzle") {
		t.Error("a page without a wait explains it")
	}
	d.err = sallyport.E(sallyport.TooMany, "wait", "Too many tries.").After(time.Hour)
	d.says(d.ask("POST", "/sign-in", form, signInCookie, cookie), "try again from", "12:00:20 UTC")
	d.challenge.From = noon
	d.says(d.ask("POST", "/sign-in", form, signInCookie, cookie), "You can try again now.")
	for name, none := range map[string]func(){
		"a fault":        func() { d.challengeErr = sallyport.ErrUnavailable },
		"too few failed": func() { d.challenge, d.challengeErr = nil, nil },
	} {
		none()
		if strings.Contains(text(t, d.ask("POST", "/sign-in", form, signInCookie, cookie)), `name="challenge"`) {
			t.Errorf("%s: the page carries a challenge", name)
		}
	}
}

func TestForcedSignOutSaysWhy(t *testing.T) {
	d := newDoor(t)
	d.ended = sallyport.EndedBySave
	d.says(d.ask("GET", "/sign-in", nil, sessionCookie, token()), "Your administrator changed how you sign in. Please sign in again.")
	if strings.Contains(text(t, d.ask("GET", "/sign-in", nil)), "administrator") {
		t.Error("somebody without the dead session learns of it")
	}
	d.live = true
	d.wants(d.ask("GET", "/sign-in?return=/me", nil, sessionCookie, token()), 303, "/me")
	d.wants(d.ask("GET", "/sign-in?return=https://evil.example/", nil, sessionCookie, token()), 303, "/")
}

// TestCouldNotLookIsNoSignOut: where nobody could look whether the session is live, no page says that it is over, sends its
// owner elsewhere or takes a cookie back.
func TestCouldNotLookIsNoSignOut(t *testing.T) {
	d := newDoor(t)
	d.checkErr, d.pageErr, d.err = sallyport.ErrUnavailable, errOver, errOver
	for _, r := range []*http.Response{
		d.ask("GET", "/sign-in", nil, sessionCookie, token()),
		d.ask("GET", "/sign-in?return=/me", nil, sessionCookie, token()),
		d.ask("GET", "/sign-in/code", nil, sessionCookie, token(), signInCookie, token()),
		d.ask("POST", "/sign-in/code", url.Values{"code": {"123456"}}, sessionCookie, token(), signInCookie, token()),
	} {
		d.wants(r, 503, "")
		if len(r.Cookies()) != 0 || r.Header.Get("Retry-After") == "" {
			t.Errorf("cookies %v, Retry-After %q", r.Cookies(), r.Header.Get("Retry-After"))
		}
	}
	d.wants(d.ask("GET", "/sign-in", nil), 200, "") // nothing to look up
}

func TestRightAnswerSetsTheSession(t *testing.T) {
	d := newDoor(t)
	in, device := sallyport.NewToken(), sallyport.NewToken()
	d.out = session.Outcome{Finished: true, Session: in, Device: device, Return: "/admin"}
	r := d.ask("POST", "/sign-in/code", url.Values{"code": {"123 456"}}, signInCookie, token())
	d.wants(r, 303, "/admin")
	if cookie(r, sessionCookie) != in.Reveal() || cookie(r, "sallyport-device-8080") != device.Reveal() || cookie(r, signInCookie) != "-" {
		t.Errorf("cookies: %v", r.Cookies())
	}
	if d.answer != (session.Answer{Kind: session.AnswerCode, Typed: "123 456"}) {
		t.Errorf("answered %+v", d.answer)
	}
}

func TestAfterTheSignIn(t *testing.T) {
	cases := []struct {
		name string
		out  session.Outcome
		to   string
	}{
		{"a recovery code stood in", session.Outcome{OfferPhone: true, FewRecovery: true, Return: "/admin"}, "/me/phone?return=%2Fadmin"},
		{"few codes are left", session.Outcome{FewRecovery: true, Return: "/admin"}, "/me/recovery-codes?return=%2Fadmin"},
		{"a foreign address", session.Outcome{Return: "https://evil.example/"}, "/"},
		{"nothing to say", session.Outcome{}, "/"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor(t)
			c.out.Finished, c.out.Session = true, sallyport.NewToken()
			d.out = c.out
			d.wants(d.ask("POST", "/sign-in/code", url.Values{"code": {"123456"}}, signInCookie, token()), 303, c.to)
		})
	}
}

func TestRecoveryCodesAreShownOnce(t *testing.T) {
	d := newDoor(t)
	d.out = session.Outcome{Finished: true, Session: sallyport.NewToken(), Device: sallyport.NewToken(), RecoveryCodes: []string{"AAAA-BBBB", "CCCC-DDDD"}, Return: "/admin"}
	r := d.ask("POST", "/sign-in/code", url.Values{"code": {"123456"}}, signInCookie, token())
	d.wants(r, 200, "")
	if r.Header.Get("Cache-Control") != "no-store" {
		t.Error("the codes may be kept")
	}
	d.says(r, "AAAA-BBBB", "CCCC-DDDD", `href="/admin"`, `href="data:text/plain;charset=utf-8,`)
	// The same request once more, as a reload sends it: the sign-in is over, the session goes on.
	d.err, d.live = errOver, true
	d.wants(d.ask("POST", "/sign-in/code", url.Values{"code": {"123456"}}, signInCookie, token(), sessionCookie, token()), 303, "/")
}

func TestWrongAnswerComesBack(t *testing.T) {
	d := newDoor(t)
	d.err = sallyport.InvalidField("code", "That code is not right. 2 tries left.")
	for _, path := range []string{"/sign-in/code", "/sign-in/recovery", "/sign-in/enrolment-code"} {
		r := d.ask("POST", path, url.Values{"code": {"1"}}, signInCookie, token())
		d.wants(r, 422, "")
		d.says(r, "<title>Error: ", "That code is not right. 2 tries left.", `aria-invalid="true"`)
	}
	if want := []string{"answer", "answer", "answer"}; !slices.Equal(d.asked, want) {
		t.Errorf("asked %v", d.asked)
	}
}

func TestLostSignIns(t *testing.T) {
	d := newDoor(t)
	d.pageErr, d.err = errOver, errOver
	for _, path := range []string{"/sign-in/code", "/sign-in/recovery", "/sign-in/help"} {
		d.wants(d.ask("GET", path, nil), 303, "/sign-in?why=over")
		d.wants(d.ask("GET", path, nil, signInCookie, token()), 303, "/sign-in?why=over")
	}
	for _, path := range []string{"/sign-in/send", "/sign-in/help"} {
		d.wants(d.ask("POST", path, url.Values{}), 303, "/sign-in?why=over")
	}
	d.says(d.ask("GET", "/sign-in?why=over", nil), "Please start again.")
	if strings.Contains(text(t, d.ask("GET", "/sign-in?why=Call+this+number", nil)), "Call this") {
		t.Error("the address can put words on the page")
	}
	d.err = sallyport.E(sallyport.Unauthorized, "guessing", "Three wrong answers. You are signed out.")
	d.wants(d.ask("POST", "/sign-in/code", url.Values{"code": {"1"}}, signInCookie, token()), 303, "/sign-in")
	d.err = sallyport.E(sallyport.Internal, "internal", "broken")
	if r := d.ask("POST", "/sign-in/code", url.Values{"code": {"1"}}, signInCookie, token()); r.StatusCode != 500 || len(r.Cookies()) != 0 {
		t.Errorf("a fault: %d %v", r.StatusCode, r.Cookies())
	}
}

func TestEachStepHasItsPage(t *testing.T) {
	cases := []struct {
		name string
		page session.Page
		says []string
	}{
		{"app", session.Page{Step: login.Step{Kind: login.Factor, Method: sallyport.MethodApp}, RecoveryLeft: 3}, []string{"Type the code from your app", "Use a recovery code", "not you?"}},
		{"email", session.Page{Step: login.Step{Kind: login.Factor, Method: sallyport.MethodEmail}, Masked: "d•••@x.example", Sent: true, Live: true, State: sallyport.Sent, TriesLeft: 3, ValidUntil: noon.Add(3 * time.Minute)}, []string{"Check your email", "d•••@x.example", "12:03 UTC", "tries left", "Send a new code"}},
		{"text failed", session.Page{Step: login.Step{Kind: login.Factor, Method: sallyport.MethodText}, Sent: true, State: sallyport.Failed, Detail: "The gateway refused the number."}, []string{"could not be sent", "The gateway refused the number.", "Send a new code"}},
		{"opener", session.Page{Step: login.Step{Kind: login.Opener, Method: sallyport.MethodEmail}, Why: "Your administrator changed how you sign in."}, []string{"Confirm with your current email code", "Your administrator changed how you sign in.", "Send the code"}},
		{"enrolment code", session.Page{Step: login.Step{Kind: login.EnrolmentCode}}, []string{"Type your enrolment code", `action="/sign-in/enrolment-code"`}},
		{"app set-up", session.Page{Step: login.Step{Kind: login.Enrol, Method: sallyport.MethodApp}, Secret: "AAAA BBBB", URI: "otpauth://totp/x?secret=AAAABBBB"}, []string{"Set up your authenticator app", "<svg", "AAAA BBBB", `href="otpauth://totp/x?secret=AAAABBBB"`, `data-copy="AAAABBBB"`}},
		{"text set-up", session.Page{Step: login.Step{Kind: login.Enrol, Method: sallyport.MethodText}, RecoveryLeft: 3}, []string{"Set up codes by text message"}},
		{"closed", session.Page{Step: login.Step{Kind: login.Closed}}, []string{"The time for your set-up is over"}},
		{"disabled", session.Page{Step: login.Step{Kind: login.Disabled, Method: sallyport.MethodApp}, RecoveryLeft: 1}, []string{"switched off", "Use a recovery code"}},
		{"down", session.Page{Step: login.Step{Kind: login.ChannelDown, Method: sallyport.MethodText}}, []string{"No code can be sent right now", "Text messages are not set up"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor(t)
			c.page.Purpose, c.page.UserName, c.page.Organisation, c.page.Now = sallyport.PurposeSignIn, "dana", "Northwind IT", noon
			d.page = c.page
			d.says(d.ask("GET", "/sign-in/code", nil, signInCookie, token()), c.says...)
		})
	}
	d := newDoor(t)
	for _, kind := range []login.Kind{login.Refused, login.Done, "other"} {
		d.page.Step.Kind = kind
		d.wants(d.ask("GET", "/sign-in/code", nil, signInCookie, token()), 303, "/sign-in?why=over")
	}
}

func TestStateTellsNoSecret(t *testing.T) {
	d := newDoor(t)
	d.page.Step.Method, d.page.Sent, d.page.State, d.page.Masked, d.page.Secret = sallyport.MethodEmail, true, sallyport.Sending, "d•••@x.example", "AAAA"
	r := d.ask("GET", "/sign-in/state", nil, signInCookie, token())
	d.wants(r, 200, "")
	if got := text(t, r); got != `{"state":"sending","message":"Sending a code to d•••@x.example…"}`+"\n" {
		t.Errorf("%s", got)
	}
}

func TestLinks(t *testing.T) {
	for _, kind := range []sallyport.LinkKind{sallyport.LinkInvitation, sallyport.LinkReset, sallyport.LinkSetup, sallyport.LinkRescue} {
		t.Run(string(kind), func(t *testing.T) {
			d := newDoor(t)
			d.link = session.LinkPage{Kind: kind, UserName: "dana", PasswordMin: 15, Method: sallyport.MethodApp}
			path := "/" + string(kind) + "/" + token()
			body := d.says(d.ask("GET", path, nil), `action="`+path+`"`)
			if strings.Count(body, path) != 1 || len(d.asked) != 0 {
				t.Errorf("the token stands on the page %d times; changes: %v", strings.Count(body, path), d.asked)
			}
			d.err = sallyport.InvalidField("password", "Please use 15 characters or more.")
			r := d.ask("POST", path, url.Values{"password": {"short-one"}})
			d.wants(r, 422, "")
			if strings.Contains(d.says(r, "Please use 15 characters or more."), "short-one") {
				t.Error("the password stands on the page")
			}
			d.err, d.out = nil, session.Outcome{SignIn: sallyport.NewToken()}
			to := "/sign-in/code"
			if kind == sallyport.LinkReset {
				to, d.out = "/sign-in?why=reset", session.Outcome{}
			}
			d.wants(d.ask("POST", path, url.Values{"password": {"a long enough password"}}), 303, to)
			for _, err := range []error{sallyport.E(sallyport.Gone, "link_over", "spent"), sallyport.ErrNotFound} {
				d.err, d.pageErr = err, err
				for _, method := range []string{"GET", "POST"} {
					r := d.ask(method, path, url.Values{"password": {"x"}})
					d.wants(r, 410, "")
					d.says(r, "This link no longer works")
				}
			}
		})
	}
}

func TestSetUpKeepsWhatWasTyped(t *testing.T) {
	d := newDoor(t)
	d.err = sallyport.InvalidFields([]sallyport.Field{{Name: "email", Message: "That is not an email address."}, {Name: "password", Message: "Too short."}})
	r := d.ask("POST", "/set-up/"+token(), url.Values{"first_name": {"Mara"}, "last_name": {"Voss"}, "email": {"mara@"}, "user_name": {"mara"}, "password": {"x"}})
	d.wants(r, 422, "")
	d.says(r, `value="Mara"`, `value="Voss"`, `value="mara@"`, `value="mara"`, `href="#email"`, `href="#password"`, `id="email-error"`)
}

// TestForgottenAnswersAlike: the page says the same for every name.
func TestForgottenAnswersAlike(t *testing.T) {
	d := newDoor(t)
	d.wants(d.ask("POST", "/forgotten", url.Values{"user_name": {"dana"}}), 303, "/forgotten/sent")
	d.wants(d.ask("POST", "/forgotten", url.Values{"user_name": {"nobody"}}), 303, "/forgotten/sent")
	d.wants(d.ask("POST", "/forgotten", url.Values{"user_name": {""}}), 422, "")
	if len(d.asked) != 2 {
		t.Errorf("asked %v", d.asked)
	}
}

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
	d.says(d.ask("GET", "/signed-out", nil), "You are signed out")
}

func TestOwnPage(t *testing.T) {
	d := newDoor(t)
	d.wants(d.ask("GET", "/me", nil, sessionCookie, token()), 303, "/sign-in?return=%2Fme")
	d.live = true
	d.own.Current = sallyport.Session{Hash: sallyport.Hash{1}, Browser: "Firefox"}
	d.own.Others, d.own.Page, d.own.Size, d.own.Total = []sallyport.Session{{Hash: sallyport.Hash{2}, Browser: "Safari"}}, 2, 20, 21
	body := d.says(d.ask("GET", "/me?page=2", nil, sessionCookie, token()), "this browser", `action="/me/sessions/02`, `href="/me?page=1#sessions"`, "everywhere else (21)")
	if d.ownPage != 2 {
		t.Errorf("page %d was asked for", d.ownPage)
	}
	if strings.Contains(body, `action="/me/sessions/01`) {
		t.Error("the own session can be ended here")
	}
	id := strings.Repeat("02", 32)
	d.wants(d.ask("POST", "/me/sessions/"+id+"/end", url.Values{}, sessionCookie, token()), 303, "/me?done=ended")
	d.wants(d.ask("POST", "/me/sessions/"+id+"/end", url.Values{"page": {"2"}}, sessionCookie, token()), 303, "/me?done=ended&page=2")
	d.wants(d.ask("POST", "/me/sessions/end", url.Values{}, sessionCookie, token()), 303, "/me?done=others")
	d.says(d.ask("GET", "/me?done=others&page=x", nil, sessionCookie, token()), "You are signed in nowhere else now.")
	if d.endedOwn[31] != 2 {
		t.Errorf("ended %x", d.endedOwn)
	}
	for _, bad := range []string{"x", "02", id + "02"} {
		if r := d.ask("POST", "/me/sessions/"+bad+"/end", url.Values{}, sessionCookie, token()); r.StatusCode != 404 {
			t.Errorf("%q: %d", bad, r.StatusCode)
		}
	}
	if want := []string{"end-own", "end-own", "end-others"}; !slices.Equal(d.asked, want) {
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
	for _, path := range []string{"/me/recovery-codes", "/me/phone"} { // neither is offered without a second factor
		d.wants(d.ask("GET", path, nil, sessionCookie, token()), 303, "/me")
	}
	d.own.MayRecovery, d.own.MayNewPhone = true, true
	d.says(d.ask("GET", "/me/recovery-codes?return=/admin", nil, sessionCookie, token()), "Few recovery codes left", `href="/admin"`)
	d.out = session.Outcome{Finished: true, Session: sallyport.NewToken(), RecoveryCodes: []string{"AAAA-BBBB"}}
	d.says(d.ask("POST", "/me/recovery-codes", url.Values{}, sessionCookie, token()), "AAAA-BBBB", "take the place of your older codes")
	d.err = sallyport.ErrStepUp
	d.wants(d.ask("POST", "/me/recovery-codes", url.Values{}, sessionCookie, token()), 303, "/confirm")
	d.says(d.ask("GET", "/me/phone", nil, sessionCookie, token()), "Use the app on a new phone")
	d.err, d.out = nil, session.Outcome{SignIn: sallyport.NewToken()}
	d.wants(d.ask("POST", "/me/phone", url.Values{}, sessionCookie, token()), 303, "/sign-in/code")
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
	began := sallyport.NewToken()
	d.out = session.Outcome{SignIn: began}
	d.err = sallyport.InvalidField("code", "That code is not right.")
	r = d.ask("POST", "/confirm", url.Values{"return": {"/admin"}, "code": {"1"}}, sessionCookie, token())
	d.wants(r, 422, "")
	if cookie(r, signInCookie) != began.Reveal() {
		t.Error("the next try would begin anew")
	}
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
}

func TestHome(t *testing.T) {
	d := newDoor(t)
	d.wants(d.ask("GET", "/", nil), 303, "/sign-in")
	d.live = true
	for id, to := range map[sallyport.RoleID]string{sallyport.SuperAdmin: "/admin", sallyport.ReadOnlyTechnician: "/me", sallyport.ReportsManager: "/admin"} {
		d.own.Role, _ = sallyport.RoleByID(id)
		d.wants(d.ask("GET", "/", nil, sessionCookie, token()), 303, to)
	}
}

// TestGetChangesNothing walks every GET route with the use cases watching.
func TestGetChangesNothing(t *testing.T) {
	d := newDoor(t)
	d.live = true
	for _, route := range d.site.Routes() {
		if route.Method != http.MethodGet {
			continue
		}
		path := strings.NewReplacer("{token}", token(), "{$}", "").Replace(route.Pattern)
		d.ask("GET", path, nil, sessionCookie, token(), signInCookie, token())
	}
	if len(d.asked) != 0 {
		t.Errorf("a GET did %v", d.asked)
	}
}

// TestPostsNeedOurOrigin walks every POST route with a request of another site.
func TestPostsNeedOurOrigin(t *testing.T) {
	d := newDoor(t)
	d.live = true
	for _, route := range d.site.Routes() {
		if route.Method != http.MethodPost {
			continue
		}
		path := strings.NewReplacer("{token}", token(), "{id}", strings.Repeat("02", 32)).Replace(route.Pattern)
		r := httptest.NewRequest("POST", public+path, strings.NewReader("code=1"))
		r.Header.Set("Content-Type", web.FormType)
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: token()})
		r.AddCookie(&http.Cookie{Name: signInCookie, Value: token()})
		w := httptest.NewRecorder()
		d.site.ServeHTTP(w, r)
		if w.Code != 403 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if len(d.asked) != 0 {
		t.Errorf("another site did %v", d.asked)
	}
}

// TestLogo: the picture stands at the door under an address that changes with it; where it cannot be had, a letter does.
func TestLogo(t *testing.T) {
	d := newDoor(t)
	if strings.Contains(text(t, d.ask("GET", "/sign-in", nil)), "<img") {
		t.Error("a picture where there is none")
	}
	d.wants(d.ask("GET", "/logo?v=0123456789abcdef", nil), 404, "")
	d.picture = &account.Logo{Type: "image/png", Width: 240, Height: 96, Tag: "0123456789abcdef", File: []byte("\x89PNG")}
	for _, path := range []string{"/sign-in", "/sign-in/code", "/forgotten"} {
		d.says(d.ask("GET", path, nil, signInCookie, token()), `src="/logo?v=0123456789abcdef" width="240" height="96" alt="Northwind IT"`)
	}
	r := d.ask("GET", "/logo?v=0123456789abcdef", nil)
	if r.StatusCode != 200 || r.Header.Get("Content-Type") != "image/png" || r.Header.Get("X-Content-Type-Options") != "nosniff" || text(t, r) != "\x89PNG" {
		t.Errorf("%d %v", r.StatusCode, r.Header)
	}
	if r.Header.Get("Cache-Control") != "no-cache" || r.Header.Get("ETag") != `"0123456789abcdef"` {
		t.Errorf("kept without asking: %v", r.Header)
	}
	d.wants(d.ask("GET", "/logo?v=of-a-page-from-before", nil), 200, "")
	d.pictureErr = errors.New("the database is gone")
	d.wants(d.ask("GET", "/logo", nil), 500, "") // could not look, which is not "there is none"
	d.says(d.ask("GET", "/sign-in", nil), "door-mark")
}
