package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	keepLeast  = 90 * 24 * time.Hour // the least that audit-keep can be set to
	youngSlack = 24 * time.Hour      // for what waited for its place, and for clocks that were put right
)

// prunedYoung finds events that retention is said to have deleted although they were younger than it allows: those after
// a head that was signed too shortly before, and those that a sink's line gives a time.
func (c *check) prunedYoung(ctx context.Context) (*Finding, error) {
	if c.pruned == 0 {
		return nil, nil
	}
	now, err := c.now(ctx)
	if err != nil {
		return nil, err
	}
	var first *Finding
	for _, p := range c.erased.prunes {
		if f := c.young(p, now); f != nil && (first == nil || f.Place < first.Place) {
			first = f
		}
	}
	if first != nil && slices.ContainsFunc(c.signed, func(h signedHead) bool { return h.At.After(now.Add(timeSlack)) }) {
		first.Words += fmt.Sprintf(" The clock says %s, though, and a head was signed later than that: where the clock is wrong now, set it right and verify again.", when(now))
	}
	return first, nil
}

func (c *check) now(ctx context.Context) (now time.Time, err error) {
	err = c.s.store.Read(ctx, func(tx Tx) (err error) {
		now, err = tx.Now(ctx)
		return err
	})
	return now, err
}

// young finds the first place that one event of retention stands for too early.
func (c *check) young(p pruneAct, now time.Time) *Finding {
	below, youngest := min(p.below, c.pruned), c.latest(p, now).Add(youngSlack-keepLeast)
	place, witness := below, ""
	for _, h := range c.signed {
		if h.Size < place && h.At.After(youngest) {
			place, witness = h.Size, fmt.Sprintf("the head of %d events was signed only %s", h.Size, when(h.At))
		}
	}
	for at, t := range c.kept.Times {
		if at < place && t.After(youngest) {
			place, witness = at, fmt.Sprintf("the sink's line of place %d is only of %s", at, when(t))
		}
	}
	if place == below {
		return nil
	}
	return &Finding{Kind: Cut, Place: place, Words: fmt.Sprintf("Event %d (%s) says that retention deleted the events below place %d, but those from place %d on were less than %d days old: %s.",
		p.event.ID, p.event.Type, p.below, place, keepLeast/(24*time.Hour), witness)}
}

// latest is when an event of retention can have been written at the latest, whatever time it gives itself: before the
// first head that holds it was signed, and before now. Heads after that one tell nothing more, but where the clock was set
// back for a while.
func (c *check) latest(p pruneAct, now time.Time) time.Time {
	latest := now
	if p.event.At.Before(latest) {
		latest = p.event.At
	}
	first := slices.IndexFunc(c.signed, func(h signedHead) bool { return h.Size > p.place })
	if first >= 0 && c.signed[first].At.Before(latest) {
		latest = c.signed[first].At
	}
	return latest
}
