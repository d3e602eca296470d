package session_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/factor"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// A right answer in another tab waits until the wrong one is judged; where that takes too long it is looked at, and the
// wrong one counts against the session under its new token.
func TestWrongAnswersFollowTheSession(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	key, first := w.enrolled("dana")
	actor := w.actor(first.Session)
	right, wrong := w.stepUp(actor), w.stepUp(actor)
	bad, lives := wrongApp(w, key), sallyport.Token("")
	meanwhile := &between{Transactions: store.For[session.Tx](w.db), after: 1, do: func() {
		_, err := w.answer(right, session.AnswerCode, w.digits(key, 0))
		wantCode(t, err, "answer_beside")
		w.clock.Advance(11 * time.Second)
		lives = w.mustAnswer(right, session.AnswerCode, w.digits(key, 0)).Session
	}}
	_, err := w.over(meanwhile).Answer(ctx, wrong, session.Answer{Kind: session.AnswerCode, Typed: bad}, browser)
	wantField(t, err, "not right")
	_, err = w.answer(wrong, session.AnswerCode, bad)
	wantField(t, err, "not right")
	if !w.usable(lives) {
		t.Fatal("the session ended too early")
	}
	_, err = w.answer(wrong, session.AnswerCode, bad)
	wantCode(t, err, "guessing")
	if w.usable(lives) {
		t.Error("the session lives on after three wrong answers")
	}
}

// Of answers that come at once one is looked at, and it takes three of them one after the other to end the session.
func TestAnswersAtOnceAreLookedAtInTurn(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	first := w.begin("dana").Session
	actor := w.actor(first)
	const tabs = 12
	met, goOn := make(chan string, 2*tabs), make(chan struct{})
	slow := w.hashing(tabs, func(work factor.Work) ([]byte, error) {
		met <- "compared"
		<-goOn
		return work.Digest(), nil
	})
	var all sync.WaitGroup
	for range tabs {
		up := w.stepUp(actor)
		all.Go(func() {
			_, err := slow.Answer(ctx, up, session.Answer{Kind: session.AnswerPassword, Typed: "not it, whatever it is"}, browser)
			met <- sallyport.CodeOf(err)
		})
	}
	seen := map[string]int{}
	for range tabs {
		seen[<-met]++
	}
	close(goOn)
	all.Wait()
	if seen["compared"] != 1 || seen["answer_beside"] != tabs-1 || !w.usable(first) {
		t.Fatalf("%v", seen)
	}
	for range 2 {
		_, _ = slow.Answer(ctx, w.stepUp(actor), session.Answer{Kind: session.AnswerPassword, Typed: "not it, whatever it is"}, browser)
	}
	if w.usable(first) || w.events("session.stepup.wrong") != 3 {
		t.Errorf("%d wrong answers", w.events("session.stepup.wrong"))
	}
}

// hashing is another process on the same database, with hashing processes of its own.
func (w *world) hashing(workers int, derive factor.Derive) *session.Service {
	o := w.options(store.For[session.Tx](w.db))
	o.Hasher = factor.NewHasherOver(workers, derive)
	return session.New(o)
}

// An answer whose end was lost counts as a wrong one, and the next is looked at when its time is over.
func TestAnswerThatWasLostCounts(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	key, first := w.enrolled("dana")
	actor, bad := w.actor(first.Session), wrongApp(w, key)
	up := w.stepUp(actor)
	killed := w.over(&between{Transactions: store.For[session.Tx](w.db), after: 1})
	if _, err := killed.Answer(ctx, up, session.Answer{Kind: session.AnswerCode, Typed: bad}, browser); err == nil {
		t.Fatal("it was not lost")
	}
	_, err := w.answer(up, session.AnswerCode, bad)
	wantCode(t, err, "answer_beside")
	w.clock.Advance(11 * time.Second)
	_, err = w.answer(up, session.AnswerCode, bad)
	wantField(t, err, "not right")
	_, err = w.answer(up, session.AnswerCode, bad)
	wantCode(t, err, "guessing")
}

// A password that found no place at the hash is no wrong one, however often that happens.
func TestProofThatWasNotComparedIsTakenBack(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	first := w.begin("dana").Session
	up := w.stepUp(w.actor(first))
	busy := w.hashing(1, func(factor.Work) ([]byte, error) { return nil, errors.New("no place") })
	for range 4 {
		_, err := busy.Answer(ctx, up, session.Answer{Kind: session.AnswerPassword, Typed: goodPassword}, browser)
		if sallyport.KindOf(err) != sallyport.Unavailable {
			t.Fatalf("it was compared: %v", err)
		}
	}
	if !w.usable(first) {
		t.Fatal("the session is over")
	}
	out := w.mustAnswer(up, session.AnswerPassword, goodPassword)
	if !out.Finished || !w.usable(out.Session) {
		t.Errorf("outcome %+v", out)
	}
}

// TestNewPasswordGivesNoAnswersBack: whoever has a session and the password has three guesses at the factor, however often he
// changes the password.
func TestNewPasswordGivesNoAnswersBack(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	key, first := w.enrolled("dana")
	bad, in := wrongApp(w, key), first.Session
	for _, password := range [][2]string{{goodPassword, newPassword}, {newPassword, goodPassword}} {
		_, err := w.answer(w.stepUp(w.actor(in)), session.AnswerCode, bad)
		wantField(t, err, "not right")
		out, err := w.s.ChangePassword(ctx, w.actor(in), password[0], password[1])
		if err != nil {
			t.Fatal(err)
		}
		in = out.Session
	}
	_, err := w.answer(w.stepUp(w.actor(in)), session.AnswerCode, bad)
	wantCode(t, err, "guessing")
	if w.usable(in) {
		t.Error("the session lives on after three wrong answers")
	}
}

// TestRightPasswordEndsTheWrongOnes: where the method is Off the password is the proof, and a right one ends the count as ever.
func TestRightPasswordEndsTheWrongOnes(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	in := w.begin("dana").Session
	wrong := func() {
		_, err := w.answer(w.stepUp(w.actor(in)), session.AnswerPassword, "not it, whatever it is")
		wantField(t, err, "not right")
	}
	wrong()
	wrong()
	out, err := w.s.ChangePassword(ctx, w.actor(in), goodPassword, newPassword)
	if err != nil {
		t.Fatal(err)
	}
	in = out.Session
	wrong()
}

// TestIdleSessionIsNotProvedAgain: a session that was idle for too long is over, also for whoever began to prove it before and
// gives a right code now. Before that an answer is a use of it.
func TestIdleSessionIsNotProvedAgain(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	key, first := w.enrolled("dana")
	w.policy(func(s *sallyport.Settings) { s.SessionIdle = 5 * time.Minute })
	up := w.stepUp(w.actor(first.Session))
	w.clock.Advance(4 * time.Minute)
	_, err := w.s.Answer(ctx, up, session.Answer{Kind: session.AnswerCode, Typed: wrongApp(w, key)}, browser)
	wantField(t, err, "not right")
	w.clock.Advance(4 * time.Minute)
	if !w.usableAt(w.s, first.Session) {
		t.Fatal("idle although it was used")
	}
	w.s.Flush(ctx)
	up = w.stepUp(w.actor(first.Session))
	w.clock.Advance(5*time.Minute + 30*time.Second)
	if out, err := w.answer(up, session.AnswerCode, w.digits(key, 0)); sallyport.CodeOf(err) != "sign_in_over" || out.Finished {
		t.Errorf("%v, %+v", err, out)
	}
	if w.usable(first.Session) {
		t.Error("it came back")
	}
}
