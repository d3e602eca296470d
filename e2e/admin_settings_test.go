package e2e

import (
	"testing"

	"sallyport/internal/testkit/browser"
)

// TestFirstDay: the first Super Admin is made, email and text messages are set up and proved, and only then the
// methods that need them can be chosen.
func TestFirstDay(t *testing.T) {
	n, mailHost, mailPort, phones := bare(t)
	p := browser.New(t).Page()
	p.Open(n.firstLink())
	p.Fill("First name", "Mara")
	p.Fill("Last name", "Voss")
	p.Fill("User name", "mara@northwind.example")
	p.Fill("Business email", "mara@northwind.example")
	p.Fill("Password", "harbour kettle violin 9")
	p.Click("Continue")
	p.WaitText("Set up your authenticator app")
	key := browser.Eval[string](p, `document.querySelector("a[href^='otpauth:']").href.match(/secret=([A-Z2-7]+)/)[1]`)
	p.Fill("Type the 6 digits it shows", phone{t, key}.now())
	p.Click("Finish and sign in")
	p.WaitText("Save your recovery codes")
	p.Click("I have saved them, continue")
	p.Open(n.URL + "/admin")
	p.WaitText("There is only one Super Admin")
	inspect(t, p)

	p.Click("Add Technician")
	p.WaitText("Email Settings have not been proved yet")
	p.WaitText("SMS Settings have not been proved yet")
	if p.Count(".method.barred") != 3 {
		t.Errorf("%d methods are barred", p.Count(".method.barred"))
	}
	inspect(t, p)

	p.In(".method", "via Email").Click("Email Settings")
	p.WaitText("No mail server is set up")
	p.Fill("Host", mailHost)
	p.Fill("Port", mailPort)
	p.Fill("#tls", "none")
	p.Fill("Sender address", "door@northwind")
	p.Click("Save as draft")
	p.WaitText("Please give one email address")
	if p.Value("Host") != mailHost || p.Value("#tls") != "none" {
		t.Error("what was typed is lost")
	}
	inspect(t, p)
	p.Fill("Sender address", "door@northwind.example")
	p.Click("Save as draft")
	p.WaitText("Saved as a draft")
	p.Fill("#to", "mara@northwind.example")
	p.Click("Send test message")
	p.WaitText("Type the code that arrived")
	inspect(t, p)
	p.Fill("Code", n.mails.code(t))
	p.Click("Use these settings")
	p.WaitText("Proved, and in use from now on")

	p.Click("SMS Settings")
	p.WaitText("No gateway is set up")
	p.Click("HTTP gateway")
	p.Fill("Address", phones)
	p.Fill("#format", "json")
	p.Fill("Template", `{"to":"{to}","text":"{text}"}`)
	p.Click("Save as draft")
	p.WaitText("Saved as a draft")
	p.Fill("#to", "+12125550107")
	p.Click("Send test message")
	p.WaitText("Type the code that arrived")
	p.Fill("Code", "000000")
	p.Click("Use these settings")
	p.WaitText("That code is not right. 2 tries left.")
	p.Fill("Code", n.texts.code(t))
	p.Click("Use these settings")
	p.WaitText("Proved, and in use from now on")

	p.Open(n.URL + "/admin/technicians/new")
	p.WaitText("The policy does not permit technicians without a second factor")
	if p.Count(".method.barred") != 1 {
		t.Errorf("%d methods are barred", p.Count(".method.barred"))
	}
}
