package ledger

import (
	"context"
	"fmt"
	"slices"

	"sallyport"
	"sallyport/internal/audit"
)

// Kind says in one word what is wrong with a log.
type Kind string

const (
	Changed Kind = "changed" // an event is not what it was
	Cut     Kind = "cut"     // one is missing
	Added   Kind = "added"   // one is too many
	Forged  Kind = "forged"  // a head was not signed by the log's key
	Broken  Kind = "broken"  // a hash of the tree was changed, the events were not
	Stuck   Kind = "stuck"   // what has a place is whole, but new events get none
)

// Finding is the first thing that is wrong.
type Finding struct {
	Kind  Kind
	Event int64 // number of the event, 0 where it is not known
	Place int64 // in the tree
	Words string
}

// Report is what a verification found.
type Report struct {
	Size     int64 // leaves of the tree
	Root     string
	Events   int64 // that were compared with their leaves
	Pruned   int64 // whose leaves stand without them, by retention
	Erased   int64 // of which a half was erased
	Heads    int   // signed heads of the database that fit
	Kept     int   // heads kept elsewhere that fit
	KeptLeaf int   // events kept elsewhere that fit
	First    *Finding
	Acts     []string // what retention and erasures took out of the log, and the events that say so
	Doubts   []string // what somebody should look at although the tree is whole
	Verifier string
}

// Verify holds every event against the tree, the tree against itself, and both against the signed heads: those that are
// stored and those in kept, a file from elsewhere (a head, or a sink's lines; empty for none). It needs audit.read. New
// events are placed before; what stands in their way does not end it, and the answer is not whole then.
func (s *Service) Verify(ctx context.Context, actor sallyport.Actor, kept []byte) (Report, error) {
	r := Report{Verifier: s.Verifier()}
	if err := s.store.Read(ctx, func(tx Tx) error { return may(ctx, tx, actor, sallyport.ReadAudit) }); err != nil {
		return r, err
	}
	var outside audit.Kept
	if len(kept) > 0 {
		var err error
		if outside, err = audit.ReadKept(kept, s.Verifier()); err != nil {
			return r, sallyport.InvalidField("head", "The file cannot be used: "+err.Error()+".")
		}
	}
	placing := s.Place(ctx)
	if placing != nil && ctx.Err() != nil {
		return r, placing
	}
	c := &check{s: s, report: &r, kept: outside, erased: newErasures()}
	c.hashes, c.leaves = &hashPages{c: c}, &leafPages{c: c}
	err := c.all(ctx, placing)
	return r, err
}

// check is one verification on its way. It stops at the first finding.
type check struct {
	s      *Service
	report *Report
	kept   audit.Kept
	tree   sallyport.Tree
	pruned int64        // the highest bound of retention that was seen
	signed []signedHead // all of them, by size
	heads  []signedHead // those that are not compared yet
	hashes *hashPages
	leaves *leafPages
	walk   walk
	odd    *span // the first places whose stored hash does not fit, until something tells whether it or an event was changed
	erased *erasures
	times  times
	late   []lateEvent // that were not told of yet
	good   int64       // size of the last head that fitted
	seen   sallyport.Leaf
}

// span is places of the tree, both ends included.
type span struct{ first, last int64 }

// all runs the check, and says what it means that new events could not be placed before it.
func (c *check) all(ctx context.Context, placing error) error {
	placing = c.s.orLeft(placing)
	if placing != nil {
		c.doubt("New events could not be placed: %s", placingWords(placing))
	}
	if err := c.run(ctx); err != nil {
		return err
	}
	c.tellLate(nil)
	if c.odd != nil && c.found() {
		c.report.Doubts = slices.Insert(c.report.Doubts, 0, fmt.Sprintf(
			"The tree's hash over places %d to %d was changed or is missing, or an event there was changed together with its leaf.", c.odd.first, c.odd.last))
	}
	if placing != nil {
		c.find(Finding{Kind: Stuck, Event: c.s.unreadEvent(), Place: c.tree.Size,
			Words: "Every event that has a place is as it was, but not all new ones get one. Verify again; where that stays so, a row of the database stands in their way."})
	}
	return nil
}

func (c *check) run(ctx context.Context) error {
	if err := c.begin(ctx); err != nil || c.found() {
		return err
	}
	for place := range c.tree.Size {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.leaf(ctx, place); err != nil || c.found() {
			return err
		}
	}
	return c.end(ctx)
}

// leaf compares one place: its event with its stored hash, that with what somebody else kept, and the hashes above it
// that it completes.
func (c *check) leaf(ctx context.Context, place int64) error {
	storedLeaf, found, err := c.hashes.next(ctx, audit.LeafNumber(place))
	if err == nil && !found {
		storedLeaf, err = c.withoutHash(ctx, place)
	}
	if err != nil || c.found() {
		return err
	}
	truth, err := c.event(ctx, place, storedLeaf)
	if err != nil || c.found() {
		return err
	}
	if c.outside(place, truth); c.found() {
		return nil
	}
	if err := c.above(ctx, place, truth); err != nil {
		return err
	}
	return c.headsOf(ctx, place+1)
}

// withoutHash is the leaf of a place whose hash is gone, by its event: whether that is the one which was placed, the next
// signed head tells. Where the event is gone too, it was cut, unless retention took it.
func (c *check) withoutHash(ctx context.Context, place int64) (audit.Hash, error) {
	l, found, err := c.leaves.peek(ctx, place)
	if err != nil || !found || l.Place != place {
		if err == nil {
			err = c.missing(ctx, place, l, found)
		}
		if err == nil {
			c.find(Finding{Kind: Broken, Place: place, Words: fmt.Sprintf("The tree's hash for place %d is missing.", place)})
		}
		return audit.Hash{}, err
	}
	c.suspect(place, place)
	return audit.LeafHash(l), nil
}

// outside compares a leaf with what somebody else kept of it.
func (c *check) outside(place int64, truth audit.Hash) {
	h, ok := c.kept.Leaves[place]
	switch {
	case !ok:
	case c.kept.Twice[place]:
		c.find(Finding{Kind: Changed, Event: c.seenAt(place), Place: place, Words: fmt.Sprintf("The sink was handed two different events for place %d: the log was changed between the two, and the tree with it.", place)})
	case h != truth:
		c.find(Finding{Kind: Changed, Event: c.seenAt(place), Place: place, Words: fmt.Sprintf("%s is not what was handed to the sink. The tree was changed with it.", c.naming(place))})
	default:
		c.report.KeptLeaf++
	}
}

// above compares the inner hashes that the leaf at place completes. One that does not fit does not end the check: what
// is signed over it tells whether the hash was changed, or an event together with its leaf.
func (c *check) above(ctx context.Context, place int64, leaf audit.Hash) error {
	for _, node := range c.walk.add(leaf) {
		h, found, err := c.hashes.next(ctx, audit.NumberOf(node.level, node.place))
		if err != nil {
			return err
		}
		if !found || h != node.hash {
			c.suspect(node.place<<node.level, place)
		}
	}
	return nil
}

// suspect remembers the first places whose stored hash does not fit. What a head before them holds is not among them.
func (c *check) suspect(first, last int64) {
	if c.odd == nil {
		c.odd = &span{max(first, c.good), last}
	}
}

func (c *check) found() bool { return c.report.First != nil }

func (c *check) find(f Finding) {
	if c.report.First == nil {
		c.report.First = &f
	}
}

// doubtsMost bounds what is listed: the first ones tell enough.
const doubtsMost = 20

func (c *check) doubt(format string, a ...any) {
	if len(c.report.Doubts) < doubtsMost {
		c.report.Doubts = append(c.report.Doubts, fmt.Sprintf(format, a...))
	}
}

// naming is the event at a place in words.
func (c *check) naming(place int64) string {
	if c.seenAt(place) != 0 {
		return fmt.Sprintf("Event %d (%s, %s, place %d)", c.seen.ID, c.seen.Type, when(c.seen.At), place)
	}
	return fmt.Sprintf("The event at place %d", place)
}

// seenAt is the number of the event at a place if that is the one which was looked at last, otherwise 0.
func (c *check) seenAt(place int64) int64 {
	if c.seen.Place != place {
		return 0
	}
	return c.seen.ID
}
