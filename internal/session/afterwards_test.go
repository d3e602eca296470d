package session_test

import (
	"testing"

	"sallyport"
	"sallyport/internal/login"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// What was given once is used up with the commit that takes it: the database that goes away right then must not take the
// sign-in with it, or an administrator has to make another enrolment code, and a recovery code is gone for nothing.

// answerThenAway gives an answer to a process whose database is away as soon as the answer was taken.
func (w *world) answerThenAway(signIn sallyport.Token, kind session.AnswerKind, typed string) reached {
	w.t.Helper()
	s := w.over(&between{Transactions: store.For[session.Tx](w.db), after: 2})
	out, err := w.reach(s.Answer(ctx, signIn, session.Answer{Kind: kind, Typed: typed}, browser))
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// TestEnrolmentCodeIsNotLostWithWhatFollows: the set-up that the code opens is there with it.
func TestEnrolmentCodeIsNotLostWithWhatFollows(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	w.enrolled("dana")
	w.reset(dana.ID, "ABCDEFGH")
	set := w.answerThenAway(w.begin("dana").SignIn, session.AnswerEnrolment, "ABCDEFGH")
	out := w.mustAnswer(set.SignIn, session.AnswerCode, w.digits(set.Page.Secret, 0))
	if !w.usable(out.Session) {
		t.Error("not in")
	}
}

// TestRecoveryCodeIsNotLostWithWhatFollows: where the first code of the set-up could not be sent, its page offers to send one.
func TestRecoveryCodeIsNotLostWithWhatFollows(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	_, first := w.enrolled("dana")
	w.change(dana.ID, func(t *sallyport.Technician) { t.Method = sallyport.MethodEmail })
	set := w.answerThenAway(w.begin("dana").SignIn, session.AnswerRecovery, first.RecoveryCodes[0])
	if set.Page.Step != (login.Step{Kind: login.Enrol, Method: sallyport.MethodEmail}) || set.Page.Sent {
		t.Fatalf("page %+v", set.Page)
	}
	if _, err := w.s.Send(ctx, set.SignIn, browser); err != nil {
		t.Fatal(err)
	}
	if out := w.mustAnswer(set.SignIn, session.AnswerCode, w.mail.code(dana.Email)); !w.usable(out.Session) {
		t.Error("not in")
	}
}
