package session_test

import (
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/login"
	"sallyport/internal/session"
)

// TestOtherSessionsLearnWhy: after an own change the other browsers are told what it was: a new password, not only that the
// session was ended from the own account.
func TestOtherSessionsLearnWhy(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	key, first := w.enrolled("dana")
	another := func() sallyport.Token {
		w.clock.Advance(30 * time.Second)
		return w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.digits(key, 0)).Session
	}
	other := another()
	out, err := w.s.ChangePassword(ctx, w.actor(first.Session), goodPassword, newPassword)
	if err != nil {
		t.Fatal(err)
	}
	if reason, known := w.s.EndedReason(ctx, other, browser); !known || reason != sallyport.EndedByPassword {
		t.Errorf("after a new password: %q %v", reason, known)
	}
	if _, err := w.s.NewRecoveryCodes(ctx, w.actor(out.Session)); err != nil {
		t.Fatal(err)
	}
	if reason, known := w.s.EndedReason(ctx, out.Session, browser); !known || reason != sallyport.EndedByOwner {
		t.Errorf("after new recovery codes: %q %v", reason, known)
	}
}

// TestD10_9Password: whoever has a session and the password has no second factor: a new password is no proof of one, and
// neither are new recovery codes.
func TestD10_9Password(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	_, first := w.enrolled("dana")
	fresh, err := w.s.NewRecoveryCodes(ctx, w.actor(first.Session))
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(15 * time.Minute) // after the proof that was given at the set-up
	out, err := w.s.ChangePassword(ctx, w.actor(fresh.Session), goodPassword, newPassword)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.s.NewRecoveryCodes(ctx, w.actor(out.Session)); sallyport.KindOf(err) != sallyport.StepUp {
		t.Errorf("the password was proof enough for new recovery codes: %v", err)
	}
}

// TestD10_9Phone: the time in which a recovery code opens the set-up of a new phone is not begun anew by the password.
func TestD10_9Phone(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	_, first := w.enrolled("dana")
	in := w.mustAnswer(w.begin("dana").SignIn, session.AnswerRecovery, first.RecoveryCodes[0])
	w.clock.Advance(11 * time.Minute)
	out, err := w.s.ChangePassword(ctx, w.actor(in.Session), goodPassword, newPassword)
	if err != nil {
		t.Fatal(err)
	}
	phone, err := w.reach(w.s.BeginPhone(ctx, w.actor(out.Session), "/me"))
	if err != nil || phone.Page.Step.Kind != login.Opener {
		t.Errorf("step %+v, %v", phone.Page.Step, err)
	}
}

// TestPasswordIsTheProofOfWhoHasNoOther: where the method is Off.
func TestPasswordIsTheProofOfWhoHasNoOther(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	session := w.begin("dana").Session
	w.clock.Advance(20 * time.Minute)
	out, err := w.s.ChangePassword(ctx, w.actor(session), goodPassword, newPassword)
	if err != nil {
		t.Fatal(err)
	}
	if proved := w.actor(out.Session).ProvedAt; !proved.Equal(w.clock.Now()) {
		t.Errorf("proved at %v, now it is %v", proved, w.clock.Now())
	}
}

// TestNewPasswordThatWillNotDoIsNoGuess: it is judged before the old one is looked at, and costs nothing.
func TestNewPasswordThatWillNotDoIsNoGuess(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	actor := w.actor(w.begin("dana").Session)
	for range 12 {
		_, err := w.s.ChangePassword(ctx, actor, goodPassword, "too short")
		wantField(t, err, "at least 15")
	}
	if _, err := w.s.ChangePassword(ctx, actor, goodPassword, newPassword); err != nil {
		t.Error(err)
	}
	if n := w.events("signin.throttled"); n != 0 {
		t.Errorf("%d times it was refused to look", n)
	}
}

// TestRecoveryCodesThatAreOff: too many wrong ones switch them off, which is told once and is an event; new ones work.
func TestRecoveryCodesThatAreOff(t *testing.T) {
	w := newWorld(t)
	w.policy(func(s *sallyport.Settings) { s.FactorRun = 10 })
	w.technician("dana", sallyport.MethodApp)
	key, first := w.enrolled("dana")
	wrong := func() error {
		w.clock.Advance(16 * time.Minute)
		_, err := w.answer(w.begin("dana").SignIn, session.AnswerRecovery, "AAAAAAAAAAAAAAAAAAAAAAAAAA")
		return err
	}
	for range 10 {
		wantField(t, wrong(), "not right")
	}
	wantCode(t, wrong(), "recovery_disabled")
	if told, events := w.told(session.NoticeRecoveryOff), w.events("signin.recovery.disabled"); told != 1 || events != 1 {
		t.Errorf("told %d times, %d events", told, events)
	}
	if w.told(session.NoticeWrongCodes) != 1 {
		t.Error("its owner was not told of the first three")
	}
	_, err := w.answer(w.begin("dana").SignIn, session.AnswerRecovery, first.RecoveryCodes[0])
	wantCode(t, err, "recovery_disabled")

	in := w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.digits(key, 0))
	if in.RecoveryLeft != 0 || !in.FewRecovery {
		t.Errorf("%d recovery codes are said to be left", in.RecoveryLeft)
	}
	actor := w.actor(in.Session)
	if own, err := w.s.Own(ctx, actor, 1); err != nil || own.RecoveryLeft != 0 {
		t.Errorf("the own page says %d, %v", own.RecoveryLeft, err)
	}
	fresh, err := w.s.NewRecoveryCodes(ctx, actor)
	if err != nil {
		t.Fatal(err)
	}
	if out := w.mustAnswer(w.begin("dana").SignIn, session.AnswerRecovery, fresh.RecoveryCodes[0]); !w.usable(out.Session) || out.RecoveryLeft != 9 {
		t.Errorf("outcome %+v", out)
	}
}

// TestD7_4: help is no storm of messages: three an hour, of many at once as well.
func TestD7_4(t *testing.T) {
	w := newWorld(t)
	mara := w.technician("mara", sallyport.MethodApp)
	w.change(mara.ID, func(t *sallyport.Technician) { t.Role = sallyport.SuperAdmin })
	w.technician("dana", sallyport.MethodEmail)
	signIn := w.begin("dana").SignIn
	numbers := make([]string, 20)
	parallel(len(numbers), func(i int) { numbers[i], _ = w.either().Help(ctx, signIn, "", browser) })
	given := 0
	for _, n := range numbers {
		if n != "" {
			given++
		}
	}
	if told := w.told(session.NoticeHelp); given != 3 || told != 3 {
		t.Errorf("%d numbers were given, %d messages sent", given, told)
	}
	_, err := w.s.Help(ctx, w.begin("dana").SignIn, "", browser)
	wantCode(t, err, "helped")
	w.clock.Advance(time.Hour)
	if number, err := w.s.Help(ctx, w.begin("dana").SignIn, "", browser); err != nil || number == "" {
		t.Errorf("after an hour: %q, %v", number, err)
	}
}
