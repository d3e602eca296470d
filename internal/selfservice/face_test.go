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
	if again := d.ask("GET", "/sign-in", nil, signInCookie, pre); len(again.Cookies()) != 0 {
		t.Errorf("the form of another tab is cut off from its cookie: %v", again.Cookies())
	}
	next := sallyport.NewToken()
	d.out = session.Outcome{SignIn: next}
	device := token()
	done := d.ask("POST", "/sign-in", url.Values{"user_name": {"dana"}, "password": {"correct horse"}, "return": {"/admin"}}, signInCookie, pre, "sallyport-device-8080", device)
	d.wants(done, 303, "/sign-in/code")
	if cookie(done, signInCookie) != next.Reveal() {
		t.Error("the sign-in's token is not the cookie now")
	}
	if len(done.Cookies()) != 1 {
		t.Errorf("another cookie is written over: %v", done.Cookies())
	}
	if d.attempt.UserName != "dana" || d.attempt.Password != "correct horse" || d.attempt.Return != "/admin" || d.attempt.Device.Reveal() != device {
		t.Errorf("asked with %+v", d.attempt)
	}
}

// TestForeignFormSignsNobodyIn is D4.5: a form that was not begun here comes without the cookie.
func TestForeignFormSignsNobodyIn(t *testing.T) {
	d := newDoor(t)
	r := d.ask("POST", "/sign-in", url.Values{"user_name": {"mallory"}, "password": {"x"}})
	d.wants(r, 403, "")
	d.says(r, "allow cookies")
	if cookie(r, signInCookie) == "" {
		t.Error("the next try comes without a cookie, too")
	}
	if len(d.asked) != 0 {
		t.Errorf("the use case was asked: %v", d.asked)
	}
}

// TestFormOfATabThatIsLate: the form was opened before another tab signed in, which took its cookie back. Cookies are allowed
// here, and nobody need sign in twice.
func TestFormOfATabThatIsLate(t *testing.T) {
	d := newDoor(t)
	form := url.Values{"user_name": {"dana"}, "password": {"x"}, "return": {"/admin"}}
	d.live, d.own.Technician.UserNameKey = true, "dana"
	for _, name := range []string{"dana", " Dana"} {
		form.Set("user_name", name)
		d.wants(d.ask("POST", "/sign-in", form, sessionCookie, token()), 303, "/admin")
	}
	for _, name := range []string{"ilya", "not a name ,", ""} { // he would go on as dana, and not know it
		form.Set("user_name", name)
		r := d.ask("POST", "/sign-in", form, sessionCookie, token())
		d.wants(r, 409, "")
		d.says(r, "somebody signed in meanwhile, as dana.", `action="/sign-in"`)
		if cookie(r, signInCookie) == "" {
			t.Error("the next try comes without a cookie, too")
		}
	}
	d.live = false
	d.wants(d.ask("POST", "/sign-in", form, sessionCookie, token()), 403, "")
	d.checkErr = sallyport.ErrUnavailable
	d.wants(d.ask("POST", "/sign-in", form, sessionCookie, token()), 503, "")
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
	if got := r.Header.Get("Retry-After"); got != "90" {
		t.Errorf("Retry-After %q", got)
	}
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
	if page := text(t, d.ask("POST", "/sign-in", form, signInCookie, cookie)); strings.Contains(page, "try again") ||
		strings.Count(page, "picture puzzle") != 1 || !strings.Contains(page, "hidden data-proof-working") {
		t.Error("a page without a wait explains it before its form is held back")
	}
	d.err = sallyport.E(sallyport.TooMany, "wait", "Too many tries.").After(time.Hour)
	d.says(d.ask("POST", "/sign-in", form, signInCookie, cookie), "try again from", "12:00:20 UTC")
	d.challenge.From = noon.Add(time.Second)
	d.says(d.ask("POST", "/sign-in", form, signInCookie, cookie), "try again from", "12:00:01 UTC")
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
	d.challenge, d.challengeErr, d.err = &session.Challenge{Text: "AQ0x", From: noon, Now: noon}, nil, sallyport.ErrUnavailable
	if strings.Contains(text(t, d.ask("POST", "/sign-in", form, signInCookie, cookie)), `name="challenge"`) {
		t.Error("work is asked for where no answer was wrong")
	}
	d.err = errors.New("broken")
	if strings.Contains(text(t, d.ask("POST", "/sign-in", form, signInCookie, cookie)), "<form") {
		t.Error("a fault is told as something that was typed")
	}
}

func TestForcedSignOutSaysWhy(t *testing.T) {
	d := newDoor(t)
	d.ended = sallyport.EndedBySave
	d.says(d.ask("GET", "/sign-in", nil, sessionCookie, token()), "Your administrator changed how you sign in. Please sign in again.")
	d.ended = sallyport.EndedByOwnSave
	d.says(d.ask("GET", "/sign-in", nil, sessionCookie, token()), "How you sign in was changed from your own account. Please sign in again.")
	if strings.Contains(text(t, d.ask("GET", "/sign-in", nil)), "administrator") {
		t.Error("somebody without the dead session learns of it")
	}
	d.ended = sallyport.EndedByDeletion // nobody but he himself need have done it, and he cannot sign in again
	if strings.Contains(d.says(d.ask("GET", "/sign-in", nil, sessionCookie, token()), "This account was deleted"), "sign in again") {
		t.Error("he is asked to sign in with an account that is gone")
	}
	d.ended = sallyport.EndedByDeactivation
	if strings.Contains(d.says(d.ask("GET", "/sign-in", nil, sessionCookie, token()), "This account was deactivated"), "sign in again") {
		t.Error("he is asked to sign in with an account that is deactivated")
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
		d.ask("POST", "/sign-in/code", url.Values{"code": {"123456"}}, sessionCookie, token()),
	} {
		d.wants(r, 503, "")
		if len(r.Cookies()) != 0 || r.Header.Get("Retry-After") == "" {
			t.Errorf("cookies %v, Retry-After %q", r.Cookies(), r.Header.Get("Retry-After"))
		}
	}
	d.wants(d.ask("GET", "/sign-in", nil), 200, "") // nothing to look up
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
	for _, path := range []string{"/sign-in", "/sign-in/code"} {
		d.says(d.ask("GET", path, nil, signInCookie, token()), "door-mark")
	}
}

// TestChangePasswordAddress is where password managers look.
func TestChangePasswordAddress(t *testing.T) {
	d := newDoor(t)
	d.wants(d.ask("GET", "/.well-known/change-password", nil), 303, "/me#change-password")
}
