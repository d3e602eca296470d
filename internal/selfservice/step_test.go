package selfservice

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/login"
	"sallyport/internal/session"
)

func TestRightAnswerSetsTheSession(t *testing.T) {
	d := newDoor(t)
	in, device := sallyport.NewToken(), sallyport.NewToken()
	d.out = session.Outcome{Finished: true, Session: in, Device: device, Return: "/admin"}
	r := d.ask("POST", "/sign-in/code", url.Values{"code": {"123 456"}}, signInCookie, token())
	d.wants(r, 303, "/admin")
	if cookie(r, sessionCookie) != in.Reveal() || cookie(r, "sallyport-device-8080") != device.Reveal() || cookie(r, signInCookie) != "-" {
		t.Errorf("cookies: %v", r.Cookies())
	}
	if d.answer != (session.Answer{Kind: session.AnswerCode, Typed: "123 456"}) {
		t.Errorf("answered %+v", d.answer)
	}
}

func TestAfterTheSignIn(t *testing.T) {
	cases := []struct {
		name string
		out  session.Outcome
		to   string
	}{
		{"a recovery code stood in", session.Outcome{OfferPhone: true, FewRecovery: true, Return: "/admin"}, "/me/phone?return=%2Fadmin"},
		{"few codes are left", session.Outcome{FewRecovery: true, Return: "/admin"}, "/me/recovery-codes?return=%2Fadmin"},
		{"a foreign address", session.Outcome{Return: "https://evil.example/"}, "/"},
		{"nothing to say", session.Outcome{}, "/"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor(t)
			c.out.Finished, c.out.Session = true, sallyport.NewToken()
			d.out = c.out
			d.wants(d.ask("POST", "/sign-in/code", url.Values{"code": {"123456"}}, signInCookie, token()), 303, c.to)
		})
	}
}

func TestRecoveryCodesAreShownOnce(t *testing.T) {
	d := newDoor(t)
	d.out = session.Outcome{Finished: true, Session: sallyport.NewToken(), Device: sallyport.NewToken(), RecoveryCodes: []string{"AAAA-BBBB", "CCCC-DDDD"}, Return: "/admin"}
	r := d.ask("POST", "/sign-in/code", url.Values{"code": {"123456"}}, signInCookie, token())
	d.wants(r, 200, "")
	if r.Header.Get("Cache-Control") != "no-store" {
		t.Error("the codes may be kept")
	}
	d.says(r, "AAAA-BBBB", "CCCC-DDDD", `href="/admin"`, `href="data:text/plain;charset=utf-8,`)
	// The same request once more, as a reload sends it: the sign-in is over, the session goes on.
	d.err, d.live = errOver, true
	d.wants(d.ask("POST", "/sign-in/code", url.Values{"code": {"123456"}}, signInCookie, token(), sessionCookie, token()), 303, "/")
}

func TestWrongAnswerComesBack(t *testing.T) {
	d := newDoor(t)
	d.err = sallyport.InvalidField("code", "That code is not right. 2 tries left.")
	for _, path := range []string{"/sign-in/code", "/sign-in/recovery", "/sign-in/enrolment-code"} {
		r := d.ask("POST", path, url.Values{"code": {"1"}}, signInCookie, token())
		d.wants(r, 422, "")
		d.says(r, "<title>Error: ", "That code is not right. 2 tries left.", `aria-invalid="true"`)
	}
	if want := []string{"answer", "answer", "answer"}; !slices.Equal(d.asked, want) {
		t.Errorf("asked %v", d.asked)
	}
}

func TestLostSignIns(t *testing.T) {
	d := newDoor(t)
	d.pageErr, d.err = errOver, errOver
	for _, path := range []string{"/sign-in/code", "/sign-in/recovery", "/sign-in/help"} {
		d.wants(d.ask("GET", path, nil), 303, "/sign-in?why=over")
		d.wants(d.ask("GET", path, nil, signInCookie, token()), 303, "/sign-in?why=over")
	}
	for _, path := range []string{"/sign-in/send", "/sign-in/help"} {
		d.wants(d.ask("POST", path, url.Values{}), 303, "/sign-in?why=over")
	}
	d.says(d.ask("GET", "/sign-in?why=over", nil), "Please start again.")
	d.ended = sallyport.EndedBySave // under a proof that was being given again: the page says why the session is over too
	d.says(d.ask("GET", "/sign-in?why=over", nil, sessionCookie, token()), "Please start again.", "Your administrator changed how you sign in.")
	if strings.Contains(text(t, d.ask("GET", "/sign-in?why=Call+this+number", nil)), "Call this") {
		t.Error("the address can put words on the page")
	}
	d.err = sallyport.E(sallyport.Unauthorized, "guessing", "Three wrong answers. You are signed out.")
	d.wants(d.ask("POST", "/sign-in/code", url.Values{"code": {"1"}}, signInCookie, token()), 303, "/sign-in")
	d.err = sallyport.E(sallyport.Internal, "internal", "broken")
	if r := d.ask("POST", "/sign-in/code", url.Values{"code": {"1"}}, signInCookie, token()); r.StatusCode != 500 || len(r.Cookies()) != 0 {
		t.Errorf("a fault: %d %v", r.StatusCode, r.Cookies())
	}
}

func TestEachStepHasItsPage(t *testing.T) {
	cases := []struct {
		name string
		page session.Page
		says []string
	}{
		{"app", session.Page{Step: login.Step{Kind: login.Factor, Method: sallyport.MethodApp}, RecoveryLeft: 3}, []string{"Type the code from your app", "Use a recovery code", "not you?"}},
		{"email", session.Page{Step: login.Step{Kind: login.Factor, Method: sallyport.MethodEmail}, Masked: "d•••@x.example", Sent: true, Live: true, State: sallyport.Sent, TriesLeft: 3, ValidUntil: noon.Add(3 * time.Minute)}, []string{"Check your email", "d•••@x.example", "12:03 UTC", "tries left", "Send a new code"}},
		{"text failed", session.Page{Step: login.Step{Kind: login.Factor, Method: sallyport.MethodText}, Sent: true, State: sallyport.Failed, Detail: "The gateway refused the number."}, []string{"could not be sent", "The gateway refused the number.", "Send a new code"}},
		{"opener", session.Page{Step: login.Step{Kind: login.Opener, Method: sallyport.MethodEmail}, Why: "Your administrator changed how you sign in."}, []string{"Confirm with your current email code", "Your administrator changed how you sign in.", "Send the code"}},
		{"enrolment code", session.Page{Step: login.Step{Kind: login.EnrolmentCode}}, []string{"Type your enrolment code", `action="/sign-in/enrolment-code"`}},
		{"app set-up", session.Page{Step: login.Step{Kind: login.Enrol, Method: sallyport.MethodApp}, Secret: "AAAA BBBB", URI: "otpauth://totp/x?secret=AAAABBBB"}, []string{"Set up your authenticator app", "<svg", "AAAA BBBB", `href="otpauth://totp/x?secret=AAAABBBB"`, `data-copy="AAAABBBB"`}},
		{"text set-up", session.Page{Step: login.Step{Kind: login.Enrol, Method: sallyport.MethodText}, RecoveryLeft: 3}, []string{"Set up codes by text message"}},
		{"closed", session.Page{Step: login.Step{Kind: login.Closed}}, []string{"The time for your set-up is over"}},
		{"disabled", session.Page{Step: login.Step{Kind: login.Disabled, Method: sallyport.MethodApp}, RecoveryLeft: 1}, []string{"switched off", "Use a recovery code"}},
		{"down", session.Page{Step: login.Step{Kind: login.ChannelDown, Method: sallyport.MethodText}}, []string{"No code can be sent right now", "Text messages are not set up"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor(t)
			c.page.Purpose, c.page.UserName, c.page.Organisation, c.page.Now = sallyport.PurposeSignIn, "dana", "Northwind IT", noon
			d.page = c.page
			d.says(d.ask("GET", "/sign-in/code", nil, signInCookie, token()), c.says...)
		})
	}
	d := newDoor(t)
	for _, kind := range []login.Kind{login.Refused, login.Done, "other"} {
		d.page.Step.Kind = kind
		d.wants(d.ask("GET", "/sign-in/code", nil, signInCookie, token()), 303, "/sign-in?why=over")
	}
}

func TestStateTellsNoSecret(t *testing.T) {
	d := newDoor(t)
	d.page.Step.Method, d.page.Sent, d.page.State, d.page.Masked, d.page.Secret = sallyport.MethodEmail, true, sallyport.Sending, "d•••@x.example", "AAAA"
	r := d.ask("GET", "/sign-in/state", nil, signInCookie, token())
	d.wants(r, 200, "")
	if got := text(t, r); got != `{"state":"sending","message":"Sending a code to d•••@x.example…"}`+"\n" {
		t.Errorf("%s", got)
	}
}
