package app

import (
	"context"
	"sync"
	"time"

	"sallyport/internal/store"
)

// workers are what runs beside the requests. They end with the context, and wait waits for that.
type workers struct{ sync.WaitGroup }

func (c *core) startWorkers(ctx context.Context) *workers {
	w := &workers{}
	w.Go(func() { c.session.Run(ctx) })
	w.Go(func() { c.delivery.Run(ctx) })
	w.Go(func() { c.warnOfSinks(ctx) })
	w.Go(func() { c.keepLedger(ctx) })
	if c.fit == nil {
		w.Go(func() { c.watchClock(ctx) })
	} else {
		w.Go(func() { c.watchDatabase(ctx) })
		w.Go(func() { c.lookAround(ctx) })
	}
	w.Go(func() { c.every(ctx, time.Minute, "sweep", c.sweep) })
	w.Go(func() { c.every(ctx, time.Minute, "key rotation", locksmith{c}.resume) })
	if c.circle != nil {
		w.Go(func() { c.circle.Run(ctx) })
	}
	w.Go(func() { c.every(ctx, time.Hour, "dummy password", c.session.TuneDummy) })
	return w
}

// every does a job now and then, for the first time when the start is over. A failure is logged and made good by the
// next time.
func (c *core) every(ctx context.Context, pause time.Duration, name string, job func(context.Context) error) {
	next := time.NewTimer(min(pause, startTime))
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		if err := job(ctx); err != nil && ctx.Err() == nil {
			c.log.Error(name, "error", err)
		}
		next.Reset(pause)
	}
}

// keepLedger keeps the audit log's tree, after the first requests.
func (c *core) keepLedger(ctx context.Context) {
	wait := time.NewTimer(startTime)
	defer wait.Stop()
	select {
	case <-ctx.Done():
	case <-wait.C:
	}
	c.ledger.Run(ctx)
}

// startTime is how long the first requests are left alone.
const startTime = 3 * time.Second

// sweep removes what is over, and notes the time for the next start. Last uses of sessions are written first. While
// nothing could be written none of them was: then every node has its time to do so before a session goes as an idle one. A node that
// may not answer removes nothing: the database may be one that nobody has accepted.
func (c *core) sweep(ctx context.Context) (err error) {
	c.session.Flush(ctx)
	if err = c.fit.check(); err != nil {
		c.unswept = sweepsLeftOut
		return err
	}
	if c.unswept > 0 {
		c.unswept--
	} else {
		err = c.sweepAll(ctx)
	}
	if err == nil {
		err = c.markTime(ctx)
	}
	if err != nil {
		c.unswept = sweepsLeftOut
	}
	return err
}

// sweepsAtOnce is how many steps one sweep takes at most: more is over in a minute of a very large team than one deletes.
const sweepsAtOnce = 20

// sweepAll deletes what is over by this minute, a step at a time, and others write between two of them.
func (c *core) sweepAll(ctx context.Context) (err error) {
	more := true
	for n := 0; more && err == nil && n < sweepsAtOnce; n++ {
		err = c.db.Write(ctx, func(tx *store.Tx) (err error) { more, err = tx.Sweep(ctx, n > 0); return err })
	}
	return err
}

// sweepsLeftOut is how many sweeps, a minute apart, delete nothing after one that failed: last uses are written once a
// minute.
const sweepsLeftOut = 2
