package ledger

import (
	"context"
	"maps"
	"slices"
	"time"

	"sallyport"
	"sallyport/internal/audit"
)

// placeBatch bounds the events of one transaction, so that it holds the writer for a few milliseconds only.
const placeBatch = 200

// movedMost is how often in a row other processes may be faster before it looks like a row that is gone.
const movedMost = 20

var (
	errMoved = sallyport.E(sallyport.Conflict, "tree_moved", "Another process was faster.")
	// ErrTree says that the stored tree does not fit itself: nothing is appended to it and no head is signed.
	ErrTree = sallyport.E(sallyport.Internal, "audit_tree", "The audit log's tree does not fit what was signed. Run “sallyport audit verify”.")
	// errUnread says that an event without a place cannot be read. The others get theirs.
	errUnread = sallyport.E(sallyport.Internal, "audit_unread", "An event cannot be read, and gets no place in the audit log's tree.")
)

// Place gives every committed event its place in the tree, in the order of their numbers as far as they are to be seen.
func (s *Service) Place(ctx context.Context) error {
	s.placing.Lock()
	defer s.placing.Unlock()
	for moved := 0; ctx.Err() == nil; {
		n, err := s.placeOnce(ctx)
		if err != nil && sallyport.CodeOf(err) == errMoved.Code && moved < movedMost {
			moved++
			continue
		}
		if err != nil {
			return err
		}
		moved = 0
		if n > 0 {
			s.pokeSinks()
		}
		if n < placeBatch {
			return nil
		}
	}
	return ctx.Err()
}

// batch is what one transaction appends: computed before it, from a snapshot.
type batch struct {
	from, to sallyport.Tree
	leaves   []sallyport.Leaf
	made     map[int64]audit.Hash
}

func (s *Service) placeOnce(ctx context.Context) (int, error) {
	b, err := s.next(ctx)
	if err != nil {
		return 0, err
	}
	if len(b.leaves) > 0 {
		if err := s.store.Write(ctx, func(tx Tx) error { return b.append(ctx, tx) }); err != nil {
			return 0, err
		}
	}
	s.mu.Lock()
	s.size = b.to.Size
	s.mu.Unlock()
	return len(b.leaves), nil
}

// next computes the batch that is to be appended. Where the new events cannot be read together, it is of those that can
// be read one by one.
func (s *Service) next(ctx context.Context) (b batch, err error) {
	prepared := func(events func(Tx) ([]sallyport.Event, error)) error {
		return s.store.Read(ctx, func(tx Tx) (err error) {
			b, err = prepare(ctx, tx, events)
			return err
		})
	}
	err = prepared(func(tx Tx) ([]sallyport.Event, error) { return tx.Unplaced(ctx, placeBatch) })
	if err == nil {
		s.unreadable(0)
	}
	if err == nil || !undecoded(err) {
		return b, err
	}
	events, bad, lookErr := s.readable(ctx)
	if lookErr != nil || bad == 0 {
		return b, err
	}
	err = prepared(func(Tx) ([]sallyport.Event, error) { return events, nil })
	s.unreadable(bad)
	return b, err
}

// prepare makes the leaves and hashes of new events. It reads at most two hashes for each level of the tree.
func prepare(ctx context.Context, tx Tx, read func(Tx) ([]sallyport.Event, error)) (batch, error) {
	var tree sallyport.Tree
	var events []sallyport.Event
	err := tx.Together(ctx,
		func() (err error) { tree, err = tx.Tree(ctx); return err },
		func() (err error) { events, err = read(tx); return err },
	)
	b := batch{from: tree, to: tree}
	if err != nil || len(events) == 0 {
		return b, err
	}
	edge, err := readEdge(ctx, tx, tree.Size)
	if err != nil {
		return b, err
	}
	g := audit.Grow(tree.Size, edge)
	if err := fits(g, tree); err != nil {
		return b, err
	}
	for _, e := range events {
		l := audit.Place(e, g.Size)
		b.leaves = append(b.leaves, l)
		if err := g.Add(audit.LeafHash(l)); err != nil {
			return b, err
		}
	}
	root, err := g.Root()
	b.to.Size, b.to.Root, b.made = g.Size, root[:], g.Made
	return b, err
}

// fits refuses to append to a tree whose edge was touched.
func fits(g *audit.Growth, tree sallyport.Tree) error {
	if tree.Size == 0 {
		return nil
	}
	root, err := g.Root()
	if err != nil {
		return ErrTree.Because(err)
	}
	if string(root[:]) != string(tree.Root) {
		return ErrTree
	}
	return nil
}

// readEdge reads the right edge of a tree, which is all that growing it needs.
func readEdge(ctx context.Context, tx Tx, size int64) (audit.ReadHash, error) {
	edge, read := map[int64]audit.Hash{}, stored(ctx, tx)
	var asked []func() error
	for _, number := range audit.Edge(size) {
		asked = append(asked, func() (err error) { edge[number], err = read(number); return err })
	}
	err := tx.Together(ctx, asked...)
	return func(number int64) (audit.Hash, error) {
		if h, ok := edge[number]; ok {
			return h, nil
		}
		return read(number)
	}, err
}

// stored reads hashes of the tree in one transaction.
func stored(ctx context.Context, tx Tx) audit.ReadHash {
	return func(number int64) (audit.Hash, error) {
		b, err := tx.TreeHash(ctx, number)
		if err != nil {
			return audit.Hash{}, err
		}
		return audit.ToHash(b)
	}
}

// append is the transaction. The tree's row is taken first: of two processes one finds it moved, and undoes all.
func (b batch) append(ctx context.Context, tx Tx) error {
	ok, err := tx.GrowTree(ctx, b.from.Size, b.to)
	if err != nil {
		return err
	}
	if !ok {
		return errMoved
	}
	for _, l := range b.leaves {
		if err := tx.PlaceEvent(ctx, l, errMoved); err != nil {
			return err
		}
	}
	for _, number := range slices.Sorted(maps.Keys(b.made)) {
		h := b.made[number]
		if err := tx.PutTreeHash(ctx, number, h[:]); err != nil {
			return err
		}
	}
	return nil
}

const (
	signEvery = time.Minute        // a head is signed at most so often while the log grows
	thinAfter = 7 * 24 * time.Hour // older heads: the last of each day is kept
)

// sign signs the tree as it stands, if it grew since the last head and that is older than age. A tree in which the last
// signed one is not contained is never signed.
func (s *Service) sign(ctx context.Context, age time.Duration) error {
	s.mu.Lock()
	size, last := s.size, s.signed
	s.mu.Unlock()
	if size == last.Size && size > 0 {
		return nil
	}
	var head sallyport.Head
	due := false
	err := s.store.Read(ctx, func(tx Tx) (err error) {
		due, head, err = s.nextHead(ctx, tx, age)
		return err
	})
	if err != nil || !due {
		return err
	}
	err = s.store.Write(ctx, func(tx Tx) error {
		// Heads come in the order of their sizes, which is how sinks take them.
		last, found, err := tx.LastHead(ctx)
		if err != nil || found && last.Size >= head.Size {
			return err
		}
		if err := tx.PutHead(ctx, head); err != nil {
			return err
		}
		return tx.ThinHeads(ctx, thinAfter)
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.signed = head
	s.mu.Unlock()
	s.pokeSinks()
	return nil
}

func (s *Service) nextHead(ctx context.Context, tx Tx, age time.Duration) (due bool, head sallyport.Head, err error) {
	tree, err := tx.Tree(ctx)
	if err != nil {
		return false, head, err
	}
	last, found, err := tx.LastHead(ctx)
	if err != nil {
		return false, head, err
	}
	now, err := tx.Now(ctx)
	if err != nil || tree.Size == 0 {
		return false, head, err
	}
	if found && (last.Size == tree.Size || now.Sub(last.At).Abs() < age) {
		s.saw(last)
		return false, head, nil
	}
	root, err := audit.ToHash(tree.Root)
	if err == nil {
		err = s.contains(ctx, tx, tree, last)
	}
	if err != nil {
		return false, head, ErrTree.Because(err)
	}
	head, err = s.signer.SignHead(tree.Size, root, now)
	return err == nil, head, err
}

// saw remembers a head of this key that another process, or this one before its last start, has signed.
func (s *Service) saw(h sallyport.Head) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.Size > s.signed.Size && audit.SignedBy(h.Note) == s.signer.KeyHash() {
		s.signed = h
	}
}

// contains reports as an error that the tree of the last head is not the beginning of this one.
func (s *Service) contains(ctx context.Context, tx Tx, tree sallyport.Tree, last sallyport.Head) error {
	s.mu.Lock()
	mine := s.signed
	s.mu.Unlock()
	if mine.Size > tree.Size || last.Size > tree.Size {
		return errShorter
	}
	for _, h := range []sallyport.Head{mine, last} {
		if h.Size == 0 || audit.SignedBy(h.Note) != s.signer.KeyHash() {
			continue
		}
		known, err := audit.OpenHead(h.Note, s.Verifier())
		if err != nil {
			return err
		}
		root, err := audit.Root(known.Size, stored(ctx, tx))
		if err != nil {
			return err
		}
		if root != known.Root {
			return errOtherTree
		}
	}
	return nil
}
