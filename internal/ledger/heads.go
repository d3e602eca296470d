package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"sallyport"
	"sallyport/internal/audit"
)

type signedHead struct {
	audit.Head
	outside bool
}

// begin reads how far the tree has grown, and the signed heads.
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
	c.report.Size, c.pruned = c.tree.Size, c.tree.Pruned
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
		c.signed = append(c.signed, signedHead{open, false})
	}
	for _, h := range c.kept.Heads {
		c.signed = append(c.signed, signedHead{h, true})
	}
	slices.SortStableFunc(c.signed, func(a, b signedHead) int { return cmp.Compare(a.Size, b.Size) })
	c.heads = c.signed
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

// headsOf compares the signed heads of trees of that size.
func (c *check) headsOf(ctx context.Context, size int64) error {
	for len(c.heads) > 0 && c.heads[0].Size <= size && !c.found() {
		h := c.heads[0]
		c.heads = c.heads[1:]
		if h.Size == size && h.Root != c.walk.root() {
			return c.unlike(ctx, h)
		}
		if c.odd != nil {
			c.broken("the events there are those of the head that was signed " + when(h.At))
		}
		c.good = size
		if h.outside {
			c.report.Kept++
		} else {
			c.report.Heads++
		}
	}
	return nil
}

// unlike finds what a head says that holds other events than these.
func (c *check) unlike(ctx context.Context, h signedHead) error {
	if c.odd != nil {
		return c.changedWithLeaf(ctx, "nor does the head that was signed "+when(h.At))
	}
	if err := c.seeFirst(ctx, c.good); err != nil {
		return err
	}
	c.find(Finding{Kind: Changed, Event: c.seenAt(c.good), Place: c.good, Words: fmt.Sprintf(
		"The events at places %d to %d are not those of the head that was signed %s: the first that was changed, cut or added is among them. The tree was changed with it.",
		c.good, h.Size-1, when(h.At))})
	return nil
}

// broken finds that a stored hash was changed and the events below it were not, by what why says.
func (c *check) broken(why string) {
	c.find(Finding{Kind: Broken, Place: c.odd.first, Words: fmt.Sprintf("The tree's hash over places %d to %d was changed or is missing; %s.", c.odd.first, c.odd.last, why)})
	c.odd = nil
}

// changedWithLeaf finds that an event was changed and its leaf with it, since neither the hash above it fits nor what
// nor says. The finding points at the first event that it may be.
func (c *check) changedWithLeaf(ctx context.Context, nor string) error {
	odd := *c.odd
	c.odd = nil
	if err := c.seeFirst(ctx, odd.first); err != nil {
		return err
	}
	words := c.naming(odd.first)
	if odd.first < odd.last {
		words += fmt.Sprintf(", or one after it up to place %d,", odd.last)
	}
	c.find(Finding{Kind: Changed, Event: c.seenAt(odd.first), Place: odd.first, Words: fmt.Sprintf(
		"%s was changed together with its leaf: the tree's hash over places %d to %d does not fit the events, %s.", words, odd.first, odd.last, nor)})
	return nil
}

// seeFirst reads the event of an earlier place again, if it is still there, for a finding that points at it.
func (c *check) seeFirst(ctx context.Context, place int64) error {
	return c.s.store.Read(ctx, func(tx Tx) error {
		leaves, err := tx.Leaves(ctx, place, 1)
		if err == nil && len(leaves) == 1 {
			c.seen = leaves[0]
		}
		return err
	})
}

// when is a time in the words of a finding.
func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
