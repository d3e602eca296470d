package session_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/factor"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// forgetting is a storage whose first write is undone as late as can be.
type forgetting struct {
	store.Transactions[session.Tx]
	writes int
}

var errUndone = errors.New("undone")

func (f *forgetting) Write(ctx context.Context, fn func(session.Tx) error) error {
	f.writes++
	if f.writes > 1 {
		return f.Transactions.Write(ctx, fn)
	}
	return f.Transactions.Write(ctx, func(tx session.Tx) error { return errors.Join(fn(tx), errUndone) })
}

// A hash that was begun while its attempt was being counted says nothing where the count is undone, and lets nobody in.
func TestHashOfACountThatIsUndone(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	for _, password := range []string{goodPassword, "wrong"} {
		begun := make(chan struct{}, 2)
		hasher := factor.NewHasherOver(1, func(w factor.Work) ([]byte, error) {
			begun <- struct{}{}
			return w.Digest(), nil
		})
		o := w.options(&forgetting{Transactions: store.For[session.Tx](w.db)})
		o.Hasher = hasher
		s := session.New(o)
		attempt := session.Attempt{UserName: "dana", Password: password, Client: browser}
		out, err := s.Password(ctx, attempt)
		if !errors.Is(err, errUndone) || out.Finished || errors.Is(err, session.ErrWrongPassword) {
			t.Errorf("%q: %+v, %v", password, out, err)
		}
		if n := w.events("signin.password.right") + w.events("signin.password.wrong") + w.events("signin.finished"); n != 0 {
			t.Errorf("%d events of an attempt that was not counted", n)
		}
		leave, _ := hasher.Enter(ctx, true)
		if !hasher.Alone() {
			t.Error("the attempt has not left")
		}
		leave()
		select {
		case <-begun:
		case <-time.After(time.Minute):
			t.Fatal("no hash was begun, so that this shows nothing")
		}
	}
	// The next attempt is counted, and is the first.
	if out := w.begin("dana"); !out.Finished {
		t.Errorf("%+v", out)
	}
}
