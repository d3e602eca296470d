package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"sallyport"
	"sallyport/internal/audit"
)

// erasures are what the log itself says was taken out of it, and what needs such an event.
type erasures struct {
	acts    []erasureAct
	prunes  []pruneAct
	deleted map[sallyport.TechnicianID]int64          // the event of an account's deletion
	open    map[sallyport.TechnicianID]sallyport.Leaf // the first event whose erased half was a person's
	last    map[sallyport.TechnicianID]sallyport.Leaf // and the last one
	loose   []sallyport.Leaf                          // erased halves of nobody's events
	never   []sallyport.Leaf                          // erased halves that no erasure takes
}

// erasureAct is an event of an erasure. It stands for the person's halves, and for those of nobody's events that it lists:
// all of them placed before it.
type erasureAct struct {
	event  sallyport.Event
	place  int64
	person sallyport.TechnicianID
	also   []int64
}

// pruneAct is an event of retention. It stands for the places below its bound.
type pruneAct struct {
	event sallyport.Event
	place int64
	below int64
}

func newErasures() *erasures {
	return &erasures{deleted: map[sallyport.TechnicianID]int64{}, open: map[sallyport.TechnicianID]sallyport.Leaf{}, last: map[sallyport.TechnicianID]sallyport.Leaf{}}
}

// note reads an event for what it explains and for what it needs explained, and reports whether a half of it is erased.
func (e *erasures) note(l sallyport.Leaf) bool {
	e.excuse(l)
	actor, target := len(l.Actor.Salt) == 0, len(l.Target.Salt) == 0
	if actor {
		owner := l.Event.Actor
		if owner == "" && l.ActorKind == sallyport.ActorNobody {
			owner = l.Event.Target
		}
		if owner == "" && l.ActorKind != sallyport.ActorNobody {
			e.never = append(e.never, l) // whose doing it was on the host stays
		} else {
			e.ask(owner, l)
		}
	}
	if target {
		e.ask(l.Event.Target, l)
	}
	return actor || target
}

// excuse reads an event for what it explains.
func (e *erasures) excuse(l sallyport.Leaf) {
	switch l.Type {
	case string(audit.TechnicianDeleted):
		e.deleted[l.Event.Target] = l.ID
	case string(audit.AuditErased):
		e.acts = append(e.acts, erasureAct{l.Event, l.Place, l.Event.Target, placesOf(l.After["also"])})
	case string(audit.AuditPruned):
		if n, err := strconv.ParseInt(l.After["below"], 10, 64); err == nil {
			e.prunes = append(e.prunes, pruneAct{l.Event, l.Place, n})
		}
	}
}

func (e *erasures) ask(owner sallyport.TechnicianID, l sallyport.Leaf) {
	if owner == "" {
		e.loose = append(e.loose, l)
		return
	}
	if _, known := e.open[owner]; !known {
		e.open[owner] = l
	}
	e.last[owner] = l
}

// lastPrune is the event of retention with the highest bound; a zero one where there is none.
func (e *erasures) lastPrune() (last pruneAct) {
	for _, p := range e.prunes {
		if p.below > last.below {
			last = p
		}
	}
	return last
}

// unexplained is the first erased half that no event of an erasure stands for; one of an account that exists stands for
// nothing.
func (e *erasures) unexplained(exists map[sallyport.TechnicianID]bool) *Finding {
	people, places := map[sallyport.TechnicianID]int64{}, map[int64]bool{} // up to where
	for _, a := range e.acts {
		if exists[a.person] {
			continue
		}
		people[a.person] = max(people[a.person], a.place)
		for _, p := range a.also {
			places[p] = places[p] || p < a.place
		}
	}
	asking := slices.Clone(e.never)
	for person, l := range e.open {
		switch upTo := people[person]; {
		case l.Place >= upTo:
			asking = append(asking, l)
		case e.last[person].Place >= upTo:
			asking = append(asking, e.last[person])
		}
	}
	for _, l := range e.loose {
		if !places[l.Place] {
			asking = append(asking, l)
		}
	}
	if len(asking) == 0 {
		return nil
	}
	first := slices.MinFunc(asking, func(a, b sallyport.Leaf) int { return cmp.Compare(a.Place, b.Place) })
	return &Finding{Kind: Changed, Event: first.ID, Place: first.Place, Words: fmt.Sprintf("Event %d (%s, place %d) lost what it says of a person, and no event says that a deleted account was erased there.", first.ID, first.Type, first.Place)}
}

// excused holds what is gone against the events that must say so. They may have come while this went on: those are
// looked for before anything is found.
func (c *check) excused(ctx context.Context) error {
	f, err := c.unexcused(ctx)
	if err != nil {
		return err
	}
	if f != nil {
		if err := c.lookAgain(ctx); err != nil {
			return err
		}
		if f, err = c.unexcused(ctx); err != nil {
			return err
		}
	}
	if f != nil {
		c.find(*f)
	}
	c.tellActs()
	return nil
}

func (c *check) unexcused(ctx context.Context) (*Finding, error) {
	if below := c.erased.lastPrune().below; c.pruned > below {
		return &Finding{Kind: Cut, Place: below, Words: fmt.Sprintf("The events at places %d to %d are gone, and no event of retention says so.", below, c.pruned-1)}, nil
	}
	if f, err := c.prunedYoung(ctx); err != nil || f != nil {
		return f, err
	}
	exists, err := c.existing(ctx)
	if err != nil {
		return nil, err
	}
	return c.erased.unexplained(exists), nil
}

// existing are those accounts that events call erased, although they exist.
func (c *check) existing(ctx context.Context) (map[sallyport.TechnicianID]bool, error) {
	exists := map[sallyport.TechnicianID]bool{}
	for _, a := range c.erased.acts {
		if _, known := exists[a.person]; known {
			continue
		}
		err := c.s.store.Read(ctx, func(tx Tx) error {
			_, err := tx.Technician(ctx, a.person)
			return err
		})
		if err != nil && sallyport.KindOf(err) == sallyport.Unavailable {
			return nil, err
		}
		exists[a.person] = err == nil || sallyport.KindOf(err) != sallyport.NotFound
	}
	return exists, nil
}

// lookAgain reads what was placed since the check began for what it explains.
func (c *check) lookAgain(ctx context.Context) error {
	if err := c.s.Place(ctx); err != nil && ctx.Err() != nil {
		return err
	}
	for from := c.tree.Size; ; {
		var leaves []sallyport.Leaf
		err := c.s.store.Read(ctx, func(tx Tx) (err error) {
			leaves, err = c.excuses(ctx, tx, from)
			return err
		})
		if err != nil && !undecoded(err) { // an event that cannot be read explains nothing
			return err
		}
		for _, l := range leaves {
			c.erased.excuse(l)
			from = l.Place + 1
		}
		if len(leaves) == 0 {
			return nil
		}
	}
}

// excuses are events from a place on that fit their leaves in the tree as it is now.
func (c *check) excuses(ctx context.Context, tx Tx, from int64) (fit []sallyport.Leaf, err error) {
	leaves, err := tx.Leaves(ctx, from, placeBatch)
	if err != nil {
		return nil, err
	}
	for _, l := range leaves {
		hashes, err := tx.TreeHashes(ctx, audit.LeafNumber(l.Place), 1)
		if err != nil {
			return nil, err
		}
		h := audit.LeafHash(l)
		if len(hashes) == 0 || hashes[0].Number != audit.LeafNumber(l.Place) || string(hashes[0].Hash) != string(h[:]) || audit.CheckLeaf(l) != nil {
			return fit, nil
		}
		fit = append(fit, l)
	}
	return fit, nil
}

// tellActs lists what was taken out, for who knows whether it should have been.
func (c *check) tellActs() {
	if p := c.erased.lastPrune(); p.event.ID != 0 {
		c.act("Retention deleted the events below place %d, up to %s: by event %d (%s).", p.below, p.event.After["until"], p.event.ID, when(p.event.At))
	}
	for _, a := range c.erased.acts {
		deletion := "of whose deletion no event is there"
		if id := c.erased.deleted[a.person]; id != 0 {
			deletion = fmt.Sprintf("deleted by event %d", id)
		}
		c.act("Account %s, %s, was erased: by event %d (%s).", a.person, deletion, a.event.ID, when(a.event.At))
	}
}

func (c *check) act(format string, a ...any) {
	c.report.Acts = append(c.report.Acts, fmt.Sprintf(format, a...))
}
