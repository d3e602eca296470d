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
	Doubts   []string // what somebody should look at although the tree is whole
	Verifier string
}

// Verify holds every event against the tree, the tree against itself, and both against the signed heads: those that are
// stored and those in kept, a file from elsewhere (a head, or a sink's lines; empty for none). It needs audit.read.
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
	if err := s.Place(ctx); err != nil && sallyport.CodeOf(err) != ErrTree.Code {
		return r, err
	}
	c := &check{s: s, report: &r, kept: outside, erased: newErasures()}
	err := c.run(ctx)
	r.First = c.first
	return r, err
}

// check is one verification on its way. It stops at the first finding.
type check struct {
	s      *Service
	report *Report
	kept   audit.Kept
	tree   sallyport.Tree
	heads  []signedHead // by size
	walk   walk
	erased *erasures
	times  times
	first  *Finding
	good   int64 // size of the last head that fitted
	seen   sallyport.Leaf
}

type signedHead struct {
	audit.Head
	outside bool
}

func (c *check) run(ctx context.Context) error {
	if err := c.begin(ctx); err != nil || c.first != nil {
		return err
	}
	hashes := &hashPages{c: c}
	leaves := &leafPages{c: c}
	for place := range c.tree.Size {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.leaf(ctx, place, leaves, hashes); err != nil || c.first != nil {
			return err
		}
	}
	return c.end(ctx, leaves)
}

func (c *check) begin(ctx context.Context) error {
	var stored []sallyport.Head
	err := c.s.store.Read(ctx, func(tx Tx) (err error) {
		if c.tree, err = tx.Tree(ctx); err != nil {
			return err
		}
		stored, err = allHeads(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	c.report.Size = c.tree.Size
	for _, h := range stored {
		if audit.SignedBy(h.Note) != c.s.signer.KeyHash() {
			c.doubt("The head of size %d was signed with another key, and was not compared.", h.Size)
			continue
		}
		open, err := audit.OpenHead(h.Note, c.s.Verifier())
		if err != nil || open.Size != h.Size {
			c.find(Finding{Kind: Forged, Place: h.Size, Words: fmt.Sprintf("The stored head of size %d was not signed by this log.", h.Size)})
			return nil
		}
		c.heads = append(c.heads, signedHead{open, false})
	}
	for _, h := range c.kept.Heads {
		c.heads = append(c.heads, signedHead{h, true})
	}
	slices.SortStableFunc(c.heads, func(a, b signedHead) int { return int(min(1, max(-1, a.Size-b.Size))) })
	return nil
}

func allHeads(ctx context.Context, tx Tx) ([]sallyport.Head, error) {
	const page = 1000
	var out []sallyport.Head
	for after := int64(0); ; after = out[len(out)-1].Size {
		heads, err := tx.Heads(ctx, after, page)
		out = append(out, heads...)
		if err != nil || len(heads) < page {
			return out, err
		}
	}
}

// leaf compares one place: its event with its stored hash, that with what somebody else kept, and the hashes above it
// that it completes.
func (c *check) leaf(ctx context.Context, place int64, leaves *leafPages, hashes *hashPages) error {
	storedLeaf, found, err := hashes.next(ctx, audit.LeafNumber(place))
	if err != nil {
		return err
	}
	if !found {
		c.find(Finding{Kind: Broken, Place: place, Words: fmt.Sprintf("The tree's hash for place %d is missing.", place)})
		return nil
	}
	truth, err := c.event(ctx, place, leaves, storedLeaf)
	if err != nil || c.first != nil {
		return err
	}
	if h, ok := c.kept.Leaves[place]; ok {
		if h != truth {
			c.find(Finding{Kind: Changed, Event: c.seen.ID, Place: place, Words: fmt.Sprintf("%s is not what was handed to the sink. The tree was changed with it.", c.naming(place))})
			return nil
		}
		c.report.KeptLeaf++
	}
	if err := c.above(ctx, place, truth, hashes); err != nil || c.first != nil {
		return err
	}
	c.headsOf(place + 1)
	return nil
}

// above compares the inner hashes that the leaf at place completes.
func (c *check) above(ctx context.Context, place int64, leaf audit.Hash, hashes *hashPages) error {
	for _, node := range c.walk.add(leaf) {
		h, found, err := hashes.next(ctx, audit.NumberOf(node.level, node.place))
		if err != nil {
			return err
		}
		if !found || h != node.hash {
			first := node.place << node.level
			c.find(Finding{Kind: Broken, Place: first, Words: fmt.Sprintf("The tree's hash over places %d to %d was changed or is missing; the events there fit their leaves.", first, place)})
			return nil
		}
	}
	return nil
}

// headsOf compares the signed heads of trees of that size.
func (c *check) headsOf(size int64) {
	for len(c.heads) > 0 && c.heads[0].Size <= size && c.first == nil {
		h := c.heads[0]
		c.heads = c.heads[1:]
		if h.Size == size && h.Root != c.walk.root() {
			c.find(Finding{Kind: Changed, Event: c.seen.ID, Place: c.good, Words: fmt.Sprintf(
				"The events at places %d to %d are not those of the head that was signed %s: the first that was changed, cut or added is among them. The tree was changed with it.",
				c.good, size-1, h.At.UTC().Format("2006-01-02 15:04:05 UTC"))})
			return
		}
		c.good = size
		if h.outside {
			c.report.Kept++
		} else {
			c.report.Heads++
		}
	}
}

// end looks at what is left: places beyond the tree, heads of larger trees, the tree's own row, retention and erasure.
func (c *check) end(ctx context.Context, leaves *leafPages) error {
	root := c.walk.root()
	c.report.Root = root.String()
	over, found, err := leaves.peek(ctx, c.tree.Size)
	if err != nil {
		return err
	}
	switch {
	case found && over.Place >= c.tree.Size && !c.grownSince(ctx, over.Place):
		c.find(Finding{Kind: Added, Event: over.ID, Place: over.Place, Words: fmt.Sprintf("Event %d stands at place %d, where the tree has no leaf.", over.ID, over.Place)})
	case len(c.heads) > 0:
		h := c.heads[len(c.heads)-1]
		c.find(Finding{Kind: Cut, Place: c.tree.Size, Words: fmt.Sprintf(
			"The log has %d events, and had %d when a head was signed at %s: it was cut after event %d, or an older database was put in its place.",
			c.tree.Size, h.Size, h.At.UTC().Format("2006-01-02 15:04:05 UTC"), c.seen.ID)})
	case c.tree.Size > 0 && root.String() != hashText(c.tree.Root):
		c.find(Finding{Kind: Broken, Place: c.tree.Size, Words: "The stored root of the tree was changed; the events fit their leaves."})
	case c.tree.Pruned > c.erased.below:
		c.find(Finding{Kind: Cut, Place: c.erased.below, Words: fmt.Sprintf("The events at places %d to %d are gone, and no event of retention says so.", c.erased.below, c.tree.Pruned-1)})
	default:
		if f := c.erased.unexplained(); f != nil {
			c.find(*f)
		}
	}
	return nil
}

// grownSince reports whether the tree reached a place while it was verified.
func (c *check) grownSince(ctx context.Context, place int64) bool {
	var tree sallyport.Tree
	err := c.s.store.Read(ctx, func(tx Tx) (err error) {
		tree, err = tx.Tree(ctx)
		return err
	})
	return err == nil && place < tree.Size
}

func hashText(b []byte) string {
	h, err := audit.ToHash(b)
	if err != nil {
		return ""
	}
	return h.String()
}

func (c *check) find(f Finding) {
	if c.first == nil {
		c.first = &f
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
	if c.seen.Place == place && c.seen.ID != 0 {
		return fmt.Sprintf("Event %d (%s, %s, place %d)", c.seen.ID, c.seen.Type, c.seen.At.UTC().Format("2006-01-02 15:04:05 UTC"), place)
	}
	return fmt.Sprintf("The event at place %d", place)
}
