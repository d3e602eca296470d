package e2e

import (
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/testkit/browser"
)

// sentMethods are the two methods whose codes are sent, with what their pages say.
var sentMethods = []struct {
	method      sallyport.Method
	setUp, page string
	field       string
	masked      string
	post        func(*northwind) *post
}{
	{sallyport.MethodEmail, "Set up codes by email", "Check your email", "6-digit code from the email", "@northwind.example", func(n *northwind) *post { return n.mails }},
	{sallyport.MethodText, "Set up codes by text message", "Check your text messages", "6-digit code from the text message", "07", func(n *northwind) *post { return n.texts }},
}

// TestSentCodes: invitation, the first code proves mailbox or number, and the next sign-in asks for a fresh one; the
// same without scripts.
func TestSentCodes(t *testing.T) {
	for _, m := range sentMethods {
		for _, script := range []string{"with scripts", "without scripts"} {
			t.Run(string(m.method)+" "+script, func(t *testing.T) {
				n := newNorthwind(t, mara(t))
				box := m.post(n)
				link := n.invite(dana(m.method))
				p := browser.New(t).Page()
				p.NoScript(script == "without scripts")
				p.Open(link)
				p.Fill("Password", danasPassword)
				p.Click("Continue")
				p.WaitText(m.setUp)
				first := box.code(t)
				p.Fill(m.field, first)
				p.Click("Finish and sign in")
				p.WaitText("Save your recovery codes")
				p.Click("I have saved them, continue")
				p.WaitText("Your account")
				p.Click("Sign out")
				p.Click("Sign in again")

				p.Fill("User name", "dana@northwind.example")
				p.Fill("Password", danasPassword)
				p.Click("Continue")
				p.WaitText(m.page)
				for !p.Has("A code was sent to") { // the page asks by itself; without scripts one asks again
					if script == "without scripts" && p.Has("Check again") {
						p.Click("Check again")
					}
				}
				if said := p.Text("#delivery"); !strings.Contains(said, m.masked) || strings.Contains(said, "dana@") || strings.Contains(said, "2125550107") {
					t.Errorf("the page says %q", said)
				}
				p.WaitText("3 tries left")
				code := box.code(t)
				p.Fill(m.field, first)
				p.Click("Sign in")
				p.WaitText("That code is not right. 2 tries left.")
				p.Fill(m.field, code[:3]+"-"+code[3:])
				p.Click("Sign in")
				p.WaitText("Your account")
			})
		}
	}
}

// TestThreeWrongCodesAndAFreshOne: after three wrong ones nothing is typed any more, and the page says from when a fresh
// one can be had.
func TestThreeWrongCodesAndAFreshOne(t *testing.T) {
	n := newNorthwind(t, mara(t))
	if err := n.host.Call(t.Context(), "policy/set", map[string]string{"Name": "resend-after", "Value": "15"}, nil); err != nil {
		t.Fatal(err)
	}
	p := browser.New(t).Page()
	p.Open(n.invite(dana(sallyport.MethodEmail)))
	p.Fill("Password", danasPassword)
	p.Click("Continue")
	p.WaitText("Set up codes by email")
	right := n.mails.code(t)
	wrong := "111111"
	if right == wrong {
		wrong = "222222"
	}
	for _, says := range []string{"2 tries left", "1 try left", "Three wrong codes. Send a new one to go on."} {
		p.Fill("6-digit code from the email", wrong)
		p.Click("Finish and sign in")
		p.WaitText(says)
	}
	if p.Count("#code") != 0 {
		t.Error("a dead code can still be typed")
	}
	p.Click("Send a new code")
	p.WaitText("A new code can be sent in")
	p.WaitText("Try again from")
}

// TestSignInByKeyboardAlone: invitation, set-up, sign-out and sign-in without a pointer, and without scripts.
func TestSignInByKeyboardAlone(t *testing.T) {
	for _, m := range sentMethods {
		t.Run(string(m.method), func(t *testing.T) {
			n := newNorthwind(t, mara(t))
			p := browser.New(t).Page()
			p.NoScript(true)
			p.Open(n.invite(dana(m.method)))
			p.WaitFocus("Password <input>")
			p.Type(danasPassword)
			p.Press("Enter")
			p.WaitText(m.setUp)
			p.WaitFocus(m.field + " <input>")
			p.Type(m.post(n).code(t))
			p.Press("Enter")
			p.WaitText("Save your recovery codes")
			tabTo(t, p, "I have saved them, continue to your account <a>")
			p.Press("Enter")
			p.WaitText("Your account")
			p.Open(n.URL + "/sign-in")
			p.WaitText("Your account") // nobody signs in twice
			tabTo(t, p, "Sign out <button>")
			p.Press("Enter")
			p.WaitText("You are signed out")
			tabTo(t, p, "Sign in again <a>")
			p.Press("Enter")
			p.WaitText("Forgotten password")
			p.WaitFocus("User name <input>")
			p.Type("dana@northwind.example")
			tabTo(t, p, "Password <input>")
			p.Type(danasPassword)
			p.Press("Enter")
			p.WaitText(m.page)
			p.WaitFocus(m.field + " <input>")
			p.Type(m.post(n).code(t))
			p.Press("Enter")
			p.WaitText("Your account")
		})
	}
}

// tabTo presses Tab until what is wanted has the focus.
func tabTo(t *testing.T, p *browser.Page, want string) {
	t.Helper()
	for range 25 {
		if p.Focused() == want {
			return
		}
		p.Press("Tab")
	}
	t.Fatalf("%s cannot be reached with Tab: %s has the focus", want, p.Focused())
}
