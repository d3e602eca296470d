package session_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

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

// TestD1_4: one TOTP code in 200 sign-ins at once: exactly one session, and the others are told, to the word, what somebody
// with wrong codes is told at that moment. After the race a used code is told what a wrong one is told, too.
func TestD1_4(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	w.technician("ilya", sallyport.MethodApp)
	key, _ := w.enrolled("dana")
	other, _ := w.enrolled("ilya")
	before := len(w.liveSessions(dana.ID))
	tokens := make([]sallyport.Token, 200)
	for i := range tokens {
		tokens[i] = w.begin("dana").SignIn
	}
	right := w.digits(key, 0)
	refused := make([]error, len(tokens))
	var in atomic.Int64
	parallel(len(tokens), func(i int) {
		if _, refused[i] = w.answer(tokens[i], session.AnswerCode, right); refused[i] == nil {
			in.Add(1)
		}
	})
	if n := len(w.liveSessions(dana.ID)) - before; in.Load() != 1 || n != 1 {
		t.Errorf("%d answers let in, %d sessions", in.Load(), n)
	}
	told := map[string]bool{}
	for range 8 { // the last of them meet a wait
		_, err := w.answer(w.begin("ilya").SignIn, session.AnswerCode, wrongApp(w, other))
		told[words(err)] = true
	}
	for _, err := range refused {
		if err != nil && !told[words(err)] {
			t.Errorf("told apart: %s, wrong codes %v", words(err), told)
		}
	}

	w.clock.Advance(16*time.Minute + 10*time.Second)
	right = w.digits(key, 0)
	w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, right)
	_, used := w.answer(w.begin("dana").SignIn, session.AnswerCode, right)
	_, wrong := w.answer(w.begin("ilya").SignIn, session.AnswerCode, wrongApp(w, other))
	if words(used) != words(wrong) {
		t.Errorf("a used code is told %s, a wrong one %s", words(used), words(wrong))
	}
}

// words are all that an error says to whoever asked, but for how long to wait.
func words(err error) string {
	var e *sallyport.Error
	if !errors.As(err, &e) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%d %s %q %q", e.Kind, e.Code, e.Message, e.Fields)
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

// TestD1_7: the code that confirmed the set-up is no code for the next sign-in, whose page says until when to wait. So does
// any page that asks for a code in the time of a used one.
func TestD1_7(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	page := w.begin("dana")
	code := w.digits(page.Page.Secret, 0)
	w.mustAnswer(page.SignIn, session.AnswerCode, code)
	next := w.begin("dana")
	if from := next.Page.FreshAt; !from.Equal(w.nextStep(0)) {
		t.Errorf("the page says to wait until %s", from)
	}
	_, err := w.answer(next.SignIn, session.AnswerCode, code)
	wantField(t, err, "The next one comes in")

	w.mustAnswer(next.SignIn, session.AnswerCode, w.digits(page.Page.Secret, 1))
	next = w.begin("dana")
	if from := next.Page.FreshAt; !from.Equal(w.nextStep(1)) {
		t.Errorf("after a code that was ahead of its time the page says to wait until %s", from)
	}
	w.clock.Advance(time.Minute)
	if p, err := w.s.Page(ctx, next.SignIn); err != nil || !p.FreshAt.IsZero() {
		t.Errorf("a fresh code is there, and the page says to wait until %s: %v", p.FreshAt, err)
	}
}

// nextStep is when the step after that one begins, counted from the present one.
func (w *world) nextStep(ahead time.Duration) time.Time {
	return w.clock.Now().Truncate(30 * time.Second).Add((ahead + 1) * 30 * time.Second)
}

// TestD1_8: one TOTP at a step-up and a sign-in at once: one of them takes it.
func TestD1_8(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	key, first := w.enrolled("dana")
	actor := w.actor(first.Session)
	up := w.stepUp(actor)
	tokens := []sallyport.Token{up, w.begin("dana").SignIn}
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
