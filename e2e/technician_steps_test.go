package e2e

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/browser"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// plain is a browser without scripts, for requests that no page of ours would send.
func (n *northwind) plain() *server.Client {
	u, err := url.Parse(n.URL)
	n.check(err)
	port, err := strconv.Atoi(u.Port())
	n.check(err)
	return (&server.Server{Port: port, URL: n.URL}).Client()
}

// post sends a form and holds the answer against what is expected.
func (n *northwind) post(c *server.Client, path string, form url.Values, status int, location string) server.Answer {
	n.t.Helper()
	a, err := c.Post(n.t.Context(), path, form)
	n.check(err)
	if a.Status != status || a.Location != location {
		n.t.Fatalf("POST %s: %d %q, want %d %q\n%s", path, a.Status, a.Location, status, location, a.Body)
	}
	return a
}

// TestStepsInOrder is D4.9 and D4.10: no step can be skipped, repeated, or taken with another browser's cookie.
func TestStepsInOrder(t *testing.T) {
	var members []team.Member
	n := newNorthwind(t, func(ctx context.Context, f *team.Folder) {
		var err error
		if members, err = f.Add(ctx, team.Spec{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp},
			team.Spec{Name: "ilya", Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp}); err != nil {
			t.Fatal(err)
		}
	})
	right := url.Values{"code": {members[0].Digits(time.Now())}}
	over := "/sign-in?why=over"
	steps := []string{"/sign-in/code", "/sign-in/recovery", "/sign-in/enrolment-code", "/sign-in/send"}
	form := func(path string) url.Values {
		if path == "/sign-in/send" {
			return nil
		}
		return right
	}
	c := n.plain()
	for _, path := range steps { // no sign-in at all
		n.post(c, path, form(path), 303, over)
	}
	_, err := c.Get(t.Context(), "/sign-in") // the cookie that begins one
	n.check(err)
	for _, path := range steps {
		d := n.plain()
		_, err := d.Get(t.Context(), "/sign-in")
		n.check(err)
		n.post(d, path, form(path), 303, "/sign-in/code?over=step")
		a, err := d.Get(t.Context(), "/sign-in/code")
		if n.check(err); a.Location != over {
			t.Errorf("%s: %q", path, a.Location)
		}
	}
	n.post(c, "/sign-in", url.Values{"user_name": {members[1].UserName}, "password": {team.Password}}, 303, "/sign-in/code")
	n.post(c, "/sign-in/code", right, 422, "") // mara's digits in ilya's sign-in
	n.post(c, "/sign-in/send", nil, 409, "")   // nothing is sent at this step
	moved := n.post(c, "/sign-in/enrolment-code", url.Values{"code": {"AAAA-AAAA"}}, 409, "").Body
	if !strings.Contains(moved, "go on with what this page asks for") || strings.Contains(moved, "Please start again") || !strings.Contains(moved, `action="/sign-in/code"`) {
		t.Errorf("an answer to another step: %s", moved)
	}
	n.post(c, "/sign-in/password", url.Values{"password": {team.Password}}, 409, "")
	if c.Session() != "" {
		t.Fatal("a session without the factor")
	}
	a := n.post(c, "/sign-in/code", url.Values{"code": {members[1].Digits(time.Now())}}, 303, "/me/recovery-codes?return=%2F")
	if c.Session() == "" {
		t.Fatalf("no session: %+v", a)
	}
	n.post(c, "/sign-in/code", right, 303, "/") // that sign-in is over, and its session goes on
}

// TestConfirmAgain: a sensitive change asks a session with an old proof once more, goes on under a new token, and three
// wrong answers end it.
func TestConfirmAgain(t *testing.T) {
	var boss team.Member
	var tokens []sallyport.Token
	n := newNorthwind(t, func(ctx context.Context, f *team.Folder) {
		list, err := f.Add(ctx, team.Spec{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp})
		if err != nil {
			t.Fatal(err)
		}
		boss = list[0]
		for range 2 {
			tokens = append(tokens, oldSession(t, f, boss))
		}
	})
	c := n.plain()
	c.HoldSession(tokens[0].Reveal())
	n.post(c, "/me/recovery-codes", nil, 403, "") // a browser would be sent to /confirm
	n.post(c, "/confirm", url.Values{"return": {"/me/recovery-codes"}, "code": {boss.Digits(time.Now())}}, 303, "/me/recovery-codes")
	if c.Session() == tokens[0].Reveal() {
		t.Error("the proof left the old token alive")
	}
	if a := n.post(c, "/me/recovery-codes", nil, 200, ""); strings.Count(a.Body, "<li>") != 10 {
		t.Errorf("no ten codes: %s", a.Body)
	}

	// The new codes ended every other session of hers.
	d := n.plain()
	d.HoldSession(tokens[1].Reveal())
	n.post(d, "/me/recovery-codes", nil, 401, "")
}

// TestThreeWrongProofsEndTheSession: contract section 6.
func TestThreeWrongProofsEndTheSession(t *testing.T) {
	var token sallyport.Token
	n := newNorthwind(t, func(ctx context.Context, f *team.Folder) {
		list, err := f.Add(ctx, team.Spec{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp})
		if err != nil {
			t.Fatal(err)
		}
		token = oldSession(t, f, list[0])
	})
	c := n.plain()
	c.HoldSession(token.Reveal())
	wrong := url.Values{"return": {"/me"}, "code": {"000000"}}
	n.post(c, "/confirm", wrong, 422, "")
	n.post(c, "/sign-in/code", url.Values{"code": {"000001"}}, 422, "")
	n.post(c, "/sign-in/code", url.Values{"code": {"000002"}}, 303, "/sign-in")
	if live, err := c.Live(t.Context()); live || err != nil {
		t.Errorf("the session is live: %v %v", live, err)
	}
	a, err := c.Get(t.Context(), "/sign-in")
	n.check(err)
	if !strings.Contains(a.Body, "Three wrong answers ended this session.") {
		t.Error("the page does not say why")
	}
}

// oldSession is a live session whose last proof is an hour old.
func oldSession(t *testing.T, f *team.Folder, m team.Member) sallyport.Token {
	t.Helper()
	token := sallyport.NewToken()
	hash, _ := token.Hash()
	now := time.Now()
	err := f.DB.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.CreateSession(t.Context(), sallyport.Session{Hash: hash, Technician: m.ID, Generation: m.Generation, Method: "app",
			Address: "127.0.0.1", Browser: "Firefox on Linux", CreatedAt: now.Add(-time.Hour), UsedAt: now, ProvedAt: now.Add(-time.Hour), ExpiresAt: now.Add(time.Hour)}, 0)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestTwoPeopleAtOneBrowser: the sign-in page was open when somebody else signed in in another tab. Whoever types his name there
// does not go on in the other one's account; typed again, his password signs him in, and the other one out here.
func TestTwoPeopleAtOneBrowser(t *testing.T) {
	var members []team.Member
	n := newNorthwind(t, func(ctx context.Context, f *team.Folder) {
		var err error
		if members, err = f.Add(ctx, team.Spec{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp},
			team.Spec{Name: "ilya", Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp}); err != nil {
			t.Fatal(err)
		}
	})
	b := browser.New(t)
	mara, ilya := b.Page(), b.Page()
	ilya.Open(n.URL + "/sign-in")
	typed := func(p *browser.Page, m team.Member) {
		p.Fill("User name", m.UserName)
		p.Fill("Password", team.Password)
		p.Click("Continue")
	}
	mara.Open(n.URL + "/admin/audit")
	mara.WaitURL("/sign-in?return=%2Fadmin%2Faudit")
	typed(mara, members[0])
	mara.WaitText("Type the code from your app")
	mara.Click("Start again")
	mara.WaitURL("/sign-in?return=%2Fadmin%2Faudit") // which was not forgotten
	typed(mara, members[0])
	mara.Fill("6-digit code from the app", members[0].Digits(time.Now()))
	mara.Click("Sign in")
	mara.WaitText("Few recovery codes left")
	typed(ilya, members[1])
	ilya.WaitText("somebody signed in meanwhile, as " + members[0].UserName)
	typed(ilya, members[1])
	ilya.WaitText("Signing in as " + members[1].UserName)
	ilya.Fill("6-digit code from the app", members[1].Digits(time.Now()))
	ilya.Click("Sign in")
	ilya.Click("Not now")
	ilya.WaitText("Your account")
	mara.Open(n.URL + "/me")
	mara.WaitText(members[1].UserName)
}
