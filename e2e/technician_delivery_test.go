package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"sallyport"
	"sallyport/internal/control"
	"sallyport/internal/testkit/browser"
	"sallyport/internal/testkit/team"
)

// TestSlowGateway: the page is there before the message is, says so, and learns of it by itself, or by "Check again".
func TestSlowGateway(t *testing.T) {
	for _, script := range []bool{true, false} {
		n := newNorthwind(t, mara(t))
		link := n.invite(dana(sallyport.MethodText))
		open := make(chan struct{})
		n.texts.meanwhile(func(ctx context.Context) error {
			select {
			case <-open:
			case <-ctx.Done():
			}
			return nil
		})
		p := browser.New(t).Page()
		p.NoScript(!script)
		p.Open(link)
		p.Fill("Password", danasPassword)
		p.Click("Continue")
		p.WaitText("Sending a code to")
		p.Fill("6-digit code from the text message", "12")
		close(open)
		code := n.texts.code(t)
		if script {
			p.WaitText("A code was sent to")
			if p.Value("#code") != "12" {
				t.Error("what was typed is gone")
			}
			p.WaitGone("Check again")
		} else {
			for p.Has("Check again") {
				p.Click("Check again")
			}
			p.WaitText("A code was sent to")
		}
		p.Fill("6-digit code from the text message", code)
		p.Click("Finish and sign in")
		p.WaitText("Save your recovery codes")
	}
}

// TestRefusingGateways: a failure is said on the page with what to do, costs nothing, and the next try works.
func TestRefusingGateways(t *testing.T) {
	for _, m := range sentMethods {
		t.Run(string(m.method), func(t *testing.T) {
			n := newNorthwind(t, mara(t))
			link := n.invite(dana(m.method))
			m.post(n).meanwhile(func(context.Context) error {
				return errors.Join(&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"})
			})
			p := browser.New(t).Page()
			p.Open(link)
			p.Fill("Password", danasPassword)
			p.Click("Continue")
			p.WaitText("The code could not be sent.")
			if p.Count("#code") != 0 {
				t.Error("a code that was never sent can be typed")
			}
			for range 6 { // more than an hour's sends: what surely failed costs nothing
				p.Click("Send a new code")
				p.WaitText("The code could not be sent.")
			}
			m.post(n).meanwhile(nil)
			p.Click("Send a new code")
			p.Fill(m.field, m.post(n).code(t))
			p.Click("Finish and sign in")
			p.WaitText("Save your recovery codes")
		})
	}
}

// TestBackAfterSignOut: the browser's Back shows nothing of the account, and a page left open says what happened.
func TestBackAfterSignOut(t *testing.T) {
	n := newNorthwind(t, mara(t))
	p := browser.New(t).Page()
	enrolled(t, n, p)
	p.Click("Sign out")
	p.WaitText("You are signed out")
	browser.Eval[bool](p, "(history.back(), true)")
	p.WaitText("Forgotten password")
	if p.Has("dana@northwind.example") {
		t.Error("Back shows the account")
	}
}

// TestBackAfterSave: a page out of the browser's memory is asked for anew, the own one and those of Admin, for somebody
// else's Save may have ended its session; and what was sent to it is not sent once more.
func TestBackAfterSave(t *testing.T) {
	o := newOffice(t, danaSpec)
	dana, mara := o.signIn(o.others[0]), o.desk
	dana.Open(o.URL + "/me")
	mara.Open(o.URL + "/admin/technicians?q=dana#main")
	for _, m := range []team.Member{o.others[0], o.mara} {
		o.check(o.host.Call(t.Context(), "technician/sign-out", control.User{User: m.UserName}, nil))
	}
	broughtBack(dana)
	dana.WaitURL("/sign-in?return=%2Fme")
	broughtBack(mara)
	mara.WaitURL("/sign-in?return=%2Fadmin%2Ftechnicians%3Fq%3Ddana")

	dana.Fill("User name", o.others[0].UserName)
	dana.Fill("Password", "not the password at all")
	dana.Click("Continue")
	dana.WaitText("is not right")
	broughtBack(dana)
	dana.WaitGone("is not right")
}

// broughtBack tells the page what it is told when Back brings it up out of the browser's memory.
func broughtBack(p *browser.Page) {
	browser.Eval[bool](p, `dispatchEvent(new PageTransitionEvent("pageshow", {persisted: true}))`)
}

// TestBackToAnAddressThatIsNone: whoever comes back to a page that is not there stays at the door, whatever its address looks
// like without the host.
func TestBackToAnAddressThatIsNone(t *testing.T) {
	n := newNorthwind(t, mara(t))
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "elsewhere") }))
	t.Cleanup(other.Close)
	p := browser.New(t).Page()
	p.Open(n.URL + "/" + strings.TrimPrefix(other.URL, "http:") + "/")
	browser.Eval[string](p, `document.querySelector("h1").textContent = "out of memory"`)
	broughtBack(p)
	p.WaitGone("out of memory")
	if !strings.HasPrefix(p.URL(), n.URL+"/") || p.Has("elsewhere") {
		t.Errorf("it led to %s", p.URL())
	}
}
