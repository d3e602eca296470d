package session_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/factor"
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
	return look(w, func(tx *store.Tx) (*sallyport.Code, error) { return tx.NewestCode(ctx, hash) })
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
	for w.mail.code(dana.Email) == old { // once in a million runs
		w.clock.Advance(31 * time.Second)
		if _, err := w.s.Send(ctx, page.SignIn, browser); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.answer(page.SignIn, session.AnswerCode, old)
	wantField(t, err, "not right")
	if got := w.read(dana.ID).WrongRun; got < run {
		t.Errorf("the fresh code reset the count from %d to %d", run, got)
	}
}

// TestD1_13: the method changes while a code is pending.
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

// TestD1_21: a code that begins with zero works like any other, as it is sent, by email and by text message, and as the app
// shows it; so does 000000.
func TestD1_21(t *testing.T) {
	for _, method := range []sallyport.Method{sallyport.MethodEmail, sallyport.MethodText} {
		w := newWorld(t)
		dana := w.technician("dana", method)
		address := map[sallyport.Method]string{sallyport.MethodEmail: dana.Email, sallyport.MethodText: dana.Phone}[method]
		page := w.begin("dana")
		for w.mail.code(address)[0] != '0' { // one in ten
			w.mustAnswer(page.SignIn, session.AnswerCode, w.mail.code(address))
			w.clock.Advance(time.Hour)
			page = w.begin("dana")
		}
		if code := w.mail.code(address); len(code) != 6 {
			t.Fatalf("%s: sent %q", method, code)
		}
		w.mustAnswer(page.SignIn, session.AnswerCode, w.mail.code(address))

		w.clock.Advance(time.Hour)
		page = w.begin("dana")
		w.zeros(page.SignIn)
		_, err := w.answer(page.SignIn, session.AnswerCode, "0")
		wantField(t, err, "6 digits")
		_, err = w.answer(page.SignIn, session.AnswerCode, "000001")
		wantField(t, err, "2 tries left")
		w.mustAnswer(page.SignIn, session.AnswerCode, "000000")
	}

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

// zeros makes 000000 the newest code of a sign-in, as one in a million is.
func (w *world) zeros(token sallyport.Token) {
	w.t.Helper()
	c := *w.newest(token)
	c.ID, c.Attempts = sallyport.CodeID(sallyport.NewID()), 0
	c.Hash = w.keys.MAC("code", []byte(c.ID), []byte("000000"))
	w.write(func(tx *store.Tx) error { return tx.InsertCode(ctx, c) })
}
