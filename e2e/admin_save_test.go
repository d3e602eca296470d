package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/testkit/browser"
	"sallyport/internal/testkit/team"
)

var danaSpec = team.Spec{Name: "dana", Role: sallyport.Admin, Method: sallyport.MethodApp}

// TestAddTechnician: the form, the invitation's email, the guest's own browser, and the list that says that it is set up.
func TestAddTechnician(t *testing.T) {
	o := newOffice(t)
	p := o.desk
	p.WaitText("Technicians and Roles")
	p.Click("Add Technician")
	p.Fill("First name", "Noor")
	p.Fill("Last name", "Haddad")
	p.Fill("Business email", "noor@")
	p.Fill("Role", "Reports Manager")
	p.Check("Authenticator App")
	p.Click("[data-save]")
	p.WaitText("Please look at the marked fields")
	p.Fill("Business email", "noor@northwind.example")
	p.WaitText("To noor@northwind.example.") // beside the method, as the form changes
	p.Fill("User name", "mara@northwind.example")
	p.WaitText("This will be refused: Somebody else has this user name already.")
	p.Fill("User name", "noor@northwind.example")
	p.WaitGone("This will be refused")
	p.Click("[data-save]")
	p.WaitText("Noor was added. The invitation is on its way to noor@northwind.example.")
	inspect(t, p)
	link := o.mails.next(t, regexp.MustCompile(`http://localhost:\d+/invitation/[A-Za-z0-9_-]{43}`))

	q := browser.New(t).Page()
	q.Open(link)
	q.Fill("Password", danasPassword)
	q.Click("Continue")
	q.WaitText("Set up your authenticator app")
	q.Fill("Type the 6 digits it shows", scan(t, q, 1280, false).now())
	q.Click("Finish and sign in")
	q.WaitText("Save your recovery codes")

	p.Click("Technicians and Roles")
	p.Fill("Search name, user name or email", "noor")
	p.Press("Enter")
	p.WaitText("1 of 3")
	row := p.In("tr", "Noor Haddad")
	for _, words := range []string{"Reports Manager", "active", "Authenticator App", "yes", "1 session"} {
		if !row.Has(words) {
			t.Errorf("the row does not say %q", words)
		}
	}
}

// TestSaveSignsOutAtOnce: the live preview, Save, and what Dana's browser meets with its next click.
func TestSaveSignsOutAtOnce(t *testing.T) {
	o := newOffice(t, danaSpec)
	dana := o.signIn(o.others[0])
	dana.WaitText("Technicians and Roles")

	p := o.desk
	p.Click("dana Team")
	p.WaitText("Signed in on 1 browser")
	p.WaitText("Nothing: the form says what is stored already")
	p.Check("Send Verification Code via Email")
	p.WaitText("dana is signed out of 1 browser at once")
	p.WaitText("first gives a code of the authenticator app in use now once more")
	if got := p.Text("[data-save]"); got != "Save and sign out" {
		t.Errorf("the button says %q", got)
	}
	inspect(t, p)
	p.Click("Save and sign out")
	p.WaitText("Saved. dana was signed out of 1 browser")

	dana.Click("Sessions")
	dana.WaitURL("/sign-in?return=%2Fadmin%2Fsessions")
	dana.WaitText("changed how you sign in")
	o.mails.next(t, regexp.MustCompile(`(?s)second factor.*|method.*`))

	dana.Fill("User name", "dana@northwind.example")
	dana.Fill("Password", team.Password)
	dana.Click("Continue")
	dana.Fill("6-digit code from the app", o.others[0].Digits(time.Now().Add(30*time.Second)))
	dana.Click("Continue")
	dana.Fill("6-digit code", o.mails.code(t))
	dana.Press("Enter")
	dana.WaitText("Save your recovery codes")
}

// TestSaveWithoutScripts: the preview is a button then, and nothing else is missing.
func TestSaveWithoutScripts(t *testing.T) {
	o := newOffice(t, danaSpec)
	p := o.desk
	p.NoScript(true)
	p.Open(o.URL + "/admin/technicians?q=dana")
	p.In("tr", "dana Team").Click("More for dana Team")
	p.In("tr", "dana Team").Click("Edit Technician")
	p.Check("Send Verification Code via Text Message")
	p.Click("Preview")
	p.WaitText("Text Message needs a phone number")
	p.Fill("Phone", "212 555 0107")
	p.Click("Preview")
	p.WaitText("dana is signed in nowhere now")
	if p.Value("Phone") != "212 555 0107" {
		t.Error("what was typed is lost")
	}
	p.Click("Save and sign out")
	p.WaitText("Saved. dana was signed in nowhere")
	if got := p.Value("Phone"); got != "+12125550107" {
		t.Errorf("the number is stored as %q", got)
	}
}

// TestTwoAdministrators: the second Save is shown what changed, and keeps what was typed.
func TestTwoAdministrators(t *testing.T) {
	o := newOffice(t, danaSpec, team.Spec{Name: "ilya", Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp})
	second := o.signIn(o.others[0])
	second.Click("ilya Team")
	second.Fill("Last name", "Novak")
	o.desk.Click("ilya Team")
	o.desk.Fill("Phone", "+12125550107")
	o.desk.Click("[data-save]")
	o.desk.WaitText("Saved.")
	second.Click("[data-save]")
	second.WaitText("saved this technician while you were editing")
	if second.Value("Last name") != "Novak" {
		t.Error("what was typed is lost")
	}
	inspect(t, second)
}

// TestResetWithEnrolmentCode: a lost phone, a code read out, a new phone.
func TestResetWithEnrolmentCode(t *testing.T) {
	o := newOffice(t, danaSpec)
	p := o.desk
	p.In("tr", "dana Team").Click("More for dana Team")
	p.In("tr", "dana Team").Click("Reset second factor")
	p.Fill("Reason", "The phone fell into the sea.")
	p.Click("Reset and sign out")
	p.WaitText("Read out this code")
	inspect(t, p)
	code := p.Text("#secret")
	if !regexp.MustCompile(`^[A-Z0-9]{4}-[A-Z0-9]{4}$`).MatchString(code) {
		t.Fatalf("the code is %q", code)
	}
	dana := browser.New(t).Page()
	o.signInOn(dana, team.Member{Technician: o.others[0].Technician})
	dana.Fill("#code", strings.ToLower(strings.Replace(code, "-", " ", 1)))
	dana.Click("Continue")
	dana.WaitText("Set up your authenticator app")
	dana.Fill("Type the 6 digits it shows", scan(t, dana, 390, true).now())
	dana.Click("Finish and sign in")
	dana.WaitText("Save your recovery codes")
	p.Click("Go to dana Team")
	p.WaitText("Signed in on 1 browser")
	if strings.Contains(p.HTML(), code) {
		t.Error("the code is shown again")
	}
}

// TestMenuByKeyboard: the row's menu opens with Enter, is walked with Tab, and Escape closes it where it was opened.
func TestMenuByKeyboard(t *testing.T) {
	o := newOffice(t, danaSpec)
	p := o.desk
	browser.Eval[bool](p, `(document.querySelector("tbody .menu > summary").focus(), true)`)
	p.Press("Enter", "Tab")
	if got := p.Focused(); got != "Edit Technician <a>" {
		t.Errorf("after Enter and Tab the focus is on %q", got)
	}
	p.Press("Tab", "Escape")
	if got := p.Focused(); got != "… <summary>" || p.Count("details.menu[open]") != 0 {
		t.Errorf("after Escape the focus is on %q", got)
	}
	p.Press("Enter", "Tab", "Enter")
	p.WaitText("Two Factor Authentication")
	p.WaitText("Danger zone")
}
