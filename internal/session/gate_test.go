package session

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"sallyport"
)

// lookups answers look-ups when the test says so, and remembers them.
type lookups struct {
	mu     sync.Mutex
	asked  [][]sallyport.Hash
	answer chan error
	first  chan error // the same for the first look-up, where it is not nil
	live   map[sallyport.Hash]time.Duration
}

func (l *lookups) LookUpSessions(ctx context.Context, hashes []sallyport.Hash) ([]sallyport.Seen, time.Duration, error) {
	l.mu.Lock()
	l.asked = append(l.asked, hashes)
	var seen []sallyport.Seen
	for _, h := range hashes {
		if since, ok := l.live[h]; ok {
			seen = append(seen, sallyport.Seen{Hash: h, Since: since})
		}
	}
	answer := l.answer
	if l.first != nil && len(l.asked) == 1 {
		answer = l.first
	}
	l.mu.Unlock()
	select {
	case err := <-answer:
		return seen, 30 * time.Minute, err
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
}

// sent expects that many look-ups to have been sent, the last of them of so many checks.
func (l *lookups) sent(t *testing.T, n, checks int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	last := 0
	for _, hashes := range l.asked {
		last = len(hashes)
	}
	if len(l.asked) != n || last != checks {
		t.Fatalf("%d look-ups were sent, the last of %d checks; not %d of %d", len(l.asked), last, n, checks)
	}
}

// pass lets time go on in the bubble of a test, and what is due then happen.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// Checks that arrive together share a look-up; one never joins a look-up that was sent before it came, for that may have
// looked before a Save that has answered since.
func TestGateJoinsOnlyWhatIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dana := sallyport.Hash{1}
		l := &lookups{answer: make(chan error), live: map[sallyport.Hash]time.Duration{dana: 0}}
		g := newGate(nil, l, time.Now)
		results := make(chan bool, 100)
		check := func(n int) {
			for range n {
				go func() {
					usable, err := g.Check(context.Background(), dana)
					results <- usable && err == nil
				}()
			}
			synctest.Wait()
		}
		check(1) // sent at once
		check(1) // waits for its answer
		l.sent(t, 1, 1)
		pass(gatePatience) // and is sent beside it
		check(5)           // gather, for two are under way
		pass(10 * gatePatience)
		l.sent(t, 2, 1)
		l.mu.Lock()
		delete(l.live, dana) // the Save answers here; the look-ups under way have seen the session
		l.mu.Unlock()
		check(3) // begin after the Save, and may join the ones that wait
		for range 2 {
			l.answer <- nil
			synctest.Wait()
		}
		l.sent(t, 3, 8)
		l.answer <- nil
		synctest.Wait()
		yes := 0
		for range 10 {
			if <-results {
				yes++
			}
		}
		if yes != 2 {
			t.Errorf("%d of the checks said yes; only the two that were sent before may", yes)
		}
	})
}

// A look-up that does not come back holds up the next one for a moment only. Those after it still go one after the other,
// as they do when it has ended.
func TestGateGoesOnBesideASlowLookUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dana := sallyport.Hash{1}
		l := &lookups{answer: make(chan error), first: make(chan error), live: map[sallyport.Hash]time.Duration{dana: 0}}
		g := newGate(nil, l, time.Now)
		var all sync.WaitGroup
		check := func() {
			all.Go(func() {
				if usable, err := g.Check(context.Background(), dana); !usable || err != nil {
					t.Errorf("%v, %v", usable, err)
				}
			})
			synctest.Wait()
		}
		check() // and is not answered
		pass(gatePatience)
		two := func(n int) {
			t.Helper()
			check()
			l.sent(t, n, 1) // at once
			check()
			l.sent(t, n, 1) // not beside it
			for range 2 {
				l.answer <- nil
				synctest.Wait()
			}
			l.sent(t, n+1, 1)
		}
		two(2)
		two(4)
		l.first <- nil
		synctest.Wait()
		two(6)
		all.Wait()
	})
}

// A look-up that fails or does not come back is neither a yes nor a no for all who share it, nor for who does not wait for
// it; the next one is asked anew.
func TestGateFailsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dana := sallyport.Hash{1}
		l := &lookups{answer: make(chan error, 1), live: map[sallyport.Hash]time.Duration{dana: 0}}
		g := newGate(nil, l, time.Now)
		l.answer <- errors.New("no connection")
		unsure := func(ctx context.Context, what string) {
			t.Helper()
			if usable, err := g.Check(ctx, dana); usable || sallyport.KindOf(err) != sallyport.Unavailable {
				t.Errorf("%s: %v, %v", what, usable, err)
			}
		}
		unsure(context.Background(), "no connection")
		began := time.Now()
		unsure(context.Background(), "no answer")
		if took := time.Since(began); took > gateTime {
			t.Errorf("said so after %v", took)
		}

		var all sync.WaitGroup
		for i := range 2 + 3 { // two are sent, three share the next
			all.Go(func() { unsure(context.Background(), "shared") })
			if synctest.Wait(); i < 2 {
				pass(gatePatience)
			}
		}
		gone, hangUp := context.WithCancel(context.Background())
		all.Go(func() { unsure(gone, "hung up") })
		synctest.Wait()
		hangUp()
		all.Wait()

		l.answer <- nil
		if usable, err := g.Check(context.Background(), dana); !usable || err != nil {
			t.Errorf("the database is back: %v, %v", usable, err)
		}
		l.live = nil
		l.answer <- nil
		if usable, err := g.Check(context.Background(), dana); usable || err != nil {
			t.Errorf("the database says no: %v, %v", usable, err)
		}
	})
}

// A use on this node counts before it is written, and never for longer than the idle time.
func TestGateIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dana, idle := sallyport.Hash{1}, sallyport.Hash{2}
		l := &lookups{answer: make(chan error, 1), live: map[sallyport.Hash]time.Duration{dana: 0, idle: 30 * time.Minute}}
		g := newGate(nil, l, time.Now)
		check := func(h sallyport.Hash, want bool) {
			t.Helper()
			l.answer <- nil
			if usable, err := g.Check(context.Background(), h); usable != want || err != nil {
				t.Errorf("%v, %v, want %v", usable, err, want)
			}
		}
		check(idle, false)
		check(dana, true)
		for range 3 {
			<-time.After(29 * time.Minute)
			l.live[dana] += 29 * time.Minute
			check(dana, true)
		}
		if due := g.gather(); len(due) != 1 || !due[dana].Equal(time.Now()) {
			t.Errorf("to be written: %v", due)
		}
		<-time.After(30 * time.Minute)
		l.live[dana] += 30 * time.Minute
		check(dana, false)
		delete(l.live, dana)
		check(dana, false)
	})
}

// suspended is what a machine's clock shows after now where it was suspended for d: its monotonic clock stood still meanwhile.
func suspended(t *testing.T, now time.Time, d time.Duration) time.Time {
	t.Helper()
	later := now.Add(d)
	(*struct {
		wall uint64
		ext  int64
	})(unsafe.Pointer(&later)).ext -= d.Nanoseconds()
	if later.Sub(now) != 0 || later.Round(0).Sub(now.Round(0)) != d {
		t.Fatalf("the package time keeps its clocks otherwise: %v after %v", later, now)
	}
	return later
}

// A machine that was suspended takes a session that was used on it just before for one that was idle since, and writes no
// later use.
func TestGateKnowsThatItWasSuspended(t *testing.T) {
	dana, at := sallyport.Hash{1}, time.Now()
	l := &lookups{answer: make(chan error, 1), live: map[sallyport.Hash]time.Duration{dana: 5 * time.Minute}}
	g := newGate(nil, l, func() time.Time { return at })
	check := func(h sallyport.Hash, want bool) {
		t.Helper()
		l.answer <- nil
		if usable, err := g.Check(context.Background(), h); usable != want || err != nil {
			t.Errorf("%v, %v, want %v", usable, err, want)
		}
	}
	check(dana, true)
	used := at
	at = suspended(t, at, 31*time.Minute)
	l.live[dana] = 36 * time.Minute
	check(dana, false)
	if passed := elapsed(used, at); passed != 31*time.Minute {
		t.Errorf("%v since the last use", passed)
	}
}
