package session_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/factor"
	"sallyport/internal/login"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// holding is a technician whose mailbox is proved, at the code page of a fresh sign-in.
func holding(t *testing.T, w *world) (sallyport.Technician, reached) {
	t.Helper()
	dana := w.technician("dana", sallyport.MethodEmail)
	w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.mail.code(dana.Email))
	return dana, w.begin("dana")
}

func parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

func (w *world) newest(token sallyport.Token) *sallyport.Code {
	w.t.Helper()
	hash, _ := token.Hash()
	var code *sallyport.Code
	if err := w.db.Read(ctx, func(tx *store.Tx) (err error) { code, err = tx.NewestCode(ctx, hash); return err }); err != nil {
		w.t.Fatal(err)
	}
	return code
}

// TestD1_1: 1,000 parallel wrong guesses at one code: exactly 3 are compared (invariant I1).
func TestD1_1(t *testing.T) {
	w := newWorld(t)
	dana, page := holding(t, w)
	right := w.mail.code(dana.Email)
	var in atomic.Int64
	parallel(1000, func(i int) {
		guess := fmt.Sprintf("%06d", i)
		if guess == right {
			guess = "999999"
		}
		if _, err := w.answer(page.SignIn, session.AnswerCode, guess); err == nil {
			in.Add(1)
		}
	})
	code := w.newest(page.SignIn)
	if code.Attempts != 3 || in.Load() != 0 {
		t.Errorf("%d attempts counted, %d sessions", code.Attempts, in.Load())
	}
	if n := w.events("signin.factor.wrong"); n != 3 {
		t.Errorf("%d guesses were compared", n)
	}
}

// TestD1_2: the right code behind three wrong ones is worth nothing.
func TestD1_2(t *testing.T) {
	w := newWorld(t)
	dana, page := holding(t, w)
	right := w.mail.code(dana.Email)
	for range 3 {
		_, _ = w.answer(page.SignIn, session.AnswerCode, wrongFor(right))
	}
	var in atomic.Int64
	parallel(100, func(int) {
		if _, err := w.answer(page.SignIn, session.AnswerCode, right); err == nil {
			in.Add(1)
		}
	})
	if in.Load() != 0 {
		t.Errorf("%d sessions by a dead code", in.Load())
	}
	_, err := w.answer(page.SignIn, session.AnswerCode, right)
	wantField(t, err, "Three wrong codes")
}

// TestD1_3: the right code 200 times in parallel: exactly one session (invariant I2).
func TestD1_3(t *testing.T) {
	w := newWorld(t)
	dana, page := holding(t, w)
	right := w.mail.code(dana.Email)
	before := len(w.liveSessions(dana.ID))
	var in atomic.Int64
	parallel(200, func(int) {
		if out, err := w.answer(page.SignIn, session.AnswerCode, right); err == nil && out.Finished {
			in.Add(1)
		}
	})
	if n := len(w.liveSessions(dana.ID)) - before; in.Load() != 1 || n != 1 {
		t.Errorf("%d answers let in, %d sessions", in.Load(), n)
	}
}

// TestD1_4: one TOTP code in 200 sign-ins at once: exactly one session, and the others are told what a wrong code is told.
func TestD1_4(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	key, _ := w.enrolled("dana")
	before := len(w.liveSessions(dana.ID))
	tokens := make([]sallyport.Token, 200)
	for i := range tokens {
		tokens[i] = w.begin("dana").SignIn
	}
	right := w.digits(key, 0)
	var in atomic.Int64
	parallel(len(tokens), func(i int) {
		_, err := w.answer(tokens[i], session.AnswerCode, right)
		switch sallyport.KindOf(err) {
		case sallyport.Invalid:
			if !strings.Contains(err.Error(), "not right, or was used already") {
				t.Errorf("told apart: %v", err)
			}
		case sallyport.TooMany, sallyport.Forbidden:
		default:
			if err == nil {
				in.Add(1)
			} else {
				t.Error(err)
			}
		}
	})
	if n := len(w.liveSessions(dana.ID)) - before; in.Load() != 1 || n != 1 {
		t.Errorf("%d answers let in, %d sessions", in.Load(), n)
	}
}

// TestD1_5: a used step is refused for ever, and so is every older one, also across a restart of the process.
func TestD1_5(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	key, _ := w.enrolled("dana")
	previous, used := w.digits(key, -1), w.digits(key, 0)
	w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, used)
	w.clock.Advance(30 * time.Second)
	for _, old := range []string{used, previous} {
		_, err := w.answer(w.begin("dana").SignIn, session.AnswerCode, old)
		wantField(t, err, "used already")
	}
	again := w.over(store.For[session.Tx](w.db)) // a process that knows nothing but the database
	out, err := again.Password(ctx, session.Attempt{UserName: "dana", Password: goodPassword, Client: browser})
	if err != nil {
		t.Fatal(err)
	}
	_, err = again.Answer(ctx, out.SignIn, session.Answer{Kind: session.AnswerCode, Typed: used}, browser)
	wantField(t, err, "used already")
}

// TestD1_6: spellings of one code: brought into one form, which is counted and burns the same step, or refused as what is
// no code at all, which is no guess and is not counted.
func TestD1_6(t *testing.T) {
	spell := []struct {
		name  string
		of    func(string) string
		taken bool
	}{
		{"spaces", func(c string) string { return " " + c[:3] + " " + c[3:] + " " }, true},
		{"no-break space", func(c string) string { return c[:3] + "\u00a0" + c[3:] }, true},
		{"tab", func(c string) string { return c + "\t" }, true},
		{"hyphen", func(c string) string { return c[:3] + "-" + c[3:] }, true},
		{"newline", func(c string) string { return c + "\n" }, true},
		{"full-width digits", func(c string) string { return shift(c, 0xff10) }, true},
		{"Arabic-Indic digits", func(c string) string { return shift(c, 0x660) }, true},
		{"plus sign", func(c string) string { return "+" + c }, false},
		{"hexadecimal", func(c string) string { return "0x" + c }, false},
		{"seven digits", func(c string) string { return "0" + c }, false},
		{"five digits", func(c string) string { return c[1:] }, false},
	}
	for _, s := range spell {
		t.Run(s.name, func(t *testing.T) {
			w := newWorld(t)
			dana := w.technician("dana", sallyport.MethodApp)
			key, _ := w.enrolled("dana")
			code := w.digits(key, 0)
			first, second := w.begin("dana").SignIn, w.begin("dana").SignIn
			counted := w.events("signin.factor.attempt")
			_, err := w.answer(first, session.AnswerCode, s.of(code))
			if (err == nil) != s.taken {
				t.Fatalf("taken %v: %v", err == nil, err)
			}
			if n := w.events("signin.factor.attempt") - counted; (n == 1) != s.taken || w.read(dana.ID).WrongRun != 0 {
				t.Errorf("counted %d times", n)
			}
			_, err = w.answer(second, session.AnswerCode, code)
			if (err == nil) == s.taken {
				t.Errorf("the plain spelling after it: %v", err)
			}
		})
	}
}

func shift(code string, zero rune) string {
	return strings.Map(func(r rune) rune { return zero + r - '0' }, code)
}

// TestD1_7: the code that confirmed the set-up is no code for the next sign-in.
func TestD1_7(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	page := w.begin("dana")
	code := w.digits(page.Page.Secret, 0)
	w.mustAnswer(page.SignIn, session.AnswerCode, code)
	_, err := w.answer(w.begin("dana").SignIn, session.AnswerCode, code)
	wantField(t, err, "The next one comes in")
}

// TestD1_8: one TOTP at a step-up and a sign-in at once: one of them takes it.
func TestD1_8(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	key, first := w.enrolled("dana")
	actor, _, err := w.s.Actor(ctx, first.Session, browser)
	if err != nil {
		t.Fatal(err)
	}
	up, err := w.s.BeginStepUp(ctx, actor, "/me")
	if err != nil {
		t.Fatal(err)
	}
	tokens := []sallyport.Token{up.SignIn, w.begin("dana").SignIn}
	var in atomic.Int64
	parallel(2, func(i int) {
		if _, err := w.answer(tokens[i], session.AnswerCode, w.digits(key, 0)); err == nil {
			in.Add(1)
		}
	})
	if in.Load() != 1 {
		t.Errorf("%d took the same code", in.Load())
	}
}

// TestD1_9: one recovery code 50 times in parallel: one gets in (also W13).
func TestD1_9(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	_, first := w.enrolled("dana")
	tokens := make([]sallyport.Token, 50)
	for i := range tokens {
		tokens[i] = w.begin("dana").SignIn
	}
	before := len(w.liveSessions(dana.ID))
	var in atomic.Int64
	parallel(len(tokens), func(i int) {
		if _, err := w.answer(tokens[i], session.AnswerRecovery, first.RecoveryCodes[0]); err == nil {
			in.Add(1)
		}
	})
	if n := len(w.liveSessions(dana.ID)) - before; in.Load() != 1 || n != 1 {
		t.Errorf("%d let in, %d sessions", in.Load(), n)
	}
}

// TestD1_10 and D1_11: a code belongs to one sign-in of one technician; elsewhere it is a wrong one and counts there.
func TestD1_10(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodEmail)
	ilya := w.technician("ilya", sallyport.MethodEmail)
	a, b := w.begin("dana"), w.begin("ilya")
	codeA := w.mail.code(dana.Email)
	for codeA == w.mail.code(ilya.Email) { // once in a million runs
		b = w.begin("ilya")
	}
	_, err := w.answer(b.SignIn, session.AnswerCode, codeA)
	wantField(t, err, "2 tries left")
	if w.newest(a.SignIn).Attempts != 0 || w.newest(b.SignIn).Attempts != 1 {
		t.Error("counted against the wrong sign-in")
	}
}

func TestD1_11(t *testing.T) {
	w := newWorld(t)
	dana, first := holding(t, w)
	code := w.mail.code(dana.Email)
	second := w.begin("dana")
	for code == w.mail.code(dana.Email) { // once in a million runs
		second = w.begin("dana")
	}
	_, err := w.answer(second.SignIn, session.AnswerCode, code)
	wantField(t, err, "2 tries left")
	if w.newest(first.SignIn).Attempts != 0 {
		t.Error("counted against the first sign-in")
	}
}

// TestD1_12: a fresh code kills the one before, and does not give its tries back to the account.
func TestD1_12(t *testing.T) {
	w := newWorld(t)
	dana, page := holding(t, w)
	old := w.mail.code(dana.Email)
	_, _ = w.answer(page.SignIn, session.AnswerCode, wrongFor(old))
	run := w.read(dana.ID).WrongRun
	w.clock.Advance(31 * time.Second)
	if _, err := w.s.Send(ctx, page.SignIn, browser); err != nil {
		t.Fatal(err)
	}
	if fresh := w.mail.code(dana.Email); fresh != old {
		_, err := w.answer(page.SignIn, session.AnswerCode, old)
		wantField(t, err, "not right")
	}
	if got := w.read(dana.ID).WrongRun; got < run {
		t.Errorf("the fresh code reset the count from %d to %d", run, got)
	}
}

// TestD1_13 is D3_7 as well: the method changes while a code is pending.
func TestD1_13(t *testing.T) {
	w := newWorld(t)
	dana, page := holding(t, w)
	code := w.mail.code(dana.Email)
	w.change(dana.ID, func(t *sallyport.Technician) { t.Method = sallyport.MethodApp })
	_, err := w.answer(page.SignIn, session.AnswerCode, code)
	wantCode(t, err, "sign_in_over")
}

// TestD1_14: 179.9 seconds are in time by the database's clock, 180.1 are not.
func TestD1_14(t *testing.T) {
	for after, in := range map[time.Duration]bool{179900 * time.Millisecond: true, 180100 * time.Millisecond: false} {
		w := newWorld(t)
		dana, page := holding(t, w)
		w.clock.Advance(after)
		_, err := w.answer(page.SignIn, session.AnswerCode, w.mail.code(dana.Email))
		if (err == nil) != in {
			t.Errorf("after %v: %v", after, err)
		}
		if !in {
			wantField(t, err, "has run out (3 minutes)")
		}
	}
}

// TestD1_16: with the password, fresh codes and all the time in the world: at most 100 answers in a row are compared,
// then the factor is switched off and its owner is told.
func TestD1_16(t *testing.T) {
	w := newWorld(t)
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
	if w.told(session.NoticeFactorOff) != 1 || w.told(session.NoticeWrongCodes) == 0 {
		t.Error("its owner was not told")
	}
}

// TestD1_16App: the same with an authenticator app, in one sign-in after the other.
func TestD1_16App(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	key, _ := w.enrolled("dana")
	for range 150 {
		w.clock.Advance(16 * time.Minute)
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

// TestD1_18: a client that hangs up takes no count back: neither between the count and the comparison, nor at some moment
// of his own choice.
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
	for range 50 {
		gone, cancel := context.WithCancel(ctx)
		go cancel()
		answer(w.s, gone)
		cancel()
	}
	wrong, attempts := w.events("signin.factor.wrong"), w.newest(page.SignIn).Attempts
	if wrong > 3 || attempts < wrong || attempts > 3 {
		t.Errorf("%d compared, %d counted", wrong, attempts)
	}
}

// TestD1_21: a code that begins with zero works like any other, as it is sent and as the app shows it.
func TestD1_21(t *testing.T) {
	w := newWorld(t)
	dana, page := holding(t, w)
	for w.mail.code(dana.Email)[0] != '0' { // one in ten
		w.mustAnswer(page.SignIn, session.AnswerCode, w.mail.code(dana.Email))
		w.clock.Advance(time.Hour)
		page = w.begin("dana")
	}
	if code := w.mail.code(dana.Email); len(code) != 6 {
		t.Fatalf("sent %q", code)
	}
	w.mustAnswer(page.SignIn, session.AnswerCode, w.mail.code(dana.Email))

	secret := make([]byte, 20)
	for step := int64(0); ; step++ {
		code := factor.Digits(secret, step)
		if code[0] != '0' {
			continue
		}
		if len(code) != 6 {
			t.Fatalf("code %q", code)
		}
		if _, ok := factor.Match(secret, code, factor.Window{Now: time.Unix(step*30, 0), Aside: 0, LastStep: -1}); !ok {
			t.Errorf("%q is refused", code)
		}
		return
	}
}

// TestWrongYear: 300 wrong answers within 365 days switch the factor off, however they are spread (contract section 5).
func TestWrongYear(t *testing.T) {
	w := newWorld(t)
	w.policy(func(s *sallyport.Settings) { s.FactorRun = 100 })
	dana := w.technician("dana", sallyport.MethodApp)
	key, _ := w.enrolled("dana")
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
}
