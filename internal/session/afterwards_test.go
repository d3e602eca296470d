package session_test

import (
	"testing"
	"time"

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

// TestInvitationIsNotLostWithWhatFollows: the set-up that it leads to is there with it, and where its first code could not be sent
// its page offers to send one.
func TestInvitationIsNotLostWithWhatFollows(t *testing.T) {
	for _, method := range []sallyport.Method{sallyport.MethodApp, sallyport.MethodEmail} {
		t.Run(string(method), func(t *testing.T) {
			w := newWorld(t)
			dana := w.technician("dana", method)
			w.change(dana.ID, func(t *sallyport.Technician) { t.Status = sallyport.Invited })
			token := w.link(sallyport.LinkInvitation, w.read(dana.ID))
			s := w.over(&between{Transactions: store.For[session.Tx](w.db), after: 1})
			set, err := w.reach(s.CompleteLink(ctx, sallyport.LinkInvitation, token, session.LinkForm{Password: newPassword}, browser))
			if err != nil || set.Page.Step != (login.Step{Kind: login.Enrol, Method: method}) || set.Page.Sent {
				t.Fatalf("%v %+v", err, set.Page)
			}
			code := w.digits
			if method == sallyport.MethodEmail {
				if _, err := w.s.Send(ctx, set.SignIn, browser); err != nil {
					t.Fatal(err)
				}
				code = func(string, int64) string { return w.mail.code(dana.Email) }
			}
			if out := w.mustAnswer(set.SignIn, session.AnswerCode, code(set.Page.Secret, 0)); !w.usable(out.Session) {
				t.Error("not in")
			}
		})
	}
}

// TestNothingIsSpentAtAClosedDoor: where the set-up that would follow is closed, or its code cannot be sent, no code that works
// once is taken.
func TestNothingIsSpentAtAClosedDoor(t *testing.T) {
	for name, c := range map[string]struct {
		shut func(*world)
		step login.Step
	}{
		"closed":       {func(w *world) { w.clock.Advance(73 * time.Hour) }, login.Step{Kind: login.Closed}},
		"channel down": {func(w *world) { breaks["was removed"](w, sallyport.ChannelEmail) }, login.Step{Kind: login.SetupDown, Method: sallyport.MethodEmail}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			dana := w.technician("dana", sallyport.MethodApp)
			_, first := w.enrolled("dana")
			w.change(dana.ID, func(t *sallyport.Technician) { t.Method = sallyport.MethodEmail })
			before := w.begin("dana").SignIn
			c.shut(w)
			page := w.begin("dana")
			if page.Page.Step != c.step {
				t.Errorf("step %+v", page.Page.Step)
			}
			for _, signIn := range []sallyport.Token{before, page.SignIn} {
				if _, err := w.answer(signIn, session.AnswerRecovery, first.RecoveryCodes[0]); err == nil {
					t.Error("a recovery code was taken")
				}
			}
			if left := look(w, func(tx *store.Tx) (int, error) { return tx.RecoveryLeft(ctx, dana.ID) }); left != 10 {
				t.Errorf("%d codes left", left)
			}
		})
	}
}

// TestCodeOfTheStepBefore: where the first code of a set-up could not be sent, its page tells nothing of the code that opened it.
func TestCodeOfTheStepBefore(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodEmail)
	first := w.begin("dana")
	w.mustAnswer(first.SignIn, session.AnswerCode, w.mail.code(dana.Email))
	w.change(dana.ID, func(t *sallyport.Technician) { t.Method, t.Phone = sallyport.MethodText, "+12125550107" })
	var begun reached
	for range 4 { // with the one of the first sign-in all that an hour has
		begun = w.begin("dana")
	}
	if begun.Page.Step != (login.Step{Kind: login.Opener, Method: sallyport.MethodEmail}) || !begun.Page.Sent {
		t.Fatalf("page %+v", begun.Page)
	}
	set := w.mustAnswer(begun.SignIn, session.AnswerCode, w.mail.code(dana.Email))
	if set.Page.Step != (login.Step{Kind: login.Enrol, Method: sallyport.MethodText}) {
		t.Fatalf("page %+v", set.Page)
	}
	if set.Page.Sent || set.Page.State != "" || !set.Page.ResendAt.After(w.clock.Now()) {
		t.Errorf("nothing was sent to %s, and the page says %+v", set.Page.Masked, set.Page)
	}
}

// TestSetUpThatBecameOpen: a sign-in that stood before its set-up when a change let it through has no key to show. It is over, in
// those words, and the next one sets the app up.
func TestSetUpThatBecameOpen(t *testing.T) {
	for name, c := range map[string]struct {
		stands login.Kind
		before func(*world, sallyport.Technician)
		change func(*world, sallyport.Technician)
	}{
		"opened again": {login.Closed, func(w *world, _ sallyport.Technician) { w.clock.Advance(73 * time.Hour) }, func(w *world, dana sallyport.Technician) {
			w.write(func(tx *store.Tx) error {
				now, err := tx.Technician(ctx, dana.ID)
				if err != nil {
					return err
				}
				now.SetupUntil = w.clock.Now().Add(time.Hour)
				return tx.UpdateTechnician(ctx, now)
			})
		}},
		"no code is asked for any more": {login.EnrolmentCode, func(w *world, dana sallyport.Technician) { w.reset(dana.ID, "ABCDEFGH") },
			func(w *world, _ sallyport.Technician) {
				w.policy(func(s *sallyport.Settings) { s.EnrolmentCodes = false })
			}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			dana := w.technician("dana", sallyport.MethodApp)
			c.before(w, dana)
			page := w.begin("dana")
			if page.Page.Step.Kind != c.stands {
				t.Fatalf("step %+v", page.Page.Step)
			}
			c.change(w, dana)
			_, err := w.s.Page(ctx, page.SignIn)
			wantCode(t, err, "sign_in_over")
			_, err = w.answer(page.SignIn, session.AnswerCode, "123456")
			wantCode(t, err, "sign_in_over")
			next := w.begin("dana")
			if out := w.mustAnswer(next.SignIn, session.AnswerCode, w.digits(next.Page.Secret, 0)); !w.usable(out.Session) {
				t.Error("not in")
			}
		})
	}
}
