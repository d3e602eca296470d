package session_test

import (
	"errors"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/factor"
	"sallyport/internal/login"
	"sallyport/internal/session"
)

// TestOffThatIsNotPermittedAnyMore: where the policy forbids it, the password alone lets nobody in; permitted again it
// does.
func TestOffThatIsNotPermittedAnyMore(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodOff)
	w.policy(func(s *sallyport.Settings) { s.PermitOff = false })
	page := w.begin("dana")
	if page.Finished || page.Session != "" || page.Page.Step.Kind != login.NoFactor || len(w.liveSessions(dana.ID)) != 0 {
		t.Fatalf("%+v, step %+v", page.Outcome, page.Page.Step)
	}
	_, err := w.answer(page.SignIn, session.AnswerCode, "123456")
	wantCode(t, err, "no_second_factor")
	_, err = w.answer(page.SignIn, session.AnswerRecovery, factor.NewRecoveryCodes()[0])
	wantCode(t, err, "no_second_factor")
	mara := w.technician("mara", sallyport.MethodApp)
	w.change(mara.ID, func(t *sallyport.Technician) { t.Role = sallyport.SuperAdmin })
	if _, err := w.s.Help(ctx, page.SignIn, "", browser); err != nil {
		t.Errorf("help: %v", err)
	}
	w.policy(func(s *sallyport.Settings) { s.PermitOff = true })
	if out := w.begin("dana"); !out.Finished {
		t.Errorf("%+v", out)
	}
}

// TestWrongPasswordIsSaidAtItsField: where the method is Off a change is confirmed with the password, and the field that is
// wrong is that of the password.
func TestWrongPasswordIsSaidAtItsField(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	first := w.begin("dana").Session
	w.clock.Advance(20 * time.Minute)
	_, err := w.answer(w.stepUp(w.actor(first)), session.AnswerPassword, "not mine at all")
	var e *sallyport.Error
	if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Name != "password" {
		t.Errorf("%v: %+v", err, e)
	}
}
