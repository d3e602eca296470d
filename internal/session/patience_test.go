package session

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"sallyport"
	"sallyport/internal/testkit/hashing"
)

// taker is a gateway that takes so long, or for ever where that is 0, until its time is over.
type taker struct {
	Messages
	takes time.Duration
}

func (g taker) SendCode(ctx context.Context, _ CodeMessage) error {
	var over <-chan time.Time
	if g.takes > 0 {
		over = time.After(g.takes)
	}
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return &sallyport.SendError{Outcome: sallyport.MaybeSent, Code: "timeout", Cause: ctx.Err()}
	}
}

// forgetful is a store that keeps nothing.
type forgetful struct{ Store }

func (forgetful) Write(context.Context, func(Tx) error) error { return nil }

// TestD8_7_PageWaitsAMoment: a page waits 800 milliseconds for the result of a send, whatever the gateway does, and not a
// moment where the result is there or nobody waits; the send itself ends after 15 seconds. The clock is the test's.
func TestD8_7_PageWaitsAMoment(t *testing.T) {
	hasher := hashing.New(1)
	for name, c := range map[string]struct {
		takes, waits, ends time.Duration
		left               bool // whoever waits hangs up
	}{
		"a quick gateway":     {takes: time.Millisecond, waits: time.Millisecond, ends: time.Millisecond},
		"one that is slow":    {takes: 10 * time.Second, waits: 800 * time.Millisecond, ends: 10 * time.Second},
		"one that is stuck":   {waits: 800 * time.Millisecond, ends: 15 * time.Second},
		"nobody waits for it": {takes: 10 * time.Second, left: true, ends: 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := New(Options{Store: forgetful{}, Hasher: hasher, Messages: taker{takes: c.takes}, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				if c.left {
					leave()
				}
				begin := time.Now()
				s.sendNow(ctx, outgoing{})
				if took := time.Since(begin); took != c.waits {
					t.Errorf("the page came after %s, want %s", took, c.waits)
				}
				s.Close()
				if took := time.Since(begin); took != c.ends {
					t.Errorf("the send ended after %s, want %s", took, c.ends)
				}
			})
		})
	}
}
