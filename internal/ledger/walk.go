package ledger

import (
	"context"
	"fmt"

	"sallyport"
	"sallyport/internal/audit"
)

// walk computes a tree from its leaves in order, with one hash for each level in memory.
type walk struct {
	edge []node // roots of the whole subtrees so far, the largest first
	size int64
}

type node struct {
	level int
	place int64 // in the level
	hash  audit.Hash
}

// add appends a leaf and returns the inner nodes that it completes, from below.
func (w *walk) add(leaf audit.Hash) []node {
	var made []node
	n := node{0, w.size, leaf}
	w.size++
	for len(w.edge) > 0 && w.edge[len(w.edge)-1].level == n.level {
		left := w.edge[len(w.edge)-1]
		w.edge = w.edge[:len(w.edge)-1]
		n = node{n.level + 1, left.place / 2, audit.NodeHash(left.hash, n.hash)}
		made = append(made, n)
	}
	w.edge = append(w.edge, n)
	return made
}

// root is the tree's hash as it stands; zero for an empty tree.
func (w *walk) root() audit.Hash {
	if len(w.edge) == 0 {
		return audit.Hash{}
	}
	h := w.edge[len(w.edge)-1].hash
	for i := len(w.edge) - 2; i >= 0; i-- {
		h = audit.NodeHash(w.edge[i].hash, h)
	}
	return h
}

// verifyPage is how many rows a verification reads at a time.
const verifyPage = 1000

// hashPages reads the stored hashes in order.
type hashPages struct {
	c    *check
	page []sallyport.TreeHash
	over bool
}

// next is the stored hash of a number; numbers are asked for in order.
func (p *hashPages) next(ctx context.Context, number int64) (audit.Hash, bool, error) {
	for {
		for len(p.page) > 0 && p.page[0].Number < number {
			p.page = p.page[1:]
		}
		if len(p.page) > 0 {
			break
		}
		if p.over {
			return audit.Hash{}, false, nil
		}
		err := p.c.s.store.Read(ctx, func(tx Tx) (err error) {
			p.page, err = tx.TreeHashes(ctx, number, verifyPage)
			return err
		})
		if err != nil {
			return audit.Hash{}, false, err
		}
		p.over = len(p.page) < verifyPage
	}
	if p.page[0].Number != number {
		return audit.Hash{}, false, nil
	}
	h, err := audit.ToHash(p.page[0].Hash)
	return h, err == nil, nil
}

// leafPages reads the placed events in order.
type leafPages struct {
	c    *check
	page []sallyport.Leaf
	last sallyport.Leaf // taken last; two may stand at one place, on two pages
	any  bool           // one was taken
	over bool
}

// peek is the next event at a place or behind it.
func (p *leafPages) peek(ctx context.Context, place int64) (sallyport.Leaf, bool, error) {
	if len(p.page) == 0 && !p.over {
		from := place
		if p.any {
			from = p.last.Place
		}
		if err := p.read(ctx, from); err != nil {
			return sallyport.Leaf{}, false, err
		}
	}
	if len(p.page) == 0 {
		return sallyport.Leaf{}, false, nil
	}
	return p.page[0], true, nil
}

// read gets the next page. One that cannot be read is read event by event: what cannot be decoded was changed.
func (p *leafPages) read(ctx context.Context, from int64) error {
	get := func(n int) func(Tx) error {
		return func(tx Tx) (err error) {
			p.page, err = tx.Leaves(ctx, from, n)
			return err
		}
	}
	err := p.c.s.store.Read(ctx, get(verifyPage))
	if err == nil {
		p.over = len(p.page) < verifyPage
		for p.any && len(p.page) > 0 && p.page[0].Place == p.last.Place && p.page[0].ID <= p.last.ID {
			p.page = p.page[1:]
		}
		return nil
	}
	if sallyport.KindOf(err) != sallyport.Internal {
		return err
	}
	for n := 1; n <= verifyPage; n++ {
		before := p.page
		err := p.c.s.store.Read(ctx, get(n))
		if err == nil {
			continue
		}
		if sallyport.KindOf(err) != sallyport.Internal {
			return err
		}
		at := from
		if len(before) > 0 {
			at = before[len(before)-1].Place + 1
		}
		p.page = nil
		p.c.find(Finding{Kind: Changed, Place: at, Words: fmt.Sprintf("The event at place %d cannot be read any more.", at)})
		return nil
	}
	return nil
}

func (p *leafPages) take() {
	p.last, p.any = p.page[0], true
	p.page = p.page[1:]
}
