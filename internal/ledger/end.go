package ledger

import (
	"context"
	"fmt"
	"slices"

	"sallyport"
	"sallyport/internal/audit"
)

// end looks at what is left: hashes that nothing signed stands over, places beyond the tree, heads of larger trees, the
// tree's own row, retention and erasure.
func (c *check) end(ctx context.Context) error {
	root := c.walk.root()
	c.report.Root = root.String()
	fits := root.String() == hashText(c.tree.Root)
	if c.odd != nil {
		if fits {
			c.broken("the events there fit the stored root, which no signed head holds yet")
			return nil
		}
		return c.changedWithLeaf(ctx, "nor does the stored root")
	}
	for _, look := range []func(context.Context) error{c.beyond, c.shorter, c.surplus} {
		if err := look(ctx); err != nil || c.found() {
			return err
		}
	}
	if c.tree.Size > 0 && !fits {
		return c.otherRoot(ctx)
	}
	return c.excused(ctx)
}

// beyond finds an event at a place where the tree has no leaf.
func (c *check) beyond(ctx context.Context) error {
	over, found, err := c.leaves.peek(ctx, c.tree.Size)
	if err == nil && found && !c.grownSince(ctx, over.Place) {
		c.find(Finding{Kind: Added, Event: over.ID, Place: over.Place, Words: fmt.Sprintf("Event %d stands at place %d, where the tree has no leaf.", over.ID, over.Place)})
	}
	return err
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

// shorter finds that the tree was larger once: by a head, or by an event that was handed to a sink.
func (c *check) shorter(context.Context) error {
	if len(c.heads) > 0 {
		h := c.heads[len(c.heads)-1]
		c.find(Finding{Kind: Cut, Place: c.tree.Size, Words: fmt.Sprintf(
			"The log has %d events, and had %d when a head was signed at %s: it was cut after event %d, or an older database was put in its place.",
			c.tree.Size, h.Size, when(h.At), c.seen.ID)})
		return nil
	}
	var gone []int64
	for place := range c.kept.Leaves {
		if place >= c.tree.Size {
			gone = append(gone, place)
		}
	}
	if len(gone) > 0 {
		c.find(Finding{Kind: Cut, Place: slices.Min(gone), Words: fmt.Sprintf(
			"The log has %d events, and the sink was handed %d that stood behind them, from place %d on: it was cut after event %d, or an older database was put in its place.",
			c.tree.Size, len(gone), slices.Min(gone), c.seen.ID)})
	}
	return nil
}

// surplus finds a hash that belongs to no event of the tree: it would be in the way of the next one.
func (c *check) surplus(ctx context.Context) error {
	return c.s.store.Read(ctx, func(tx Tx) error {
		tree, err := tx.Tree(ctx)
		if err != nil {
			return err
		}
		more, err := tx.TreeHashes(ctx, audit.HashCount(tree.Size), 1)
		if err == nil && len(more) > 0 {
			c.find(Finding{Kind: Broken, Place: tree.Size, Words: fmt.Sprintf("A hash of number %d was added behind the last one of the tree; the events fit their leaves.", more[0].Number)})
		}
		return err
	})
}

// otherRoot finds that the stored root is not that of the events: a signed head over all of them says that they are
// right; without one, nothing does.
func (c *check) otherRoot(ctx context.Context) error {
	if c.good == c.tree.Size {
		c.find(Finding{Kind: Broken, Place: c.tree.Size, Words: "The stored root of the tree was changed; the events are those that were signed."})
		return nil
	}
	if err := c.seeFirst(ctx, c.good); err != nil {
		return err
	}
	c.find(Finding{Kind: Changed, Event: c.seenAt(c.good), Place: c.good, Words: fmt.Sprintf(
		"The events at places %d to %d, which no signed head holds yet, do not fit the stored root of the tree: one of them was changed, and the hashes with it, or the root was.",
		c.good, c.tree.Size-1)})
	return nil
}

func hashText(b []byte) string {
	h, err := audit.ToHash(b)
	if err != nil {
		return ""
	}
	return h.String()
}
