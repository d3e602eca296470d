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
)

// wantsLink is what only the page of a link's own kind says.
var wantsLink = map[sallyport.LinkKind]string{sallyport.LinkInvitation: "After the password you set up the authenticator app", sallyport.LinkReset: "<bdi>dana</bdi>",
	sallyport.LinkSetup: `name="first_name"`, sallyport.LinkRescue: "<bdi>dana</bdi>"}

func TestLinks(t *testing.T) {
	for _, kind := range []sallyport.LinkKind{sallyport.LinkInvitation, sallyport.LinkReset, sallyport.LinkSetup, sallyport.LinkRescue} {
		t.Run(string(kind), func(t *testing.T) {
			d := newDoor(t)
			d.link = session.LinkPage{Kind: kind, UserName: "dana", PasswordMin: 15, Method: sallyport.MethodApp}
			path := "/" + string(kind) + "/" + token()
			d.link.ExpiresAt = noon.Add(time.Hour)
			body := d.says(d.ask("GET", path, nil), `action="`+path+`"`, "15 characters", "until", "13:00 UTC", wantsLink[kind])
			if strings.Count(body, path) != 1 || len(d.asked) != 0 {
				t.Errorf("the token stands on the page %d times; changes: %v", strings.Count(body, path), d.asked)
			}
			d.err = sallyport.InvalidField("password", "Please use 15 characters or more.")
			r := d.ask("POST", path, url.Values{"password": {"short-one"}})
			d.wants(r, 422, "")
			if strings.Contains(d.says(r, "Please use 15 characters or more.", wantsLink[kind]), "short-one") {
				t.Error("the password stands on the page")
			}
			if d.form.Password != "short-one" {
				t.Errorf("%+v", d.form)
			}
			if kind != sallyport.LinkSetup {
				d.wants(d.ask("POST", path, url.Values{"password": {"short-one"}, "user_name": {"mallory"}}), 400, "")
			}
			d.err, d.out = nil, session.Outcome{SignIn: sallyport.NewToken()}
			to := "/sign-in/code"
			if kind == sallyport.LinkReset {
				to, d.out = "/sign-in?why=reset", session.Outcome{}
			}
			d.wants(d.ask("POST", path, url.Values{"password": {"a long enough password"}}), 303, to)
			d.pageErr = sallyport.ErrUnavailable
			d.wants(d.ask("GET", path, nil), 503, "")
			for _, err := range []error{sallyport.E(sallyport.Gone, "link_over", "spent"), sallyport.ErrNotFound} {
				d.err, d.pageErr = err, err
				for _, method := range []string{"GET", "POST"} {
					r := d.ask(method, path, url.Values{"password": {"x"}})
					d.wants(r, 410, "")
					page := d.says(r, "This link no longer works")
					if kind != sallyport.LinkSetup && !strings.Contains(page, "please sign in with") { // it was he who used it, and he pressed twice
						t.Errorf("%s: what worked is called lost: %s", kind, page)
					}
				}
			}
		})
	}
}

// TestNothingIsLeftBehind: a session whose token the browser loses, to another sign-in or to a password reset, ends. Where that
// could not be looked at the sign-in stands all the same.
func TestNothingIsLeftBehind(t *testing.T) {
	for _, c := range []struct {
		live bool
		err  error
		want []string
	}{{true, nil, []string{"sign-out"}}, {false, nil, nil}, {false, sallyport.ErrUnavailable.Because(errors.New("nothing listens")), nil}} {
		d := newDoor(t)
		d.live, d.checkErr = c.live, c.err
		r := d.ask("POST", "/reset/"+token(), url.Values{"password": {"a long enough password"}}, sessionCookie, token())
		d.wants(r, 303, "/sign-in?why=reset")
		if cookie(r, sessionCookie) != "-" {
			t.Errorf("%+v, a reset: the browser keeps its token", c)
		}
		if told := strings.Contains(d.log.String(), "nothing listens"); told != (c.err != nil) {
			t.Errorf("%+v, a reset: the log says so: %v", c, told)
		}
		if want := append([]string{"complete reset"}, c.want...); !slices.Equal(d.asked, want) {
			t.Errorf("%+v, a reset: %v", c, d.asked)
		}
		d.asked = nil
		d.out = session.Outcome{Finished: true, Session: sallyport.NewToken(), Device: sallyport.NewToken(), Return: "/me"}
		d.wants(d.ask("POST", "/sign-in/code", url.Values{"code": {"123456"}}, signInCookie, token(), sessionCookie, token()), 303, "/me")
		if want := append([]string{"answer"}, c.want...); !slices.Equal(d.asked, want) {
			t.Errorf("%+v, a sign-in: %v", c, d.asked)
		}
	}
}

func TestSetUpKeepsWhatWasTyped(t *testing.T) {
	d := newDoor(t)
	d.err = sallyport.InvalidFields([]sallyport.Field{{Name: "email", Message: "That is not an email address."}, {Name: "password", Message: "Too short."}})
	r := d.ask("POST", "/set-up/"+token(), url.Values{"first_name": {"Mara"}, "last_name": {"Voss"}, "email": {"mara@"}, "user_name": {"mara"}, "password": {"x"}})
	d.wants(r, 422, "")
	d.says(r, `value="Mara"`, `value="Voss"`, `value="mara@"`, `value="mara"`, `href="#email"`, `href="#password"`, `id="email-error"`)
	if want := (session.LinkForm{Password: "x", FirstName: "Mara", LastName: "Voss", UserName: "mara", Email: "mara@"}); d.form != want {
		t.Errorf("%+v", d.form)
	}
}

// TestForgottenAnswersAlike: the page says the same for every name.
func TestForgottenAnswersAlike(t *testing.T) {
	d := newDoor(t)
	d.wants(d.ask("POST", "/forgotten", url.Values{"user_name": {"dana"}}), 303, "/forgotten/sent")
	d.wants(d.ask("POST", "/forgotten", url.Values{"user_name": {"nobody"}}), 303, "/forgotten/sent")
	d.wants(d.ask("POST", "/forgotten", url.Values{"user_name": {""}}), 422, "")
	d.says(d.ask("GET", "/forgotten/sent", nil), "If still nothing comes, or you have not used your invitation yet, please ask an administrator.")
	if len(d.asked) != 2 {
		t.Errorf("asked %v", d.asked)
	}
	d.err = sallyport.ErrUnavailable
	d.says(d.ask("POST", "/forgotten", url.Values{"user_name": {"dana"}}), `value="dana"`)
	d.err = errors.New("broken")
	r := d.ask("POST", "/forgotten", url.Values{"user_name": {"dana"}})
	d.wants(r, 500, "")
	if strings.Contains(text(t, r), "<form") {
		t.Error("a fault is told as something that was typed")
	}
}
