package e2e

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/testkit/browser"
	"sallyport/internal/testkit/team"
)

// forgetful is a technician who typed a wrong password twelve times, a quarter of an hour apart, in a browser that never
// signed in before.
func forgetful(t *testing.T) (*northwind, team.Member) {
	t.Helper()
	var dana team.Member
	n := newNorthwind(t, func(ctx context.Context, f *team.Folder) {
		added, err := f.Add(ctx, team.Spec{Name: "dana", Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp})
		if err != nil {
			t.Fatal(err)
		}
		dana = added[0]
	})
	jar, err := cookiejar.New(nil)
	n.check(err)
	c := &http.Client{Jar: jar}
	first, err := c.Get(n.URL + "/sign-in")
	n.check(err)
	n.check(first.Body.Close())
	for range 12 {
		n.ahead.Add(int64(15 * time.Minute))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, n.URL+"/sign-in",
			strings.NewReader(url.Values{"user_name": {dana.UserName}, "password": {"not the right one"}, "return": {"/"}}.Encode()))
		n.check(err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", n.URL)
		answer, err := c.Do(req)
		n.check(err)
		n.check(answer.Body.Close())
		if answer.StatusCode != http.StatusUnprocessableEntity {
			t.Fatalf("a wrong password: %d", answer.StatusCode)
		}
	}
	return n, dana
}

// TestProofInThePlaceOfTheWait: with scripts the browser works while the technician types, and the quarter of an hour is
// over after half a minute; all of it by keyboard, under the page's own policy.
func TestProofInThePlaceOfTheWait(t *testing.T) {
	n, dana := forgetful(t)
	p := browser.New(t).Page()
	p.Open(n.URL + "/sign-in")
	p.Fill("User name", dana.UserName)
	p.Fill("Password", team.Password)
	p.Press("Enter")
	p.WaitText("Too many tries.")
	p.WaitText("This browser has done a piece of work")
	for _, v := range p.Axe() {
		t.Error(v)
	}
	n.forward(30 * time.Second)
	p.Fill("Password", team.Password)
	p.Press("Enter")
	p.WaitURL("/sign-in/code")
}

// TestWaitWithoutScripts: without scripts nothing is said of a piece of work, and the wait applies to its end.
func TestWaitWithoutScripts(t *testing.T) {
	n, dana := forgetful(t)
	p := browser.New(t).Page()
	p.NoScript(true)
	p.Open(n.URL + "/sign-in")
	try := func() {
		p.Fill("User name", dana.UserName)
		p.Fill("Password", team.Password)
		p.Press("Enter")
	}
	try()
	p.WaitText("Too many tries.")
	n.forward(30 * time.Second)
	try()
	p.WaitText("Too many tries.")
	if p.Has("piece of work") {
		t.Error("the page speaks of work that nobody does")
	}
	n.forward(15 * time.Minute)
	try()
	p.WaitURL("/sign-in/code")
}
