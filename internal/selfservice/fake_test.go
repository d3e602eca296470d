package selfservice

import (
	"context"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/session"
)

// fake answers as told and notes what it was asked. A method that a test did not tell about panics through the nil
// interface, which fails the test.
type fake struct {
	UseCases
	attempt  session.Attempt
	answer   session.Answer
	token    sallyport.Token // sign-in of the last call
	out      session.Outcome
	page     session.Page
	own      session.OwnPage
	ownPage  int
	link     session.LinkPage
	form     session.LinkForm
	err      error // of the call under test
	pageErr  error
	beginErr error  // of the beginning of a proof
	back     string // where a proof leads
	live     bool
	checkErr error // of the session check
	ended    sallyport.EndReason
	asked    []string // names of the changing calls, in order
	changed  []string
	endedOwn sallyport.Hash

	challenge    *session.Challenge
	challengeErr error

	picture    *account.Logo
	pictureErr error
}

func (f *fake) note(call string) { f.asked = append(f.asked, call) }

func (f *fake) Password(_ context.Context, a session.Attempt) (session.Outcome, error) {
	f.note("password")
	f.attempt = a
	return f.out, f.err
}

func (f *fake) Challenge(context.Context, session.Attempt) (*session.Challenge, error) {
	return f.challenge, f.challengeErr
}

func (f *fake) Page(_ context.Context, t sallyport.Token) (session.Page, error) {
	f.token = t
	return f.page, f.pageErr
}

func (f *fake) Send(_ context.Context, t sallyport.Token, _ sallyport.Client) (session.Page, error) {
	f.note("send")
	return f.page, f.err
}

func (f *fake) Answer(_ context.Context, t sallyport.Token, a session.Answer, _ sallyport.Client) (session.Outcome, error) {
	f.note("answer")
	f.token, f.answer = t, a
	return f.out, f.err
}

func (f *fake) Help(_ context.Context, _ sallyport.Token, note string, _ sallyport.Client) (string, error) {
	f.note("help " + note)
	if f.err != nil {
		return "", f.err
	}
	return "4711", nil
}

func (f *fake) Again(context.Context, sallyport.Token) error { f.note("again"); return f.err }

func (f *fake) Link(context.Context, sallyport.LinkKind, sallyport.Token) (session.LinkPage, error) {
	return f.link, f.pageErr
}

func (f *fake) CompleteLink(_ context.Context, k sallyport.LinkKind, _ sallyport.Token, form session.LinkForm, _ sallyport.Client) (session.Outcome, error) {
	f.note("complete " + string(k))
	f.form = form
	return f.out, f.err
}

func (f *fake) AskReset(context.Context, string, sallyport.Client) error {
	f.note("reset")
	return f.err
}

func (f *fake) Check(context.Context, sallyport.Token) (bool, error) { return f.live, f.checkErr }

func (f *fake) SignOut(context.Context, sallyport.Token, sallyport.Client) error {
	f.note("sign-out")
	return f.err
}

func (f *fake) EndedReason(context.Context, sallyport.Token, sallyport.Client) (sallyport.EndReason, bool) {
	return f.ended, f.ended != ""
}

func (f *fake) Own(_ context.Context, _ sallyport.Actor, page int) (session.OwnPage, error) {
	f.ownPage = page
	return f.own, nil
}

func (f *fake) EndOthers(context.Context, sallyport.Actor) (int, error) {
	f.note("end-others")
	return 1, f.err
}

func (f *fake) EndOwn(_ context.Context, _ sallyport.Actor, h sallyport.Hash) error {
	f.note("end-own")
	f.endedOwn = h
	return f.err
}

func (f *fake) ChangePassword(_ context.Context, _ sallyport.Actor, old, password string) (session.Outcome, error) {
	f.note("change-password")
	f.changed = []string{old, password}
	return f.out, f.err
}

func (f *fake) NewRecoveryCodes(context.Context, sallyport.Actor) (session.Outcome, error) {
	f.note("new-codes")
	return f.out, f.err
}

func (f *fake) BeginStepUp(_ context.Context, _ sallyport.Actor, ret string) (session.Outcome, error) {
	f.note("step-up")
	f.back = ret
	return f.out, f.beginErr
}

func (f *fake) BeginPhone(_ context.Context, _ sallyport.Actor, ret string) (session.Outcome, error) {
	f.note("phone")
	f.back = ret
	return f.out, f.err
}
