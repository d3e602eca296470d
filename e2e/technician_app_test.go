package e2e

import (
	"context"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/testkit/browser"
	"sallyport/internal/testkit/team"
)

// mara is the Super Admin whom every organisation needs before it can invite.
func mara(t testing.TB, more ...team.Spec) func(context.Context, *team.Folder) {
	return func(ctx context.Context, f *team.Folder) {
		if _, err := f.Add(ctx, append([]team.Spec{{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp}}, more...)...); err != nil {
			t.Fatal(err)
		}
	}
}

const danasPassword = "harbour kettle violin 9"

// dana is invited with a method of her administrator's choice.
func dana(method sallyport.Method) account.Form {
	return account.Form{FirstName: "Dana", LastName: "Reyes", Email: "dana@northwind.example", Phone: "+1 212 555 0107", Role: sallyport.ReadOnlyTechnician, Method: method}
}

// TestInvitationToInside: the link of the email, a password, the QR code read from a picture of the page in every look,
// the digits of another program, ten recovery codes, inside.
func TestInvitationToInside(t *testing.T) {
	n := newNorthwind(t, mara(t))
	link := n.invite(dana(sallyport.MethodApp))
	p := browser.New(t).Page()
	p.Open(link)
	p.WaitText("Welcome, choose your password")
	p.Fill("Password", "too short")
	p.Click("Continue")
	if !strings.HasPrefix(browser.Eval[string](p, "document.title"), "Error: ") || !strings.Contains(p.Focused(), "at least 15") {
		t.Errorf("the refusal is not where the focus is: %s", p.Focused())
	}
	p.Fill("Password", danasPassword)
	p.Click("Continue")
	p.WaitText("Set up your authenticator app")
	app := scan(t, p, 1280, false)
	for _, look := range []struct {
		width int
		dark  bool
	}{{1280, true}, {390, false}, {390, true}} {
		if again := scan(t, p, look.width, look.dark); again.key != app.key {
			t.Errorf("%d pixels, dark %v: another key", look.width, look.dark)
		}
	}
	p.Click("Can’t scan? Show the key")
	if shown := strings.ReplaceAll(p.Text("#key"), " ", ""); shown != app.key {
		t.Errorf("the key as text is %s, in the picture %s", shown, app.key)
	}
	wrong := "000000"
	p.Fill("Type the 6 digits it shows", wrong)
	p.Click("Finish and sign in")
	p.WaitText("not right")
	if again := scan(t, p, 1280, false); again.key != app.key {
		t.Error("a wrong code changed the key")
	}
	p.Fill("Type the 6 digits it shows", app.now())
	p.Click("Finish and sign in")
	p.WaitText("Save your recovery codes")
	if n := p.Count(".codes li"); n != 10 {
		t.Errorf("%d recovery codes", n)
	}
	p.Click("I have saved them, continue")
	p.WaitText("Your account")
	p.WaitText("10 unused codes")
	if html := p.HTML(); strings.Contains(html, app.key) {
		t.Error("the key stands on the own page")
	}
	p.Open(link)
	p.WaitText("This link no longer works")

	// The next sign-in asks for the app; the digits used before are not taken again.
	q := browser.New(t).Page()
	q.Open(n.URL + "/")
	q.WaitURL("/sign-in")
	q.Fill("User name", "DANA@northwind.example")
	q.Fill("Password", danasPassword)
	q.Click("Continue")
	q.WaitText("Type the code from your app")
	if q.Count(".qr") != 0 {
		t.Error("a confirmed key is shown again")
	}
	digits := app.later()
	q.Fill("6-digit code from the app", digits[:3]+" "+digits[3:])
	q.Click("Sign in")
	q.WaitText("Your account")
	q.Click("Sign out")
	q.WaitText("You are signed out")
	q.Open(n.URL + "/me")
	q.WaitURL("/sign-in?return=%2Fme")
}

// TestSetUpElsewhere: of two phones that scan at once the first one is set up. The other one is told which entry to delete,
// and in the next sign-in the first one's code is asked for.
func TestSetUpElsewhere(t *testing.T) {
	n := newNorthwind(t, mara(t))
	first, second := browser.New(t).Page(), browser.New(t).Page()
	first.Open(n.invite(dana(sallyport.MethodApp)))
	first.Fill("Password", danasPassword)
	first.Click("Continue")
	first.WaitText("Set up your authenticator app")
	signIn(n, second, danasPassword)
	second.WaitText("Set up your authenticator app")
	winner, loser := scan(t, first, 1280, false), scan(t, second, 1280, false)

	first.Fill("Type the 6 digits it shows", winner.now())
	first.Click("Finish and sign in")
	first.WaitText("Save your recovery codes")
	second.Fill("Type the 6 digits it shows", loser.now())
	second.Click("Finish and sign in")
	second.WaitText("the app was set up elsewhere")
	second.WaitText("delete that entry from the app")

	signIn(n, second, danasPassword)
	second.Fill("6-digit code from the app", winner.later())
	second.Click("Sign in")
	second.WaitText("Your account")
}

// TestSetUpInTwoTabs: a set-up that was finished in another tab of the same browser is not called over, and nobody is told to
// delete the entry that works. The recovery codes were shown in the other tab.
func TestSetUpInTwoTabs(t *testing.T) {
	n := newNorthwind(t, mara(t))
	b := browser.New(t)
	first, second := b.Page(), b.Page()
	first.Open(n.invite(dana(sallyport.MethodApp)))
	first.Fill("Password", danasPassword)
	first.Click("Continue")
	first.WaitText("Set up your authenticator app")
	app := scan(t, first, 1280, false)
	second.Open(n.URL + "/sign-in/code")
	for _, p := range []*browser.Page{first, second} {
		p.Fill("Type the 6 digits it shows", app.now())
	}
	first.Click("Finish and sign in")
	first.WaitText("Save your recovery codes")
	second.Click("Finish and sign in")
	second.WaitText("Your second factor is set up, and you are signed in.")
	if second.Has("delete that entry") {
		t.Error("the entry that works is to be deleted")
	}
	second.Click("Make new recovery codes")
	second.Click("Make ten new codes")
	second.WaitText("Save your recovery codes")
}

// TestEntryOfAnEarlierQRCode: whoever scanned, started again and types what the first entry shows would wait for the next code for
// ever; he is told which entry counts.
func TestEntryOfAnEarlierQRCode(t *testing.T) {
	n := newNorthwind(t, mara(t))
	p := browser.New(t).Page()
	p.Open(n.invite(dana(sallyport.MethodApp)))
	p.Fill("Password", danasPassword)
	p.Click("Continue")
	p.WaitText("Set up your authenticator app")
	earlier := scan(t, p, 1280, false)
	p.Click("Start again")
	signIn(n, p, danasPassword)
	p.WaitText("Set up your authenticator app")
	p.Fill("Type the 6 digits it shows", earlier.now())
	p.Click("Finish and sign in")
	p.WaitText("from the entry that the QR code on this page made, not from an older one")
	p.Fill("Type the 6 digits it shows", scan(t, p, 1280, false).now())
	p.Click("Finish and sign in")
	p.WaitText("Save your recovery codes")
	p.WaitText("For dana@northwind.example, made ")
}

// TestTwoInvitationsInOneBrowser: two people who are set up at one desk, in two tabs, do not scan each other's QR code: what one types
// is not looked at in the other's sign-in, which took the place of his, and the page says whose it is.
func TestTwoInvitationsInOneBrowser(t *testing.T) {
	n := newNorthwind(t, mara(t))
	b := browser.New(t)
	first, second := b.Page(), b.Page()
	ilya := dana(sallyport.MethodApp)
	ilya.FirstName, ilya.Email = "Ilya", "ilya@northwind.example"
	begin := func(p *browser.Page, form account.Form) phone {
		p.Open(n.invite(form))
		p.Fill("Password", danasPassword)
		p.Click("Continue")
		p.WaitText("Set up your authenticator app")
		return scan(t, p, 1280, false)
	}
	danas := begin(first, dana(sallyport.MethodApp))
	ilyas := begin(second, ilya)
	first.Fill("Type the 6 digits it shows", danas.now())
	first.Click("Finish and sign in")
	first.WaitText("a sign-in as ilya@northwind.example was begun meanwhile. What was sent for dana@northwind.example did nothing.")
	first.WaitText("Signing in as ilya@northwind.example")
	second.Fill("Type the 6 digits it shows", ilyas.now())
	second.Click("Finish and sign in")
	second.WaitText("Save your recovery codes")
	second.WaitText("For ilya@northwind.example, made ")
}
