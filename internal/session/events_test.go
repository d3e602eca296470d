package session_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// left are the events and the messages so far, the oldest first; an event with its outcome where that is not ok.
func (w *world) left() (events []string, told []sallyport.OutboxMessage) {
	w.t.Helper()
	for _, e := range look(w, func(tx *store.Tx) ([]sallyport.Event, error) {
		return tx.Events(ctx, sallyport.EventFilter{Limit: 5000})
	}) {
		what := e.Type
		if e.Outcome != "ok" {
			what += " " + e.Outcome
		}
		events = append(events, what)
	}
	slices.Reverse(events)
	return events, w.outbox()
}

// leaves fails unless act leaves exactly these events and messages; words apart by a comma.
func (w *world) leaves(name, events, told string, act func() error) {
	w.t.Helper()
	e, m := w.left()
	err := act()
	events2, m2 := w.left()
	var told2 []string
	for _, m2 := range m2 { // some of before may be gone: a link's message is withdrawn with it
		if !slices.ContainsFunc(m, func(m sallyport.OutboxMessage) bool { return m.ID == m2.ID }) {
			told2 = append(told2, m2.Event)
		}
	}
	if got := strings.Join(events2[len(e):], ", "); got != events {
		w.t.Errorf("%s: events\n%s, want\n%s (%v)", name, got, events, err)
	}
	if got := strings.Join(told2, ", "); got != told {
		w.t.Errorf("%s: told %q, want %q", name, got, told)
	}
}

const (
	counted = "signin.factor.attempt, "
	letIn   = ", signin.finished"
)

// TestEventsOfLinks: I8 for what begins with a link: exactly these events, and its owner is told.
func TestEventsOfLinks(t *testing.T) {
	w := newWorld(t)
	complete := func(kind sallyport.LinkKind, token sallyport.Token) (reached, error) {
		return w.reach(w.s.CompleteLink(ctx, kind, token, session.LinkForm{Password: newPassword, FirstName: "Mara", LastName: "Voss",
			Email: "mara@northwind.example"}, browser))
	}
	var page reached
	begun := func(kind sallyport.LinkKind, token sallyport.Token) func() error {
		return func() (err error) { page, err = complete(kind, token); return err }
	}
	confirmed := func() error {
		_, err := w.answer(page.SignIn, session.AnswerCode, w.digits(page.Page.Secret, 0))
		return err
	}
	w.leaves("set-up", "", "", begun(sallyport.LinkSetup, w.link(sallyport.LinkSetup, sallyport.Technician{})))
	w.leaves("set-up, confirmed", counted+"signin.factor.right, setup.finished, factor.enrolled"+letIn, "factor-set-up", confirmed)

	dana := w.technician("dana", sallyport.MethodApp)
	w.change(dana.ID, func(t *sallyport.Technician) { t.Status = sallyport.Invited })
	w.leaves("invitation", "invitation.accepted", "", begun(sallyport.LinkInvitation, w.link(sallyport.LinkInvitation, w.read(dana.ID))))
	w.leaves("invitation, confirmed", counted+"signin.factor.right, factor.enrolled"+letIn, "factor-set-up", confirmed)

	w.leaves("reset asked for", "password.reset.asked", "password-reset", func() error { return w.askReset("dana") })
	reset := sallyport.Token(w.links()[0][strings.LastIndexByte(w.links()[0], '/')+1:])
	w.leaves("reset", "password.reset.completed", "password", func() error { _, err := complete(sallyport.LinkReset, reset); return err })
	w.leaves("reset again", "", "", func() error { _, err := complete(sallyport.LinkReset, reset); return err })
	w.leaves("reset of nobody", "password.reset.asked refused", "", func() error { return w.askReset("nobody") })
	for range 2 {
		_ = w.askReset("dana")
	}
	w.leaves("reset too often", "password.reset.asked refused", "", func() error { return w.askReset("dana") })
	w.technician("mail", sallyport.MethodEmail)
	w.leaves("reset that waits", "password.reset.asked, password.reset.waiting", "reset-decide, reset-waiting", func() error { return w.askReset("mail") })

	w.leaves("rescue", "", "", begun(sallyport.LinkRescue, w.link(sallyport.LinkRescue, w.read(dana.ID))))
	w.leaves("rescue, confirmed", counted+"signin.factor.right, factor.retired, rescue.used, factor.enrolled"+letIn, "password, factor-set-up", confirmed)
}

// TestEventsOfAnswers: I8 and section 9 for every kind of answer, right and wrong, in a sign-in and when a session is asked
// for its proof again.
func TestEventsOfAnswers(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	key, first := w.enrolled("dana")
	give := func(kind session.AnswerKind, typed string) func() error {
		return func() error { _, err := w.answer(w.begin("dana").SignIn, kind, typed); return err }
	}
	const begun = "signin.password.right, "
	w.leaves("wrong code", begun+counted+"signin.factor.wrong wrong", "", give(session.AnswerCode, wrongApp(w, key)))
	w.leaves("right code", begun+counted+"signin.factor.right"+letIn, "", give(session.AnswerCode, w.digits(key, 0)))
	w.leaves("wrong recovery code", begun+counted+"signin.recovery.wrong wrong", "", give(session.AnswerRecovery, strings.Repeat("A", 26)))
	w.leaves("recovery code", begun+counted+"signin.recovery.used"+letIn, "recovery-used", give(session.AnswerRecovery, first.RecoveryCodes[0]))
	w.leaves("an answer to another question", begun[:len(begun)-2], "", give(session.AnswerEnrolment, "ABCDEFGH"))

	again := func(session sallyport.Token, kind session.AnswerKind, typed string) func() error {
		return func() error { _, err := w.answer(w.stepUp(w.actor(session)), kind, typed); return err }
	}
	w.clock.Advance(time.Minute)
	in := w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.digits(key, 0)).Session
	wrong := counted + "session.stepup.wrong wrong"
	for range 2 {
		w.leaves("wrong proof", wrong, "", again(in, session.AnswerCode, wrongApp(w, key)))
	}
	w.leaves("third wrong proof", wrong+", session.ended", "session-ended", again(in, session.AnswerCode, wrongApp(w, key)))
	w.clock.Advance(time.Minute)
	in = w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.digits(key, 0)).Session
	w.clock.Advance(time.Minute)
	w.leaves("proof", counted+"signin.factor.right, session.stepup.right", "", again(in, session.AnswerCode, w.digits(key, 0)))

	w.policy(func(s *sallyport.Settings) { s.SessionLimit = 4 })
	w.clock.Advance(time.Minute)
	w.leaves("one session too many", begun+counted+"signin.factor.right, session.ended"+letIn, "", give(session.AnswerCode, w.digits(key, 0)))

	w.reset(dana.ID, "ABCDEFGH")
	w.leaves("wrong enrolment code", begun+counted+"signin.enrolment-code.wrong wrong", "", give(session.AnswerEnrolment, "HGFEDCBA"))
	w.leaves("enrolment code", begun+counted+"signin.enrolment-code.right", "", give(session.AnswerEnrolment, "ABCDEFGH"))

	mail := w.technician("mail", sallyport.MethodEmail)
	w.mustAnswer(w.begin("mail").SignIn, session.AnswerCode, w.mail.code(mail.Email))
	var page reached
	w.leaves("a code is sent", begun+"signin.code.sent sent", "", func() (err error) { page, err = w.password("mail"); return err })
	mistyped := func() error {
		_, err := w.answer(page.SignIn, session.AnswerCode, wrongFor(w.mail.code(mail.Email)))
		return err
	}
	w.leaves("wrong sent code", counted+"signin.factor.wrong wrong", "", mistyped)
	_ = mistyped()
	w.leaves("third wrong sent code", counted+"signin.factor.wrong wrong", "wrong-codes", mistyped)
	w.leaves("a dead code", "signin.code.refused refused", "", mistyped)
	w.leaves("asked for too soon", "signin.code.refused refused", "", func() error { _, err := w.s.Send(ctx, page.SignIn, browser); return err })
	w.mail.fail = &sallyport.SendError{Outcome: sallyport.NotSent, Hint: "The server is gone."}
	w.clock.Advance(time.Minute)
	w.leaves("a code that cannot be sent", "signin.code.failed failed", "", func() error { _, err := w.s.Send(ctx, page.SignIn, browser); return err })
}

// TestEventsOfOwnActs: I8 for what technicians change themselves.
func TestEventsOfOwnActs(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	key, out := w.enrolled("dana")
	in, other := out.Session, sallyport.Token("")
	signIn := func() sallyport.Token {
		w.clock.Advance(time.Minute)
		return w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.digits(key, 0)).Session
	}
	kept := func(act func(sallyport.Actor) (session.Outcome, error)) func() error {
		return func() error {
			out, err := act(w.actor(in))
			if err == nil {
				in = out.Session
			}
			return err
		}
	}
	password := func(old string) func() error {
		return kept(func(a sallyport.Actor) (session.Outcome, error) { return w.s.ChangePassword(ctx, a, old, goodPassword) })
	}
	w.leaves("wrong old password", "signin.password.wrong wrong", "", password(newPassword))
	w.leaves("new password", "password.changed", "password", password(goodPassword))
	w.leaves("new recovery codes", "recovery.renewed", "recovery-new", kept(func(a sallyport.Actor) (session.Outcome, error) { return w.s.NewRecoveryCodes(ctx, a) }))

	var phone reached
	w.leaves("new phone", "", "", kept(func(a sallyport.Actor) (_ session.Outcome, err error) {
		phone, err = w.reach(w.s.BeginPhone(ctx, a, "/me"))
		return session.Outcome{Session: in}, err
	}))
	w.clock.Advance(time.Minute)
	w.leaves("new phone, the old one's code", counted+"signin.factor.right", "", func() (err error) {
		phone, err = w.answer(phone.SignIn, session.AnswerCode, w.digits(key, 0))
		return err
	})
	w.leaves("new phone, confirmed", counted+"signin.factor.right, factor.retired, factor.enrolled", "factor-set-up", func() (err error) {
		key = phone.Page.Secret
		phone, err = w.answer(phone.SignIn, session.AnswerCode, w.digits(key, 0))
		in = phone.Session
		return err
	})

	other = signIn()
	w.leaves("one session ended", "session.ended", "", func() error { h, _ := other.Hash(); return w.s.EndOwn(ctx, w.actor(in), h) })
	signIn()
	signIn()
	w.leaves("the others ended", "session.ended, session.ended", "", func() error { _, err := w.s.EndOthers(ctx, w.actor(in)); return err })
	w.leaves("signed out", "session.ended", "", func() error { return w.s.SignOut(ctx, in, browser) })
	w.leaves("signed out again", "", "", func() error { return w.s.SignOut(ctx, in, browser) })
}
