package session_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// away is a storage that cannot be read.
type away struct {
	store.Transactions[session.Tx]
	because error
}

func (a away) Read(context.Context, func(session.Tx) error) error { return a.because }

// TestCouldNotLook: where a session cannot be read, a process that answers from memory says neither yes nor no, and its
// owner is not told that he is signed out; whatever kind of error it was. What it remembers it goes on to know.
func TestCouldNotLook(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	in := w.begin("dana").Session
	for _, because := range []error{errors.New("disk I/O error"), sallyport.ErrUnavailable, context.DeadlineExceeded, sallyport.ErrNotFound} {
		s := w.over(away{store.For[session.Tx](w.db), because})
		if usable, err := s.Check(ctx, in); usable || sallyport.KindOf(err) != sallyport.Unavailable || !errors.Is(err, because) {
			t.Errorf("%v: %v, %v", because, usable, err)
		}
		if _, _, err := s.Actor(ctx, in, browser); sallyport.KindOf(err) != sallyport.Unavailable {
			t.Errorf("%v: acts with %v", because, err)
		}
		if usable, err := s.Check(ctx, "no token at all"); usable || err != nil {
			t.Errorf("what is no token needs no look: %v, %v", usable, err)
		}
	}
	s := w.over(store.For[session.Tx](w.db))
	if usable, err := s.Check(ctx, in); !usable || err != nil {
		t.Errorf("it can be read: %v, %v", usable, err)
	}
	if usable, err := s.Check(ctx, sallyport.NewToken()); usable || err != nil {
		t.Errorf("nobody's token: %v, %v", usable, err)
	}
}

// TestWhyCouldNotBeLookedUp: where the reason of an end cannot be read, its owner is told none, and the log says so under
// the id of his request. Afterwards he is told.
func TestWhyCouldNotBeLookedUp(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodOff)
	in := w.begin("dana").Session
	w.raise(dana.ID)
	var log bytes.Buffer
	o := w.options(away{store.For[session.Tx](w.db), errors.New("disk I/O error")})
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	if reason, known := session.New(o).EndedReason(ctx, in, browser); known || reason != "" {
		t.Errorf("told %q", reason)
	}
	for _, want := range []string{"level=ERROR", "request_id=" + browser.RequestID, "disk I/O error"} {
		if strings.Count(log.String(), want) != 1 {
			t.Errorf("the log says not %q once:\n%s", want, log.String())
		}
	}
	if reason, known := w.s.EndedReason(ctx, in, browser); !known || reason != sallyport.EndedBySave {
		t.Errorf("told %q, %v", reason, known)
	}
}

// unread is a storage in which an account cannot be read again by its id.
type unread struct {
	store.Transactions[session.Tx]
	because error
}

func (u unread) Write(ctx context.Context, f func(session.Tx) error) error {
	return u.Transactions.Write(ctx, func(tx session.Tx) error { return f(unreadTx{tx, u.because}) })
}

type unreadTx struct {
	session.Tx
	because error
}

func (u unreadTx) Technician(context.Context, sallyport.TechnicianID) (sallyport.Technician, error) {
	return sallyport.Technician{}, u.because
}

// TestRightPasswordCouldNotBegin: a right password whose sign-in cannot be stored is not called a wrong one. It is where
// the account was deleted meanwhile.
func TestRightPasswordCouldNotBegin(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	for because, code := range map[error]string{errors.New("disk I/O error"): "internal", sallyport.ErrUnavailable: "unavailable", sallyport.ErrNotFound: "wrong_password"} {
		s := w.over(unread{store.For[session.Tx](w.db), because})
		_, err := s.Password(ctx, session.Attempt{UserName: "dana", Password: goodPassword, Client: browser})
		wantCode(t, err, code)
		if !errors.Is(err, because) {
			t.Errorf("%v: %v", because, err)
		}
	}
}
