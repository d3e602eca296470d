package session_test

import (
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/testkit/database"
)

// TestD11_1: the clock is set forward and back, to the edges of what clocks know. No session and no code outlives its
// life, a used step of the app is never good again, and nothing breaks.
func TestD11_1(t *testing.T) {
	start := time.Date(2026, 11, 23, 22, 0, 5, 0, time.UTC)
	for name, to := range map[string]time.Time{
		"an hour on": start.Add(time.Hour), "an hour back": start.Add(-time.Hour), "a day back": start.Add(-24 * time.Hour),
		"1970": time.Unix(1, 0).UTC(), "2038": time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC), "2100": time.Date(2100, 3, 1, 0, 0, 0, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.technician("omar", sallyport.MethodApp)
			key, out := w.enrolled("omar")
			dana, page := holding(t, w)
			code := w.mail.code(dana.Email)
			w.clock.Advance(time.Minute)
			digits := w.digits(key, 0)
			in := w.mustAnswer(w.begin("omar").SignIn, session.AnswerCode, digits).Session
			if !w.usable(in) {
				t.Fatal("not signed in")
			}
			burnt := w.clock.Now()
			w.clock.Advance(to.Sub(burnt))
			forward := to.After(start)
			if forward && (w.usable(in) || w.usable(out.Session)) {
				t.Error("a session outlived its life")
			}
			if _, err := w.answer(page.SignIn, session.AnswerCode, code); forward && err == nil {
				t.Error("a code outlived its life")
			}
			if again, err := w.password("omar"); err == nil {
				if _, err := w.answer(again.SignIn, session.AnswerCode, w.digits(key, 0)); !forward && err == nil {
					t.Error("the clock went back, and a step before the last one was good")
				}
			}
			w.clock.Advance(burnt.Sub(w.clock.Now()))
			if again, err := w.password("omar"); err == nil {
				if _, err := w.answer(again.SignIn, session.AnswerCode, digits); err == nil {
					t.Error("a used step was good again")
				}
			}
			w.clock.Advance(13 * time.Hour)
			if w.usable(in) {
				t.Error("a session lived for more than its 12 hours")
			}
		})
	}
}

// TestD11_3: times are UTC inside, whatever zone the server stands in: what is stored is a number that has none.
func TestD11_3(t *testing.T) {
	here := time.Local
	time.Local = time.FixedZone("half past", 5*3600+1800)
	t.Cleanup(func() { time.Local = here })
	w := newWorld(t)
	dana, page := holding(t, w)
	w.mustAnswer(page.SignIn, session.AnswerCode, w.mail.code(dana.Email))
	sessions := w.liveSessions(dana.ID)
	if len(sessions) != 2 { // holding leaves one
		t.Fatalf("%+v", sessions)
	}
	for _, s := range sessions {
		if s.CreatedAt.Location() != time.UTC || !s.CreatedAt.Equal(w.clock.Now()) {
			t.Errorf("%+v", s)
		}
	}
}

// TestD11_2: whatever a node's own clock shows, codes by mail and of the app are judged by the database's.
func TestD11_2(t *testing.T) {
	if !database.OnPostgres() {
		t.Skip("on PostgreSQL alone: elsewhere the node's clock is the database's")
	}
	for _, off := range []time.Duration{5 * time.Minute, -5 * time.Minute} {
		for after, in := range map[time.Duration]bool{179900 * time.Millisecond: true, 180100 * time.Millisecond: false} {
			w := newWorld(t)
			other := w.nodeAt(w.db, func() time.Time { return w.clock.Now().Add(off) })
			w.second = other
			w.technician("omar", sallyport.MethodApp)
			key, _ := w.enrolled("omar")
			dana, page := holding(t, w)
			w.clock.Advance(after)
			_, err := other.Answer(t.Context(), page.SignIn, session.Answer{Kind: session.AnswerCode, Typed: w.mail.code(dana.Email)}, browser)
			if (err == nil) != in {
				t.Errorf("a node %v off, %v after the code was sent: %v", off, after, err)
			}
			if _, err := w.answer(w.begin("omar").SignIn, session.AnswerCode, w.digits(key, 0)); err != nil {
				t.Errorf("the code of the database's time was not good, %v off: %v", off, err)
			}
			if _, err := w.answer(w.begin("omar").SignIn, session.AnswerCode, w.digits(key, int64(off/(30*time.Second)))); err == nil {
				t.Errorf("the code of the node's time was good, %v off", off)
			}
			other.Close()
		}
	}
}
