package selfservice

import (
	"net/url"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/session"
)

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
