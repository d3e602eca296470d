package session_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/login"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// TestD1_16: with the password, fresh codes and all the time in the world: at most 100 answers in a row are compared,
// then the factor is switched off and its owner is told.
func TestD1_16(t *testing.T) {
	w := newWorld(t)
	began := w.clock.Now()
	w.policy(func(s *sallyport.Settings) { s.ResendDay, s.ResendHour = 50, 20 })
	dana, _ := holding(t, w)
	for range 400 {
		w.clock.Advance(16 * time.Minute)
		page, err := w.password("dana")
		if err != nil {
			t.Fatal(err)
		}
		if page.Page.Step.Kind == login.Disabled {
			break
		}
		for range 3 {
			if code := w.mail.code(dana.Email); page.Page.Sent {
				_, _ = w.answer(page.SignIn, session.AnswerCode, wrongFor(code))
			}
			w.clock.Advance(time.Second)
		}
	}
	if n := w.events("signin.factor.wrong"); n > 100 {
		t.Errorf("%d guesses were compared", n)
	}
	if !w.read(dana.ID).FactorDisabled {
		t.Error("the factor is still on")
	}
	days := int(w.clock.Now().Sub(began) / (24 * time.Hour))
	if off, wrong := w.told(session.NoticeFactorOff), w.told(session.NoticeWrongCodes); off != 1 || wrong < 1 || wrong > 1+days {
		t.Errorf("its owner was told %d times that it is off, and %d times in %d days of the wrong answers", off, wrong, days)
	}
}

// TestD1_16App: the same with an authenticator app, one guess in each sign-in; its owner is told after the third, and again after a
// day while they go on.
func TestD1_16App(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	key, _ := w.enrolled("dana")
	for i := range 150 {
		w.clock.Advance(16 * time.Minute)
		if told, want := w.told(session.NoticeWrongCodes), min(1, i/3)+i/(3+24*60/16); told != want {
			t.Fatalf("told %d times after %d guesses, want %d", told, i, want)
		}
		page := w.begin("dana")
		if page.Page.Step.Kind == login.Disabled {
			break
		}
		_, _ = w.answer(page.SignIn, session.AnswerCode, wrongApp(w, key))
	}
	if n := w.events("signin.factor.wrong"); n != 100 {
		t.Errorf("%d guesses were compared", n)
	}
	page := w.begin("dana")
	if !w.read(dana.ID).FactorDisabled || page.Page.Step.Kind != login.Disabled {
		t.Fatalf("step %+v", page.Page.Step)
	}
	_, err := w.answer(page.SignIn, session.AnswerCode, w.digits(key, 0))
	wantCode(t, err, "factor_disabled")
}

// wrongApp is a code that no step near now has.
func wrongApp(w *world, key string) string {
	near := map[string]bool{}
	for step := int64(-12); step <= 12; step++ {
		near[w.digits(key, step)] = true
	}
	for i := range 1000 {
		if code := fmt.Sprintf("%06d", i); !near[code] {
			return code
		}
	}
	panic("unreachable")
}

// TestEnrolmentCodesSwitchedOff: whoever was reset and meets a set-up at which too many wrong codes were typed reads that only a
// reset helps, and is not asked for a code that nobody would look at. Where a crash left the record of the last one undone,
// it is made good there, once.
func TestEnrolmentCodesSwitchedOff(t *testing.T) {
	w := newWorld(t)
	w.policy(func(s *sallyport.Settings) { s.FactorRun = 10 })
	dana := w.technician("dana", sallyport.MethodApp)
	w.enrolled("dana")
	w.reset(dana.ID, "ABCDEFGH")
	begun := w.begin("dana").SignIn
	dana = w.read(dana.ID)
	w.write(func(tx *store.Tx) error { // whose ends were lost
		for dana.WrongRun = range 10 {
			if _, err := tx.CountAnswer(ctx, dana, 10, false); err != nil {
				return err
			}
		}
		return nil
	})
	for range 2 {
		if page := w.begin("dana"); page.Page.Step.Kind != login.Shut {
			t.Errorf("step %+v", page.Page.Step)
		}
	}
	if told, events := w.told(session.NoticeFactorOff), w.events("signin.factor.disabled"); told != 1 || events != 1 || !w.read(dana.ID).FactorDisabled {
		t.Errorf("told %d times, %d events", told, events)
	}
	for _, kind := range []session.AnswerKind{session.AnswerEnrolment, session.AnswerRecovery} {
		typed := map[session.AnswerKind]string{session.AnswerEnrolment: "ABCD-EFGH", session.AnswerRecovery: "AAAAAAAAAAAAAAAAAAAAAAAAAA"}[kind]
		_, err := w.answer(begun, kind, typed)
		wantCode(t, err, "factor_disabled")
	}
}

// TestSwitchedOffIsReplaced: a recovery code leads past a factor that was switched off to the one that an administrator chose
// meanwhile, also where a sent code sets that up: it is looked at, three times and no more.
func TestSwitchedOffIsReplaced(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	_, first := w.enrolled("dana")
	w.write(func(tx *store.Tx) error { return tx.DisableFactor(ctx, dana.ID) })
	w.change(dana.ID, func(t *sallyport.Technician) { t.Method = sallyport.MethodEmail })
	page := w.begin("dana")
	if page.Page.Step.Kind != login.Disabled {
		t.Fatalf("step %+v", page.Page.Step)
	}
	set := w.mustAnswer(page.SignIn, session.AnswerRecovery, first.RecoveryCodes[0])
	if set.Page.Step != (login.Step{Kind: login.Enrol, Method: sallyport.MethodEmail}) {
		t.Fatalf("step %+v", set.Page.Step)
	}
	for _, says := range []string{"2 tries left", "1 try left", "Three wrong codes"} {
		_, err := w.answer(set.SignIn, session.AnswerCode, wrongFor(w.mail.code(dana.Email)))
		wantField(t, err, says)
	}
	_, err := w.answer(set.SignIn, session.AnswerCode, w.mail.code(dana.Email))
	wantField(t, err, "Three wrong codes")
	if !w.read(dana.ID).FactorDisabled {
		t.Error("what was switched off is on again before it was replaced")
	}
	w.clock.Advance(30 * time.Second)
	if _, err := w.s.Send(ctx, set.SignIn, browser); err != nil {
		t.Fatal(err)
	}
	if out := w.mustAnswer(set.SignIn, session.AnswerCode, w.mail.code(dana.Email)); !w.usable(out.Session) || w.read(dana.ID).FactorDisabled {
		t.Errorf("outcome %+v", out)
	}
}

// TestD1_17: a good sign-in after 99 wrong answers ends their run, and no other: wrong recovery codes have one of their own.
func TestD1_17(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	key, _ := w.enrolled("dana")
	dana = w.read(dana.ID)
	w.write(func(tx *store.Tx) error { // answers of other days
		for dana.WrongRun = range 98 {
			if _, err := tx.CountAnswer(ctx, dana, 100, false); err != nil {
				return err
			}
		}
		return nil
	})
	_, err := w.answer(w.begin("dana").SignIn, session.AnswerCode, wrongApp(w, key))
	wantField(t, err, "not right")
	w.clock.Advance(16 * time.Minute)
	_, err = w.answer(w.begin("dana").SignIn, session.AnswerRecovery, "ABCDEF-GHJKM-NPQRS-TVWXY-Z0123")
	wantField(t, err, "recovery code")
	if got := w.read(dana.ID); got.WrongRun != 99 || got.RecoveryRun != 1 {
		t.Fatalf("runs of %d and %d", got.WrongRun, got.RecoveryRun)
	}
	w.clock.Advance(16 * time.Minute)
	w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.digits(key, 0))
	if got := w.read(dana.ID); got.WrongRun != 0 || got.RecoveryRun != 1 || got.WaitUntil.After(w.clock.Now()) {
		t.Errorf("runs of %d and %d, wait until %v", got.WrongRun, got.RecoveryRun, got.WaitUntil)
	}
}

// TestD1_18: a client that hangs up between the count and the comparison takes no count back.
func TestD1_18(t *testing.T) {
	w := newWorld(t)
	dana, page := holding(t, w)
	right := w.mail.code(dana.Email)
	answer := func(s *session.Service, gone context.Context) {
		_, _ = s.Answer(gone, page.SignIn, session.Answer{Kind: session.AnswerCode, Typed: wrongFor(right)}, browser)
	}
	gone, hangUp := context.WithCancel(ctx)
	answer(w.over(&between{Transactions: store.For[session.Tx](w.db), after: 1, do: hangUp}), gone)
	if wrong, attempts := w.events("signin.factor.wrong"), w.newest(page.SignIn).Attempts; wrong != 1 || attempts != 1 {
		t.Errorf("hung up between: %d compared, %d counted", wrong, attempts)
	}
}

// TestD1_18App: the same at moments of the client's own choice, as often as a factor takes wrong answers, each in a sign-in
// of its own and looked at: as many are counted as were compared, and as many as were tried.
func TestD1_18App(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	key, _ := w.enrolled("dana")
	for i := range 99 {
		w.clock.Advance(16 * time.Minute)
		signIn := w.begin("dana").SignIn
		gone, hangUp := context.WithCancel(ctx)
		s := w.over(&between{Transactions: store.For[session.Tx](w.db), after: i % 3, do: hangUp}) // at the count, at the record, and about now
		if i%3 == 2 {
			go hangUp()
		}
		_, _ = s.Answer(gone, signIn, session.Answer{Kind: session.AnswerCode, Typed: wrongApp(w, key)}, browser)
		hangUp()
	}
	if compared, counted := w.events("signin.factor.wrong"), w.read(dana.ID).WrongRun; compared != 99 || counted != 99 {
		t.Errorf("of 99 guesses %d were compared, %d counted", compared, counted)
	}
}

// TestWrongYear: 300 wrong answers within 365 days switch the factor off, however they are spread (contract section 5).
func TestWrongYear(t *testing.T) {
	w := newWorld(t)
	w.policy(func(s *sallyport.Settings) { s.FactorRun = 100 })
	dana := w.technician("dana", sallyport.MethodApp)
	key, first := w.enrolled("dana")
	wrong := 0
	for range 400 {
		w.clock.Advance(16 * time.Minute)
		page := w.begin("dana")
		if page.Page.Step.Kind == login.Disabled {
			break
		}
		if wrong%90 == 89 {
			w.mustAnswer(page.SignIn, session.AnswerCode, w.digits(key, 0))
			w.clock.Advance(16 * time.Minute)
			page = w.begin("dana")
		}
		if _, err := w.answer(page.SignIn, session.AnswerCode, wrongApp(w, key)); sallyport.KindOf(err) == sallyport.Invalid {
			wrong++
		}
	}
	if wrong != 300 || !w.read(dana.ID).FactorDisabled {
		t.Errorf("%d wrong answers were compared", wrong)
	}
	w.clock.Advance(16 * time.Minute) // recovery codes have a count of their own
	if in := w.mustAnswer(w.begin("dana").SignIn, session.AnswerRecovery, first.RecoveryCodes[0]); !w.usable(in.Session) {
		t.Error("a recovery code does not let in")
	}
}
