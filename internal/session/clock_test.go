package session_test

import (
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// TestPhoneClockAtSetUp: a phone two minutes ahead is told so, by how much; a second code at the same offset sets it up
// with that offset, which holds from then on (RFC 6238 section 6).
func TestPhoneClockAtSetUp(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	page := w.begin("dana")
	_, err := w.answer(page.SignIn, session.AnswerCode, w.digits(page.Page.Secret, 4))
	wantField(t, err, "about 2 minutes ahead")
	_, err = w.answer(page.SignIn, session.AnswerCode, w.digits(page.Page.Secret, 4))
	wantField(t, err, "about 2 minutes ahead")
	_, err = w.answer(page.SignIn, session.AnswerCode, w.digits(page.Page.Secret, 6)) // no second one at that offset
	wantField(t, err, "about 3 minutes ahead")
	w.clock.Advance(30 * time.Second)
	_, err = w.answer(page.SignIn, session.AnswerCode, w.digits(page.Page.Secret, 4))
	wantField(t, err, "about 2 minutes ahead")
	w.clock.Advance(30 * time.Second)
	out := w.mustAnswer(page.SignIn, session.AnswerCode, w.digits(page.Page.Secret, 4))
	if !w.usable(out.Session) {
		t.Fatal("not in")
	}
	held := look(w, func(tx *store.Tx) (*sallyport.Factor, error) { return tx.Factor(ctx, dana.ID) })
	if held.Offset != 4 {
		t.Fatalf("%+v", held)
	}
	w.clock.Advance(30 * time.Second)
	w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.digits(page.Page.Secret, 4))
	w.clock.Advance(30 * time.Second)
	_, err = w.answer(w.begin("dana").SignIn, session.AnswerCode, w.digits(page.Page.Secret, 0))
	wantField(t, err, "not right")
}

// phone is what an app shows whose clock is ahead by d.
func (w *world) phone(key string, d time.Duration) string {
	w.clock.Advance(d)
	defer w.clock.Advance(-d)
	return w.digits(key, 0)
}

// TestPhoneClockBetweenSteps: the two codes of a set-up are of one clock although they are typed early and late within their
// half minutes, where the same clock is three or four steps ahead.
func TestPhoneClockBetweenSteps(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	page := w.begin("dana")
	const ahead = 100 * time.Second
	w.clock.Advance(20 * time.Second)
	_, err := w.answer(page.SignIn, session.AnswerCode, w.phone(page.Page.Secret, ahead))
	wantField(t, err, "about 2 minutes ahead")
	w.clock.Advance(40 * time.Second)
	out := w.mustAnswer(page.SignIn, session.AnswerCode, w.phone(page.Page.Secret, ahead))
	if !w.usable(out.Session) {
		t.Fatal("not in")
	}
	for range 6 {
		w.clock.Advance(35 * time.Second)
		w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.phone(page.Page.Secret, ahead))
	}
}

// TestPhoneClockPutRight: whoever follows the advice and puts the phone's clock right after the set-up gets in again: two codes
// at the right time are told what happened, let nobody in, and from the third on the right time counts.
func TestPhoneClockPutRight(t *testing.T) {
	for _, ahead := range []int64{8, -8} {
		w := newWorld(t)
		dana := w.technician("dana", sallyport.MethodApp)
		page := w.begin("dana")
		_, err := w.answer(page.SignIn, session.AnswerCode, w.digits(page.Page.Secret, ahead))
		wantField(t, err, "about 4 minutes")
		w.clock.Advance(30 * time.Second)
		w.mustAnswer(page.SignIn, session.AnswerCode, w.digits(page.Page.Secret, ahead))
		w.clock.Advance(24 * time.Hour)
		in := w.begin("dana")
		first := w.digits(page.Page.Secret, 0)
		for range 2 {
			_, err = w.answer(in.SignIn, session.AnswerCode, first)
			wantField(t, err, "not right, or was used already")
		}
		w.clock.Advance(30 * time.Second)
		_, err = w.answer(in.SignIn, session.AnswerCode, w.digits(page.Page.Secret, 0))
		wantField(t, err, "when the app was set up, and is right now. Type the next code")
		if n := w.events("factor.clock"); n != 1 {
			t.Errorf("%d events", n)
		}
		w.clock.Advance(30 * time.Second)
		if out := w.mustAnswer(in.SignIn, session.AnswerCode, w.digits(page.Page.Secret, 0)); !w.usable(out.Session) {
			t.Error("not in")
		}
		if held := look(w, func(tx *store.Tx) (*sallyport.Factor, error) { return tx.Factor(ctx, dana.ID) }); held.Offset != 0 {
			t.Errorf("%+v", held)
		}
		w.clock.Advance(10 * time.Minute)
		_, err = w.answer(w.begin("dana").SignIn, session.AnswerCode, w.digits(page.Page.Secret, ahead))
		wantField(t, err, "not right")
	}
}

// TestPhoneClockAtSignIn: the hint needs two different codes of two steps at the same offset, lets nobody in, and burns
// the steps that it recognised.
func TestPhoneClockAtSignIn(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	key, _ := w.enrolled("dana")
	page := w.begin("dana")
	_, err := w.answer(page.SignIn, session.AnswerCode, w.digits(key, 4))
	wantField(t, err, "not right, or was used already")
	_, err = w.answer(page.SignIn, session.AnswerCode, w.digits(key, 4))
	wantField(t, err, "not right, or was used already")
	_, err = w.answer(page.SignIn, session.AnswerCode, w.digits(key, 6))
	wantField(t, err, "not right, or was used already")
	w.clock.Advance(90 * time.Second) // beyond the step that was just burnt
	_, err = w.answer(page.SignIn, session.AnswerCode, w.digits(key, 4))
	wantField(t, err, "not right, or was used already")
	w.clock.Advance(30 * time.Second)
	seen := w.digits(key, 4)
	_, err = w.answer(page.SignIn, session.AnswerCode, seen)
	wantField(t, err, "about 2 minutes ahead: switch on automatic time. Its codes work again in 2 minutes.")
	w.clock.Advance(2 * time.Minute)
	_, err = w.answer(w.begin("dana").SignIn, session.AnswerCode, seen)
	wantField(t, err, "used already")
	w.clock.Advance(30 * time.Second)
	w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.digits(key, 0))
}

// TestSendFailures: a send that surely failed costs nothing and can be tried again at once; one that may have gone out
// stays valid; a slow one lets the page answer and is told later (D8.7, D8.8, D8.13 at the use case).
func TestSendFailures(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodEmail)
	w.mail.fail = &sallyport.SendError{Outcome: sallyport.NotSent, Code: "refused", Hint: "The mail server refused the message."}
	page := w.begin("dana")
	if page.Page.State != sallyport.Failed || page.Page.Detail == "" || page.Page.Live || page.Page.ResendAt.After(w.clock.Now()) {
		t.Fatalf("page %+v", page.Page)
	}
	for range 7 {
		if _, err := w.s.Send(ctx, page.SignIn, browser); err != nil {
			t.Fatalf("a failed send cost something: %v", err)
		}
	}
	w.mail.fail = nil
	again, err := w.s.Send(ctx, page.SignIn, browser)
	if err != nil || again.State != sallyport.Sent {
		t.Fatalf("%v %+v", err, again)
	}
	w.mustAnswer(page.SignIn, session.AnswerCode, w.mail.code(dana.Email))

	w.mail.fail = &sallyport.SendError{Outcome: sallyport.MaybeSent, Code: "timeout", Hint: "The server did not say whether it took the message."}
	unclear := w.begin("dana")
	if unclear.Page.State != sallyport.Unclear || !unclear.Page.Live {
		t.Errorf("page %+v", unclear.Page)
	}
	_, err = w.s.Send(ctx, unclear.SignIn, browser)
	wantCode(t, err, "resend_wait")
}

// TestResendLimits: after 30 seconds, at most 5 an hour for one technician, 10 a day for one mailbox without a success. He and
// his administrators are told of a limit, once a day.
func TestResendLimits(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodEmail)
	adam := w.technician("adam", sallyport.MethodApp)
	w.change(adam.ID, func(t *sallyport.Technician) { t.Role = sallyport.Admin })
	toldOfPause := func(want int) {
		t.Helper()
		if his, of := w.told(session.NoticeCodesPaused), w.told(session.NoticeCodesPausedOf); his != want || of != want {
			t.Errorf("told of the pause: he %d times, his administrator %d, want %d", his, of, want)
		}
	}
	page := w.begin("dana")
	if _, err := w.s.Send(ctx, page.SignIn, browser); sallyport.CodeOf(err) != "resend_wait" {
		t.Fatalf("at once: %v", err)
	}
	toldOfPause(0)
	sends := 1
	for range 40 {
		w.clock.Advance(31 * time.Second)
		if _, err := w.s.Send(ctx, page.SignIn, browser); err == nil {
			sends++
		}
		if w.clock.Now().Sub(page.Page.Now) > 9*time.Minute {
			break
		}
	}
	if sends != 5 {
		t.Errorf("%d sends within the hour", sends)
	}
	toldOfPause(1)
	for range 12 {
		w.clock.Advance(61 * time.Minute)
		page = w.begin("dana")
		w.clock.Advance(31 * time.Second)
		_, _ = w.s.Send(ctx, page.SignIn, browser)
	}
	w.mail.mu.Lock()
	total := w.mail.sends
	w.mail.mu.Unlock()
	if total != 10 {
		t.Errorf("%d sends within the day", total)
	}
	if page.Page.Sent || !page.Page.ResendAt.After(w.clock.Now()) {
		t.Errorf("the page does not say when it opens again: %+v", page.Page)
	}
	toldOfPause(1)
	w.clock.Advance(25 * time.Hour)
	page = w.begin("dana")
	for range 6 {
		w.clock.Advance(31 * time.Second)
		_, _ = w.either().Send(ctx, page.SignIn, browser)
	}
	toldOfPause(2)
	w.clock.Advance(25 * time.Hour)
	w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.mail.code(dana.Email))
}

// TestSuccessFreesItsOwnSends: a code that led to a success no longer counts for the day, and neither do the others of its
// sign-in; what other sign-ins had sent to that mailbox counts on.
func TestSuccessFreesItsOwnSends(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodEmail)
	inVain, day := 0, w.clock.Now().Add(24*time.Hour)
	for w.clock.Now().Add(2 * time.Hour).Before(day) {
		if w.begin("dana").Page.Sent {
			inVain++
		}
		w.clock.Advance(time.Hour)
		if page := w.begin("dana"); page.Page.Sent { // its owner
			w.clock.Advance(31 * time.Second)
			if _, err := w.s.Send(ctx, page.SignIn, browser); err != nil && sallyport.KindOf(err) != sallyport.TooMany {
				t.Fatal(err)
			}
			w.mustAnswer(page.SignIn, session.AnswerCode, w.mail.code(dana.Email))
		}
		w.clock.Advance(time.Minute)
	}
	if inVain != 10 {
		t.Errorf("%d codes that led to nothing were sent within a day", inVain)
	}
}

// TestSendsAtOnce: thirty that ask for a fresh code at once, at two nodes, get one, as often as the limits let them. The owner is
// told of the limit once.
func TestSendsAtOnce(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodEmail)
	page := w.begin("dana")
	for window := range 7 {
		w.clock.Advance(31 * time.Second)
		parallel(30, func(int) {
			if _, err := w.either().Send(ctx, page.SignIn, browser); err != nil && sallyport.KindOf(err) != sallyport.TooMany {
				t.Error(err)
			}
		})
		w.mail.mu.Lock()
		sends := w.mail.sends
		w.mail.mu.Unlock()
		if want := min(window+2, 5); sends != want {
			t.Errorf("%d codes were sent after window %d, want %d", sends, window, want)
		}
	}
	if n := w.told(session.NoticeCodesPaused); n != 1 {
		t.Errorf("the owner was told %d times", n)
	}
}
