package session_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/store"
	"sallyport/internal/testkit/logs"
)

// TestHungUpIsNoErrorInTheLog: where nobody waits any more for what could not be looked up, nothing is away.
func TestHungUpIsNoErrorInTheLog(t *testing.T) {
	w := newWorld(t)
	gone, hangUp := context.WithCancel(ctx)
	hangUp()
	for name, c := range map[string]struct {
		ctx    context.Context
		store  session.Store
		logged bool
	}{
		"the client hung up":   {gone, store.For[session.Tx](w.db), false},
		"the database is away": {ctx, away{store.For[session.Tx](w.db), sallyport.ErrUnavailable}, true},
	} {
		var log logs.Buffer
		o := w.options(c.store)
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		s := session.New(o)
		if _, known := s.EndedReason(c.ctx, sallyport.NewToken(), browser); known {
			t.Errorf("%s: a reason is known", name)
		}
		if _, err := s.Challenge(c.ctx, session.Attempt{UserName: "dana", Client: browser}); err == nil {
			t.Errorf("%s: no error", name)
		}
		for _, line := range []string{"why a session ended", "no proof of work"} {
			if strings.Contains(log.String(), line) != c.logged {
				t.Errorf("%s: the log of %q is\n%s", name, line, log.String())
			}
		}
	}
}
