package e2e

import (
	"context"
	"testing"

	"sallyport"
	"sallyport/internal/testkit/browser"
	"sallyport/internal/testkit/team"
)

// TestFromSaveToInside is the main act: the administrator chooses the app for somebody who had email codes, Save, her
// browser is out, and the next sign-in asks for the old factor once more, shows the new one, and lets her in.
func TestFromSaveToInside(t *testing.T) {
	var boss team.Member
	n := newNorthwind(t, func(ctx context.Context, f *team.Folder) {
		list, err := f.Add(ctx, team.Spec{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp})
		if err != nil {
			t.Fatal(err)
		}
		boss = list[0]
	})
	d := browser.New(t).Page()
	d.Open(n.invite(dana(sallyport.MethodEmail)))
	d.Fill("Password", danasPassword)
	d.Click("Continue")
	d.Fill("6-digit code from the email", n.mails.code(t))
	d.Click("Finish and sign in")
	d.WaitText("Save your recovery codes")
	d.Click("I have saved them, continue")
	d.WaitText("Your account")

	m := browser.New(t).Page()
	m.Open(n.URL + "/admin/technicians")
	m.Fill("User name", boss.UserName)
	m.Fill("Password", team.Password)
	m.Click("Continue")
	m.Fill("6-digit code from the app", phone{t, boss.Key}.now())
	m.Click("Sign in")
	m.WaitText("Few recovery codes left")
	m.Click("Not now")
	m.WaitURL("/admin/technicians")
	m.Click("Dana Reyes")
	m.Check("Authenticator App")
	m.WaitText("signed out")
	m.Click("Save and sign out")
	m.WaitText("Dana was signed out of 1 browser")

	d.Open(n.URL + "/me")
	d.WaitText("Your administrator changed how you sign in. Please sign in again.")
	d.Fill("User name", "dana@northwind.example")
	d.Fill("Password", danasPassword)
	d.Click("Continue")
	d.WaitText("Confirm with a code by email")
	d.Fill("6-digit code from the email", n.mails.code(t))
	d.Click("Continue")
	d.WaitText("Set up your authenticator app")
	app := scan(t, d, 390, true)
	d.Open(n.URL + "/sign-in/code")
	if again := scan(t, d, 1280, false); again.key != app.key {
		t.Error("a reload shows another key")
	}
	d.Fill("Type the 6 digits it shows", app.now())
	d.Click("Finish and sign in")
	d.WaitText("Save your recovery codes")
	d.Click("I have saved them, continue")
	d.WaitText("Your account")
	d.WaitText("Authenticator App chosen by your administrator")
}
