package e2e

import (
	"regexp"
	"testing"
	"time"

	"sallyport/internal/testkit/browser"
	"sallyport/internal/testkit/team"
)

// TestMenuOfARow: deactivate, undo, sign out everywhere, delete; what Dana meets each time.
func TestMenuOfARow(t *testing.T) {
	o := newOffice(t, danaSpec)
	dana := o.signIn(o.others[0])
	p := o.desk
	choose := func(act string) {
		p.Open(o.URL + "/admin/technicians?q=dana")
		p.In("tr", "dana Team").Click("More for dana Team")
		p.In("tr", "dana Team").Click(act)
	}

	choose("Deactivate")
	inspect(t, p)
	p.Fill("Reason", "On leave.")
	p.Click("main button")
	p.WaitText("Deactivated. dana was signed out of 1 browser")
	dana.Click("Audit")
	dana.WaitURL("/sign-in?return=%2Fadmin%2Faudit")
	dana.Fill("User name", o.others[0].UserName)
	dana.Fill("Password", team.Password)
	dana.Click("Continue")
	dana.WaitText("not right")

	p.Click("Undo: activate")
	p.Click("main button")
	p.WaitText("Activated.")
	dana.Open(o.URL + "/sign-in")
	dana.Fill("User name", o.others[0].UserName)
	dana.Fill("Password", team.Password)
	dana.Click("Continue")
	dana.Fill("6-digit code from the app", o.others[0].Digits(time.Now().Add(30*time.Second)))
	dana.Click("Sign in")
	dana.WaitText("Few recovery codes left")

	choose("Sign out everywhere")
	p.WaitText("dana is signed out of 1 browser at once")
	p.Click("main button")
	p.WaitText("dana was signed out of 1 browser")
	dana.Open(o.URL + "/me")
	dana.WaitURL("/sign-in?return=%2Fme")

	choose("Delete")
	p.WaitText("This cannot be undone.")
	inspect(t, p)
	p.Click("Delete for good")
	p.WaitText("dana Team was deleted.")
	p.Open(o.URL + "/admin/technicians?q=dana")
	p.WaitText("Nobody matches")
	inspect(t, p)
}

// TestResendInvitation: the fresh link works, the older one is dead.
func TestResendInvitation(t *testing.T) {
	o := newOffice(t)
	link := regexp.MustCompile(`http://localhost:\d+/invitation/[A-Za-z0-9_-]{43}`)
	p := o.desk
	p.Click("Add Technician")
	p.Fill("Business email", "noor@northwind.example")
	p.Click("[data-save]")
	p.WaitText("The invitation is on its way")
	first := o.mails.next(t, link)
	p.Open(o.URL + "/admin/invitations")
	inspect(t, p)
	p.In("tr", "noor@").Click("a.button")
	p.Click("Send a fresh invitation")
	p.WaitText("The invitation is on its way")
	second := o.mails.next(t, link)
	guest := browser.New(t).Page()
	guest.Open(first)
	guest.WaitText("This link no longer works")
	guest.Open(second)
	guest.WaitText("choose your password")
}

// TestHelpAtTheDesk: the number that Dana reads out stands at Mara's desk, until it is done.
func TestHelpAtTheDesk(t *testing.T) {
	o := newOffice(t, danaSpec)
	dana := browser.New(t).Page()
	dana.Open(o.URL + "/sign-in")
	dana.Fill("User name", o.others[0].UserName)
	dana.Fill("Password", team.Password)
	dana.Click("Continue")
	dana.Click("I need help")
	dana.Click("Tell my administrators")
	dana.WaitText("Your administrators were told")
	number := dana.Text(".number")

	p := o.desk
	p.Open(o.URL + "/admin/technicians")
	p.In("tr", "dana Team").Click("needs help")
	if row := p.In("tr", "dana Team"); !row.Has(number) {
		t.Errorf("the number %s is not in the row", number)
	}
	inspect(t, p)
	p.In("tr", "dana Team").Click("button")
	p.WaitText("Nobody needs help")
}
