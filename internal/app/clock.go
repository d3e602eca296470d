package app

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/store"
)

const (
	clockKey   = "clock"         // meta entry: the newest time that was seen, Unix microseconds, 8 bytes
	clockSlack = 5 * time.Second // how far wall and monotonic time may part (contract: fixed)
	clockEvery = time.Second     // how often is looked
)

// checkClock refuses a start with a clock behind what is stored: expired codes and sessions would live again.
func (c *core) checkClock(ctx context.Context, accept bool) error {
	last, now, err := c.lastTime(ctx)
	if err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	behind := last.Sub(now)
	if behind <= clockSlack {
		return nil
	}
	if !accept {
		return fmt.Errorf("the clock says %s, and the database was last used at %s: set the clock right, or start once with --accept-clock (after a backup was put back: restore --accept --accept-clock)",
			now.UTC().Format(time.RFC3339), last.UTC().Format(time.RFC3339))
	}
	return c.clockJumped(ctx, -behind)
}

// lastTime is the newest time that the database holds: the one that was put there each minute, or the newest event.
func (c *core) lastTime(ctx context.Context) (last, now time.Time, err error) {
	err = c.db.Read(ctx, func(tx *store.Tx) error {
		if now, err = tx.Now(ctx); err != nil {
			return err
		}
		mark, err := tx.Meta(ctx, clockKey)
		if err != nil {
			return err
		}
		if len(mark) == 8 {
			last = time.UnixMicro(int64(binary.BigEndian.Uint64(mark)))
		}
		events, err := tx.Events(ctx, sallyport.EventFilter{Limit: 1})
		if err == nil && len(events) > 0 && events[0].At.After(last) {
			last = events[0].At
		}
		return err
	})
	return last, now, err
}

// markTime stores the time and the next mark, for the next start to compare with.
func (c *core) markTime(ctx context.Context) error {
	return c.mark(ctx, func(tx *store.Tx) error { return noteTime(ctx, tx) })
}

// noteTime is markTime without the mark.
func noteTime(ctx context.Context, tx *store.Tx) error {
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	return tx.PutMeta(ctx, clockKey, binary.BigEndian.AppendUint64(nil, uint64(now.UnixMicro())))
}

// watchClock compares wall and monotonic time until ctx ends.
func (c *core) watchClock(ctx context.Context) {
	tick := time.NewTicker(clockEvery)
	defer tick.Stop()
	j := jumps{drift: newDrift(c.now(), time.Now()), end: c.clockJumped}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := j.look(ctx, c.now(), time.Now()); j.news(err) {
				c.log.Error("clock", "error", err)
			}
		}
	}
}

// jumps calls end for each jump, and again at the next look where it failed: until then sign-ins outlive a clock that
// was set. One to the future and one back are two, however soon the second follows: what began in between is ahead of the clock.
type jumps struct {
	drift       *drift
	end         func(ctx context.Context, by time.Duration) error
	ahead, back time.Duration // jumps for which end is to be called
	failed      string        // why it failed at the last look, empty when it did not
}

// news reports whether a look failed for another reason than the one before, which is tried again each second.
func (j *jumps) news(err error) bool {
	before := j.failed
	if j.failed = ""; err != nil {
		j.failed = err.Error()
	}
	return err != nil && j.failed != before
}

// saw looks at what another clock showed, which is compared from the first time on that it was read.
func (j *jumps) saw(ctx context.Context, r reading) error {
	switch {
	case r.wall.IsZero():
		return nil
	case j.drift == nil:
		j.drift = newDrift(r.wall, r.monotonic)
	}
	return j.look(ctx, r.wall, r.monotonic)
}

func (j *jumps) look(ctx context.Context, wall, monotonic time.Time) error {
	by := j.drift.step(wall, monotonic)
	j.ahead, j.back = j.ahead+max(by, 0), j.back+min(by, 0)
	for _, owed := range []*time.Duration{&j.ahead, &j.back} {
		if *owed == 0 {
			continue
		}
		if err := j.end(ctx, *owed); err != nil {
			return err
		}
		*owed = 0
	}
	return nil
}

// drift notices a clock that was set: the wall clock moved otherwise than the monotonic one.
type drift struct{ wall, monotonic time.Time }

func newDrift(wall, monotonic time.Time) *drift { return &drift{wall.Round(0), monotonic} }

// step returns by how much the wall clock jumped since it last did, 0 when it is within the slack.
func (d *drift) step(wall, monotonic time.Time) time.Duration {
	by := wall.Round(0).Sub(d.wall) - monotonic.Sub(d.monotonic)
	if by.Abs() <= clockSlack {
		return 0
	}
	d.wall, d.monotonic = wall.Round(0), monotonic
	return by
}

// clockJumped ends every unfinished sign-in with its codes, for nobody knows how old they are, and says so when it is done.
// Where the clock was set back, so does what began in its future, and the next start has nothing left to refuse. Of several
// nodes, each of which notices, the first does that.
func (c *core) clockJumped(ctx context.Context, by time.Duration) error {
	began := time.Now()
	if by < 0 {
		c.forgetUses() // or they are written once more
		defer c.forgetUses()
	}
	var known int64
	err := c.db.Write(ctx, func(tx *store.Tx) (err error) {
		if known, err = c.jumpNoted(ctx, tx, by); known > 0 || err != nil {
			return err
		}
		if err := endByJump(ctx, tx, by); err != nil {
			return err
		}
		mine, err := lastJump(ctx, tx)
		known = mine.ID
		return err
	})
	if err == nil {
		c.jump = known
		c.log.Warn("the clock was set: unfinished sign-ins and codes are over", "by", by, "took", time.Since(began))
	}
	return err
}

// endByJump is the transaction of clockJumped.
func endByJump(ctx context.Context, tx *store.Tx, by time.Duration) error {
	end := (*store.Tx).EndSignIns
	if by < 0 {
		end = (*store.Tx).ClockSetBack
	}
	n, err := end(tx, ctx)
	if err == nil {
		err = rotatedByNow(ctx, tx)
	}
	if err == nil && by < 0 {
		err = noteTime(ctx, tx)
	}
	if err != nil {
		return err
	}
	return tx.InsertEvent(ctx, audit.New(audit.ClockJumped, sallyport.Actor{Kind: sallyport.ActorSystem, Name: "Sallyport"}).
		Changed(nil, map[string]string{"seconds": strconv.Itoa(int(by.Seconds()))}).Because(fmt.Sprintf("%d unfinished sign-ins ended", n)).Event())
}

// lastJump is the newest event of a jump, the zero one where there is none.
func lastJump(ctx context.Context, tx *store.Tx) (e sallyport.Event, err error) {
	events, err := tx.Events(ctx, sallyport.EventFilter{Type: string(audit.ClockJumped), Limit: 1})
	if err == nil && len(events) > 0 {
		e = events[0]
	}
	return e, err
}

// jumpNoted returns the event with which another node has just ended what a jump of the clock that all share is to end, 0 where
// there is none. Each such event stands for one jump of this node: the clock may jump again, and to the same time.
func (c *core) jumpNoted(ctx context.Context, tx *store.Tx, by time.Duration) (id int64, err error) {
	if !c.db.Shared() {
		return 0, nil
	}
	e, err := lastJump(ctx, tx)
	if err != nil || e.ID <= c.jump {
		return 0, err
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return 0, err
	}
	theirs, err := strconv.Atoi(e.After["seconds"])
	since := now.Sub(e.At)
	if err != nil || since < 0 || since > clockSlack || (by-time.Duration(theirs)*time.Second).Abs() > clockSlack {
		return 0, nil
	}
	return e.ID, nil
}

// forgetUses lets the memory of sessions, whose last uses may be ahead of the clock, read the database anew.
func (c *core) forgetUses() {
	if c.session == nil { // the start
		return
	}
	if memory := c.session.Memory(); memory != nil {
		memory.Forget()
	}
}
