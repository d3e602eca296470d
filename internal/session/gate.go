package session

import (
	"context"
	"sync"
	"time"

	"sallyport"
)

// Lookup reads many sessions at once from a database that other processes write to as well.
type Lookup interface {
	// LookUpSessions returns those of hashes whose session is usable but for idleness, each with the time since its last
	// use that is stored, and the idle time in force. What ctx ends is an error.
	LookUpSessions(ctx context.Context, hashes []sallyport.Hash) ([]sallyport.Seen, time.Duration, error)
}

const (
	// gateQueries is how many look-ups are under way at once at most.
	gateQueries = 2
	// gatePatience is how long a look-up holds up the next one: where it takes longer, another goes beside it.
	gatePatience = 20 * time.Millisecond
	// gateTime is how long one look-up may take; then its checks could not look.
	gateTime = 3 * time.Second
	// gateBatch is how many checks share one look-up at most.
	gateBatch = 500
)

// Gate answers session checks by the database alone, as every node of several must: a Save that was answered on another
// node is seen by every check that begins after it. Checks that arrive while others are being looked up gather and share
// the next look-up; none joins one that was sent before it came. Look-ups follow one another, so that many share each; a
// slow one does not hold up the next. One that fails is an error for all who share it, which is neither a yes nor a no.
//
// What it keeps is when sessions were last used on this node, for that is written once a minute only. It never makes a
// session usable that the database does not hold.
type Gate struct {
	store   Store
	lookup  Lookup
	now     func() time.Time
	turn    chan struct{} // the token of the look-up that holds up the next one
	sending chan struct{} // a token for each look-up under way

	mu   sync.Mutex
	next *batch // takes further checks; nil when none is waiting to be sent
	used map[sallyport.Hash]use
}

// use is when a session was last used on this node, and up to when the database knows.
type use struct{ last, stored time.Time }

// batch is a look-up that several checks share.
type batch struct {
	hashes []sallyport.Hash
	idle   time.Duration
	found  map[sallyport.Hash]time.Duration // time since the last stored use
	err    error                            // the database could not be asked
	done   chan struct{}
}

func newGate(store Store, lookup Lookup, now func() time.Time) *Gate {
	return &Gate{store: store, lookup: lookup, now: now, turn: make(chan struct{}, 1), sending: make(chan struct{}, gateQueries), used: map[sallyport.Hash]use{}}
}

// Len is how many sessions were used here lately.
func (g *Gate) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.used)
}

// Check reports whether the session named by hash is usable now, and notes its use; Unavailable where it could not look.
func (g *Gate) Check(ctx context.Context, hash sallyport.Hash) (bool, error) {
	b, first := g.join(hash)
	if first {
		g.send(b)
	} else {
		select {
		case <-b.done:
		case <-ctx.Done():
			return false, couldNotLook(ctx.Err())
		}
	}
	if b.err != nil {
		return false, b.err
	}
	since, found := b.found[hash]
	return found && g.fresh(hash, since, b.idle), nil
}

// join puts a check into the batch that is not sent yet. The first of a batch sends it.
func (g *Gate) join(hash sallyport.Hash) (b *batch, first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if b = g.next; b == nil || len(b.hashes) >= gateBatch {
		b, first = &batch{done: make(chan struct{})}, true
		g.next = b
	}
	b.hashes = append(b.hashes, hash)
	return b, first
}

// send waits for its turn, closes the batch to further checks, and only then asks the database. It does not end with the
// client that happened to be first.
func (g *Gate) send(b *batch) {
	defer close(b.done)
	defer g.begin()()
	g.mu.Lock()
	if g.next == b {
		g.next = nil
	}
	hashes := b.hashes
	g.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), gateTime)
	defer cancel()
	seen, idle, err := g.lookup.LookUpSessions(ctx, hashes)
	if err != nil {
		b.err = couldNotLook(err)
		return
	}
	b.idle, b.found = idle, make(map[sallyport.Hash]time.Duration, len(seen))
	for _, s := range seen {
		b.found[s.Hash] = s.Since
	}
}

// begin waits until a look-up may be sent, and returns what is to be called when it has ended.
func (g *Gate) begin() (end func()) {
	g.turn <- struct{}{}
	g.sending <- struct{}{}
	slow := time.AfterFunc(gatePatience, func() { <-g.turn })
	return func() {
		<-g.sending
		if slow.Stop() {
			<-g.turn
		}
	}
}

// fresh judges idleness by the later of the last use that is stored and the last one here, and notes this one.
func (g *Gate) fresh(hash sallyport.Hash, since, idle time.Duration) bool {
	now := g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	u, here := g.used[hash]
	if since >= idle && (!here || elapsed(u.last, now) >= idle) {
		return false
	}
	if stored := now.Add(-since); !here || stored.After(u.stored) {
		u.stored = stored
	}
	u.last = now
	g.used[hash] = u
	return true
}

// elapsed is how much time has gone by between two moments of this node, by the clock that says more: the monotonic one stands
// still while the machine is suspended, and the other may have been set back.
func elapsed(from, to time.Time) time.Duration {
	return max(to.Sub(from), to.Round(0).Sub(from.Round(0)))
}

// Run writes last uses once a minute, and ends with ctx after a last write.
func (g *Gate) Run(ctx context.Context) {
	tick := time.NewTicker(sallyport.TouchEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			g.Flush(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), countTime)
			defer cancel()
			g.Flush(last)
			return
		}
	}
}

// Flush writes the last uses that the database does not know, by its own clock. What could not be written is written by
// the next.
func (g *Gate) Flush(ctx context.Context) {
	for part := range chunks(g.gather()) {
		err := g.store.Write(ctx, func(tx Tx) error {
			now, err := tx.Now(ctx)
			if err != nil {
				return err
			}
			here := g.now()
			used := make(map[sallyport.Hash]time.Time, len(part))
			for hash, last := range part {
				used[hash] = now.Add(-elapsed(last, here))
			}
			return tx.TouchSessions(ctx, used)
		})
		if err != nil {
			return
		}
		g.written(part)
	}
}

// gather returns what is to be written, and lets go of what was not used for longer than any session may be idle.
func (g *Gate) gather() map[sallyport.Hash]time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, due := g.now(), map[sallyport.Hash]time.Time{}
	for hash, u := range g.used {
		switch {
		case u.last.After(u.stored):
			due[hash] = u.last
		case elapsed(u.last, now) > longestIdle:
			delete(g.used, hash)
		}
	}
	return due
}

// longestIdle is the most that the setting allows (contract section 6).
const longestIdle = 1440 * time.Minute

func (g *Gate) written(part map[sallyport.Hash]time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for hash, last := range part {
		u := g.used[hash]
		u.stored = last
		g.used[hash] = u
	}
}
