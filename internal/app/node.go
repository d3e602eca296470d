package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

const (
	nodeEvery = time.Second     // how often a node of several looks at the database's clock and marks
	nodeTime  = 3 * time.Second // how long such a look may take

	aroundEvery = 5 * time.Second  // how often a node looks whether another host of its address is the primary now
	aroundTime  = 10 * time.Second // how long that may take
)

// fitness says whether this node, one of several, may answer. One that may not lets nobody in and changes nothing.
type fitness struct {
	mu  sync.RWMutex
	why error // nil: it may
}

func (f *fitness) check() error {
	if f == nil {
		return nil
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.why == nil {
		return nil
	}
	return sallyport.ErrUnavailable.Because(f.why)
}

// words are why the node may not answer, for whoever looks whether it is ready. What a driver or a server said, an error with a
// cause, is for the log alone.
func (f *fitness) words() string {
	if f == nil {
		return ""
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	switch {
	case f.why == nil:
		return ""
	case errors.Unwrap(f.why) != nil:
		return ": the database does not answer"
	}
	return ": " + f.why.Error()
}

// set notes why the node may not answer, and reports whether that is news.
func (f *fitness) set(why error) (news bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	news = (f.why == nil) != (why == nil)
	f.why = why
	return news
}

// lookup is the database for session checks, behind the fitness of the node.
type lookup struct {
	db  *store.DB
	fit *fitness
}

// LookUpSessions implements session.Lookup.
func (l lookup) LookUpSessions(ctx context.Context, hashes []sallyport.Hash) ([]sallyport.Seen, time.Duration, error) {
	if err := l.fit.check(); err != nil {
		return nil, 0, err
	}
	return l.db.LookUpSessions(ctx, hashes)
}

// announcement is what this node says of itself to the others.
func (c *core) announcement() store.Node {
	n := store.Node{Sealing: c.keys.ID()}
	for _, k := range c.keys.Keys() {
		n.Keys = append(n.Keys, k.ID)
	}
	return n
}

// refuses asks this node's own way of checking sessions, by which every request goes. A node that cannot look refuses as
// well: nobody is let in there, and the next check looks anew.
func (c *core) refuses(ctx context.Context, hash sallyport.Hash) bool {
	usable, err := c.session.Usable(ctx, hash)
	return err != nil || !usable
}

// checkNode refuses a start of a node whose clock is not the database's.
func (c *core) checkNode(ctx context.Context) error {
	if !c.db.Shared() {
		return nil
	}
	c.fit = &fitness{}
	r, err := c.read(ctx)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	return tooFar(r.off)
}

// reading is what the database's clock showed at a moment.
type reading struct {
	wall      time.Time     // zero: it was not read
	monotonic time.Time     // of this process, in the middle of the question and its answer
	off       time.Duration // how far this node's clock was ahead then
}

// read asks the database for the time. Whatever holds this process up afterwards is not counted: it may be stopped for long.
func (c *core) read(ctx context.Context) (r reading, err error) {
	err = c.db.Watch(ctx, func(tx *store.Tx) (err error) {
		asked, here := time.Now(), c.now()
		r.wall, err = tx.Now(ctx)
		half := time.Since(asked) / 2
		r.monotonic, r.off = asked.Add(half), here.Add(half).Sub(r.wall)
		return err
	})
	return r, err
}

func tooFar(off time.Duration) error {
	if off.Abs() <= clockSlack {
		return nil
	}
	side := "ahead of"
	if off < 0 {
		side = "behind"
	}
	return fmt.Errorf("the clock of this node is %s %s the database's: set both right (5 s are allowed)", off.Abs().Round(time.Second), side)
}

// watchDatabase looks again and again whether this node may answer, until ctx ends. A database that does not answer is
// found by each request itself, but is looked at here too, so that readiness says so.
func (c *core) watchDatabase(ctx context.Context) {
	tick := time.NewTicker(nodeEvery)
	defer tick.Stop()
	clock := jumps{end: c.clockJumped}
	for {
		now, err := c.look(ctx)
		if ctx.Err() != nil {
			return
		}
		if c.fit.set(err) {
			if err != nil {
				c.log.Error("this node answers nothing for now", "error", err)
			} else {
				c.log.Info("this node answers again")
			}
		}
		if err := clock.saw(ctx, now); clock.news(err) {
			c.log.Error("clock", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// lookAround looks again and again at every host of the database's address, until ctx ends.
func (c *core) lookAround(ctx context.Context) {
	tick := time.NewTicker(aroundEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			bounded, cancel := context.WithTimeout(ctx, aroundTime)
			c.db.LookAround(bounded)
			cancel()
		}
	}
}

// look returns the database's time and why this node may not answer.
func (c *core) look(ctx context.Context) (now reading, err error) {
	ctx, cancel := context.WithTimeout(ctx, nodeTime)
	defer cancel()
	now, err = c.read(ctx)
	if err := c.state.met(c.db.Primary()); err != nil {
		return reading{}, err
	}
	if old := replaced(err); old != nil {
		return reading{}, old
	}
	if err != nil {
		return reading{}, fmt.Errorf("the database does not answer: %w", err)
	}
	if err := tooFar(now.off); err != nil {
		return now, err
	}
	c.rereadKey()
	if err := c.followKey(ctx); err != nil {
		return now, err
	}
	return now, c.agree(ctx)
}
