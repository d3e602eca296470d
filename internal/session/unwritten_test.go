package session_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// full is a storage that can be read and not written, while it is.
type full struct {
	store.Transactions[session.Tx]
	is bool
}

func (f *full) Write(ctx context.Context, do func(session.Tx) error) error {
	if f.is {
		return sallyport.ErrUnavailable.Because(errors.New("database or disk is full"))
	}
	return f.Transactions.Write(ctx, do)
}

// overFull is a node whose storage can be full, and dana's session, which was in use all along while it was for an hour.
func overFull(t *testing.T) (w *world, s *session.Service, in sallyport.Token) {
	w = newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	in = w.begin("dana").Session
	f := &full{store.For[session.Tx](w.db), true}
	o := w.options(f)
	if w.db.Shared() {
		o.Lookup = w.db
	}
	s = session.New(o)
	if memory := s.Memory(); memory != nil {
		w.db.OnCommit(memory.Committed, memory.Forget)
	}
	for range 60 {
		if !w.usableAt(s, in) {
			t.Fatal("a session in use is over")
		}
		w.clock.Advance(time.Minute)
		s.Flush(ctx)
	}
	f.is = false
	return w, s, in
}

// TestInUseWhileNothingCouldBeWritten: a session whose last uses could not be written for longer than it may be idle was in
// use all the same: nobody is told that he is signed out.
func TestInUseWhileNothingCouldBeWritten(t *testing.T) {
	w, s, in := overFull(t)
	if !w.usableAt(s, in) {
		t.Fatal("over")
	}
	actor, _, err := s.Actor(ctx, in, browser)
	if err != nil {
		t.Errorf("his page: %v", err)
	}
	if _, err := s.Own(ctx, actor, 1); err != nil {
		t.Errorf("his own page: %v", err)
	}
}

// TestSignOutWhatCouldNotBeWritten: whoever signs out is signed out, whatever is known of his last use.
func TestSignOutWhatCouldNotBeWritten(t *testing.T) {
	w, s, in := overFull(t)
	if err := s.SignOut(ctx, in, browser); err != nil {
		t.Fatal(err)
	}
	if w.usableAt(s, in) {
		t.Error("signed out, and let in")
	}
}
