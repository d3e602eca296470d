package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/testkit/browser"
)

// enrolled brings dana in for the first time and gives her app and her recovery codes.
func enrolled(t *testing.T, n *northwind, p *browser.Page) (phone, []string) {
	t.Helper()
	p.Open(n.invite(dana(sallyport.MethodApp)))
	p.Fill("Password", danasPassword)
	p.Click("Continue")
	p.WaitText("Set up your authenticator app")
	app := scan(t, p, 1280, false)
	p.Fill("Type the 6 digits it shows", app.now())
	p.Click("Finish and sign in")
	p.WaitText("Save your recovery codes")
	codes := strings.Fields(p.Text(".codes"))
	p.Click("I have saved them, continue")
	p.WaitText("Your account")
	return app, codes
}

// signIn gives user name and password.
func signIn(n *northwind, p *browser.Page, password string) {
	p.Open(n.URL + "/sign-in")
	p.Fill("User name", "dana@northwind.example")
	p.Fill("Password", password)
	p.Click("Continue")
}

// TestLostPhone: a recovery code lets her in, the page after it offers the new phone, for which it is the proof; the
// old phone then opens nothing, nor does the used code, nor any older one.
func TestLostPhone(t *testing.T) {
	n := newNorthwind(t, mara(t))
	p := browser.New(t).Page()
	old, codes := enrolled(t, n, p)
	p.Click("Sign out")
	signIn(n, p, danasPassword)
	p.Click("Use a recovery code")
	p.Fill("Recovery code", "AAAA-BBBB")
	p.Click("Continue")
	p.WaitText("That is not a recovery code.")
	p.Fill("Recovery code", " "+strings.ToLower(strings.ReplaceAll(codes[3], "-", " ")))
	p.Click("Continue")
	p.WaitText("You used a recovery code")
	p.WaitText("9 recovery codes left")
	p.Click("Set up a new phone")
	p.WaitText("Set up the app on your new phone")
	fresh := scan(t, p, 390, true)
	if fresh.key == old.key {
		t.Fatal("the new phone got the old key")
	}
	p.Fill("Type the 6 digits it shows", fresh.now())
	p.Click("Finish")
	p.WaitText("Save your recovery codes")
	p.WaitText("take the place of your older codes")
	p.Click("I have saved them, continue")
	p.WaitText("10 unused codes")

	q := browser.New(t).Page()
	signIn(n, q, danasPassword)
	q.Fill("6-digit code from the app", old.later())
	q.Click("Sign in")
	q.WaitText("not right")
	q.Click("Use a recovery code")
	q.Fill("Recovery code", codes[4])
	q.Click("Continue")
	q.WaitText("not right")
	q.Click("Back to the code")
	q.Fill("6-digit code from the app", fresh.later())
	q.Click("Sign in")
	q.WaitText("Your account")
}

// TestNewPhoneWithTheOldOne: from the own page, the old phone's code opens the way to the new one, and only that.
func TestNewPhoneWithTheOldOne(t *testing.T) {
	n := newNorthwind(t, mara(t))
	p := browser.New(t).Page()
	old, codes := enrolled(t, n, p)
	p.Click("Use the app on a new phone")
	p.Click("Set up a new phone")
	p.WaitText("First, a code from your old phone")
	p.Fill("6-digit code from the app", "000000")
	p.Click("Continue")
	p.WaitText("not right")
	if p.Count(".qr") != 0 {
		t.Error("the new key is shown before the old phone's code")
	}
	p.Fill("6-digit code from the app", old.later())
	p.Click("Continue")
	p.WaitText("Set up the app on your new phone")
	fresh := scan(t, p, 1280, false)
	p.Fill("Type the 6 digits it shows", fresh.now())
	p.Click("Finish")
	p.WaitText("take the place of your older codes")
	if again := strings.Fields(p.Text(".codes")); len(again) != 10 || again[0] == codes[0] {
		t.Errorf("recovery codes: %d", len(again))
	}
	p.Click("I have saved them, continue")
	p.WaitText("Your account")
}

// TestOwnSessions: both browsers stand in the list, and the one that is ended is told why.
func TestOwnSessions(t *testing.T) {
	n := newNorthwind(t, mara(t))
	p := browser.New(t).Page()
	app, _ := enrolled(t, n, p)
	other := browser.New(t).Page()
	signIn(n, other, danasPassword)
	other.Fill("6-digit code from the app", app.later())
	other.Click("Sign in")
	other.WaitText("Where you are signed in")
	if got := other.Count(".cards li"); got != 2 {
		t.Errorf("%d sessions are shown, want 2", got)
	}
	other.Click(`button[aria-label^="End the session"]`)
	other.WaitText("That session has ended.")
	p.Open(n.URL + "/me")
	p.WaitURL("/sign-in?return=%2Fme")
	p.WaitText("This session was ended from your own account.")
}

// TestRecoveryCodesAreSaved: the download is what the page shows, without a script and without a request.
func TestRecoveryCodesAreSaved(t *testing.T) {
	n := newNorthwind(t, mara(t))
	p := browser.New(t).Page()
	_, codes := enrolled(t, n, p)
	p.Click("Make new recovery codes")
	p.Click("Make ten new codes")
	p.WaitText("take the place of your older codes")
	fresh := strings.Fields(p.Text(".codes"))
	if len(fresh) != 10 || fresh[0] == codes[0] {
		t.Fatalf("new codes: %d", len(fresh))
	}
	requests := len(p.Requests())
	text := browser.Eval[string](p, `decodeURIComponent(document.querySelector("a[download]").href.replace(/^[^,]*,/, ""))`)
	for _, c := range fresh {
		if !strings.Contains(text, c) {
			t.Errorf("the file lacks a code")
		}
	}
	if len(p.Requests()) != requests {
		t.Errorf("the file was asked for: %v", p.Requests()[requests:])
	}
	if name := p.Attribute("a[download]", "download"); name != "recovery-codes.txt" {
		t.Errorf("the file is called %q", name)
	}
	if folder := os.Getenv("SALLYPORT_PICTURES"); folder != "" {
		p.Screenshot(filepath.Join(folder, "recovery-codes.png"), 1280, false)
	}
}

// TestForgottenPassword: the link by email sets a new password, signs everybody out, and removes no second factor.
func TestForgottenPassword(t *testing.T) {
	n := newNorthwind(t, mara(t))
	p := browser.New(t).Page()
	app, _ := enrolled(t, n, p)
	q := browser.New(t).Page()
	q.Open(n.URL + "/sign-in")
	q.Click("Forgotten password")
	q.Fill("User name", "dana@northwind.example")
	q.Click("Send the link")
	q.WaitText("If the user name belongs to an account")
	link := n.mails.next(t, regexp.MustCompile(`http://localhost:\d+/reset/[A-Za-z0-9_-]{43}`))
	q.Open(link)
	q.WaitText("Choose a new password")
	q.Fill("New password", "quiet marble lantern 44")
	q.Click("Save the password")
	q.WaitText("Your password was changed, and you were signed out everywhere.")
	p.Open(n.URL + "/me")
	p.WaitText("Your password was changed, so you were signed out everywhere.")
	signIn(n, p, danasPassword)
	p.WaitText("User name or password is not right.")
	if p.Value("User name") != "dana@northwind.example" || p.Value("Password") != "" {
		t.Error("the name is to stay, the password is not")
	}
	p.Fill("Password", "quiet marble lantern 44")
	p.Click("Continue")
	p.WaitText("Type the code from your app")
	p.Fill("6-digit code from the app", app.later())
	p.Click("Sign in")
	p.WaitText("Your account")
	q.Open(link)
	q.WaitText("This link no longer works")
}

// TestOwnPassword: the acting browser goes on, the other one is out and is told why.
func TestOwnPassword(t *testing.T) {
	n := newNorthwind(t, mara(t))
	p := browser.New(t).Page()
	app, _ := enrolled(t, n, p)
	other := browser.New(t).Page()
	signIn(n, other, danasPassword)
	other.Fill("6-digit code from the app", app.later())
	other.Click("Sign in")
	other.WaitText("Your account")
	p.Open(n.URL + "/me")
	p.Fill("Current password", "not my password at all")
	p.Fill("New password", "quiet marble lantern 44")
	p.Click("Change the password")
	p.WaitText("That is not your password.")
	p.Fill("Current password", danasPassword)
	p.Fill("New password", "quiet marble lantern 44")
	p.Click("Change the password")
	p.WaitText("Your password was changed. Every other session of yours has ended.")
	other.Open(n.URL + "/me")
	other.WaitText("Please sign in")
}

// TestHelp: the number on the page is the one that the administrators see.
func TestHelp(t *testing.T) {
	n := newNorthwind(t, mara(t))
	p := browser.New(t).Page()
	enrolled(t, n, p)
	p.Click("Sign out")
	signIn(n, p, danasPassword)
	p.Click("I need help")
	p.Fill("What happened?", "My phone is lost")
	p.Click("Tell my administrators")
	p.WaitText("Your administrators were told")
	if number := p.Text(".number"); !regexp.MustCompile(`^\d{4}$`).MatchString(number) {
		t.Errorf("the number is %q", number)
	}
}

// TestEnrolmentCode: after a reset on the host, the code that is read out opens the way to a new set-up, once.
func TestEnrolmentCode(t *testing.T) {
	n := newNorthwind(t, mara(t))
	p := browser.New(t).Page()
	_, codes := enrolled(t, n, p)
	var reset json.RawMessage
	n.check(n.host.Call(t.Context(), "technician/reset-factor", map[string]string{"User": "dana@northwind.example", "Reason": "phone lost"}, &reset))
	read := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(string(reset))
	p.Open(n.URL + "/me")
	p.WaitText("Please sign in again.")
	signIn(n, p, danasPassword)
	p.WaitText("Type your enrolment code")
	p.Fill("Enrolment code", "AAAA-AAAA")
	p.Click("Continue")
	p.WaitText("not right")
	p.Fill("Enrolment code", strings.ToLower(read))
	p.Click("Continue")
	p.WaitText("Set up your authenticator app")
	app := scan(t, p, 1280, true)
	p.Fill("Type the 6 digits it shows", app.now())
	p.Click("Finish and sign in")
	p.WaitText("Save your recovery codes")
	if again := strings.Fields(p.Text(".codes")); again[0] == codes[0] {
		t.Error("the recovery codes outlived the reset")
	}
}

// TestFirstSetUpAndRescue: an empty folder's one-use address makes the Super Admin, and never again; rescue on the host
// brings him back with a new app.
func TestFirstSetUpAndRescue(t *testing.T) {
	n := newNorthwind(t, nil)
	p := browser.New(t).Page()
	p.Open(n.firstLink())
	p.WaitText("Set up the first Super Admin")
	p.Fill("First name", "Mara")
	p.Fill("Last name", "Voss")
	p.Fill("Business email", "mara@")
	p.Fill("Password", "violet anchor thunder 12")
	p.Click("Continue")
	p.WaitText("Please look at the marked fields.")
	if p.Value("First name") != "Mara" {
		t.Error("what was typed is gone")
	}
	p.Fill("Business email", "mara@northwind.example")
	p.Fill("User name", "mara")
	p.Fill("Password", "violet anchor thunder 12")
	p.Click("Continue")
	p.WaitText("Set up your authenticator app")
	app := scan(t, p, 1280, false)
	p.Fill("Type the 6 digits it shows", app.now())
	p.Click("Finish and sign in")
	p.WaitText("Save your recovery codes")
	p.Click("I have saved them, continue")
	p.WaitURL("/admin/technicians")

	var rescue struct{ Link string }
	n.check(n.host.Call(t.Context(), "rescue", map[string]string{"User": "mara"}, &rescue))
	p.Open(n.URL + "/admin")
	p.WaitText("Sign in")
	p.Open(rescue.Link)
	p.WaitText("This link was made on the host.")
	p.Fill("New password", "copper bridge sunrise 31")
	p.Click("Continue")
	p.WaitText("Set up your authenticator app")
	fresh := scan(t, p, 390, false)
	p.Fill("Type the 6 digits it shows", fresh.now())
	p.Click("Finish and sign in")
	p.WaitText("Save your recovery codes")
	p.Open(rescue.Link)
	p.WaitText("This link no longer works")
}
