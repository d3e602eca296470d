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

// TestPasswordIsNoSecondFactor: where the method is Off a change is confirmed with the password, whatever was guessed at the
// second factor that was held before; and wrong ones end the session, and nothing else.
func TestPasswordIsNoSecondFactor(t *testing.T) {
	w := newWorld(t)
	w.policy(func(s *sallyport.Settings) { s.FactorRun = 10 })
	dana := w.technician("dana", sallyport.MethodApp)
	key, _ := w.enrolled("dana")
	for range 10 {
		w.clock.Advance(16 * time.Minute)
		_, _ = w.answer(w.begin("dana").SignIn, session.AnswerCode, wrongApp(w, key))
	}
	if !w.read(dana.ID).FactorDisabled {
		t.Fatal("the factor is not switched off: nothing is tested")
	}
	w.change(dana.ID, func(t *sallyport.Technician) { t.Method = sallyport.MethodOff })
	in := w.begin("dana").Session // while the wait after the last wrong code lasts
	out, err := w.answer(w.stepUp(w.actor(in)), session.AnswerPassword, goodPassword)
	if err != nil || !w.usable(out.Session) {
		t.Fatalf("the right password: %v", err)
	}
	before := w.read(dana.ID)
	for range 3 {
		_, err = w.answer(w.stepUp(w.actor(out.Session)), session.AnswerPassword, "not mine at all")
	}
	wantCode(t, err, "guessing")
	if after := w.read(dana.ID); w.usable(out.Session) || after.WrongRun != before.WrongRun || !after.WaitUntil.Equal(before.WaitUntil) {
		t.Errorf("after three wrong passwords: %d wrong codes in a row, wait until %v", after.WrongRun, after.WaitUntil)
	}
}
