package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sallyport"
	"sallyport/internal/audit"
)

// event holds the event of a place against its stored leaf, and returns the hash that the tree must have there.
func (c *check) event(ctx context.Context, place int64, stored audit.Hash) (audit.Hash, error) {
	l, found, err := c.leaves.peek(ctx, place)
	if err != nil {
		return stored, err
	}
	if place < c.tree.Pruned && (!found || l.Place > place) {
		c.report.Pruned++
		return stored, nil
	}
	if !found || l.Place > place {
		return stored, c.missing(ctx, place, l, found)
	}
	c.leaves.take()
	if twin, found, err := c.leaves.peek(ctx, place); err != nil || found && twin.Place == place {
		c.twins(l, twin, stored)
		return stored, err
	}
	c.look(l, stored)
	return stored, nil
}

// missing is a place without its event: cut, unless retention took it while this went on.
func (c *check) missing(ctx context.Context, place int64, next sallyport.Leaf, found bool) error {
	var now sallyport.Tree
	err := c.s.store.Read(ctx, func(tx Tx) (err error) {
		now, err = tx.Tree(ctx)
		return err
	})
	if err != nil || place < now.Pruned {
		c.report.Pruned++
		c.pruned = max(c.pruned, now.Pruned)
		return err
	}
	words := fmt.Sprintf("The event at place %d is missing", place)
	if c.seen.ID != 0 {
		words += fmt.Sprintf("; the one before it is event %d (%s)", c.seen.ID, when(c.seen.At))
	}
	if found {
		words += fmt.Sprintf("; the next is event %d (%s)", next.ID, when(next.At))
	}
	c.find(Finding{Kind: Cut, Place: place, Words: words + "."})
	return nil
}

// twins are two events at one place: the one that does not fit the leaf was added.
func (c *check) twins(a, b sallyport.Leaf, stored audit.Hash) {
	added := b
	if audit.LeafHash(a) != stored && audit.LeafHash(b) == stored {
		added = a
	}
	c.find(Finding{Kind: Added, Event: added.ID, Place: added.Place, Words: fmt.Sprintf("Event %d was added at place %d, which another event has.", added.ID, added.Place)})
}

// look compares one event with its leaf and its two halves with their marks.
func (c *check) look(l sallyport.Leaf, stored audit.Hash) {
	c.seen = l
	c.report.Events++
	if audit.LeafHash(l) != stored {
		c.find(Finding{Kind: Changed, Event: l.ID, Place: l.Place, Words: c.naming(l.Place) + " does not fit its leaf: its number, time, type, outcome, ids or place were changed, or the leaf was."})
		return
	}
	if err := audit.CheckLeaf(l); err != nil {
		c.find(Finding{Kind: Changed, Event: l.ID, Place: l.Place, Words: c.naming(l.Place) + " was changed: " + err.Error() + "."})
		return
	}
	if c.erased.note(l) {
		c.report.Erased++
	}
	c.tellLate(&l)
	if by := c.times.step(l); by > 0 && len(c.late) < doubtsMost {
		c.late = append(c.late, lateEvent{l.At, fmt.Sprintf("Event %d (%s) says that it happened %s before an event that was placed earlier: look whether it belongs there.", l.ID, l.Type, by.Round(time.Second))})
	}
}

// lateEvent is one that claims to be too old for its place, and what is to be said of it.
type lateEvent struct {
	at    time.Time
	words string
}

// noticeTime is how long it may take until a clock that was set back has its event.
const noticeTime = time.Minute

// tellLate tells of late events that no event of the clock, which next may be, explains by coming soon after them; of all
// where there is no next.
func (c *check) tellLate(next *sallyport.Leaf) {
	c.late = slices.DeleteFunc(c.late, func(e lateEvent) bool {
		soon := next != nil && next.At.Sub(e.at).Abs() <= noticeTime
		if !soon {
			c.doubt("%s", e.words)
		}
		return !soon || next.Type == string(audit.ClockJumped)
	})
}

// times notices events that claim to be older than those before them.
type times struct {
	newest time.Time
}

// timeSlack is what nodes, long transactions and a clock that is put right may make of the order.
const timeSlack = 5 * time.Minute

// step returns by how much an event is too old for its place, 0 when it is not. After an event that says that the clock
// was set, the order begins anew.
func (t *times) step(l sallyport.Leaf) time.Duration {
	if l.Type == string(audit.ClockJumped) || l.At.After(t.newest) {
		t.newest = l.At
		return 0
	}
	if by := t.newest.Sub(l.At); by > timeSlack {
		return by
	}
	return 0
}
