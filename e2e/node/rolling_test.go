package node

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/testkit/postgres"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// D11.17: two nodes are stopped and started one after the other while people sign in, with password and digits. Whoever
// finds no connection goes to the other node with the same request, and every sign-in comes to its end: a node that stops
// finishes what it has taken.
func TestRollingRestartSignIns(t *testing.T) {
	w := newWorld(t, postgres.Database(t), 600, sallyport.MethodApp)
	var again, failed atomic.Int64
	repeat := func(ask func() (server.Answer, error)) (a server.Answer, err error) {
		for range 50 {
			if a, err = ask(); err == nil {
				break
			}
			again.Add(1)
		}
		return a, err
	}
	ctx := t.Context() // whoever has begun when the load is stopped signs in to the end
	served, stop := w.load(func(_ context.Context, browser *server.Client, who int) {
		m := w.members[who]
		a, err := repeat(func() (server.Answer, error) { return browser.Password(ctx, m.UserName, team.Password) })
		if err == nil && a.Location == "/sign-in/code" {
			a, err = repeat(func() (server.Answer, error) { return browser.Code(ctx, m.Digits(time.Now())) })
		}
		if err != nil || browser.Session() == "" {
			failed.Add(1)
			t.Errorf("%s: %v, answered %d %s", m.UserName, err, a.Status, a.Location)
		}
	})
	for i := range w.nodes {
		had := served.Load()
		w.until("load", func() bool { return served.Load() > had+10 })
		if err := w.nodes[i].Stop(); err != nil {
			t.Errorf("node %d does not stop in order: %v\n%s", i, err, w.tail())
		}
		had = served.Load()
		w.until("load on the other node", func() bool { return served.Load() > had+10 })
		w.start(i)
	}
	had := served.Load()
	w.until("load on the new ones", func() bool { return served.Load() > had+10 })
	stop()
	t.Logf("%d sign-ins, of which %d failed; %d requests were sent again", served.Load(), failed.Load(), again.Load())
}
