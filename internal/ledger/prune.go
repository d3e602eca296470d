package ledger

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"sallyport"
	"sallyport/internal/audit"
)

const (
	pruneBatch = 1000           // events of one transaction
	pruneMost  = 50             // transactions of one call
	pruneDay   = 24 * time.Hour // for so long events are too old before they are deleted: one deletion a day
	pruneKey   = "retention"    // meta entry: since when, Unix microseconds; empty when nothing is too old
)

// Prune deletes events that are older than audit-keep, from the first place on, each batch with its event in the same
// transaction. Their leaves stay. An event that is too young keeps those behind it. What is deleted was too old a day ago
// as well, by a clock that has gone on since: one that was set to another year deletes nothing.
func (s *Service) Prune(ctx context.Context) error {
	if ripe, err := s.ripe(ctx); err != nil || !ripe {
		return err
	}
	for range pruneMost {
		n, err := s.pruneOnce(ctx)
		if err != nil || n < pruneBatch {
			return err
		}
	}
	return nil
}

// ripe reports whether the oldest event has been too old for a day, and notes since when it is.
func (s *Service) ripe(ctx context.Context) (ripe bool, err error) {
	var since []byte
	look := func(tx Tx) error {
		ripe, since, err = sinceWhen(ctx, tx)
		return err
	}
	if err := s.store.Read(ctx, look); err != nil || since == nil {
		return ripe, err // the writer is not held up by a look
	}
	return false, s.store.Write(ctx, func(tx Tx) error {
		if err := look(tx); err != nil || since == nil {
			return err
		}
		return tx.PutMeta(ctx, pruneKey, since)
	})
}

// sinceWhen is what ripe reads, and in since the present where that is to be noted: nothing was too old before, or the clock
// was set meanwhile, or nobody looked for a day.
func sinceWhen(ctx context.Context, tx Tx) (ripe bool, since []byte, err error) {
	o, err := overdue(ctx, tx, 1)
	if err != nil || len(o.leaves) == 0 {
		return false, nil, err
	}
	text, err := tx.Meta(ctx, pruneKey)
	if err != nil {
		return false, nil, err
	}
	noted, _ := strconv.ParseInt(string(text), 10, 64) // what is no number was never noted
	switch waited := o.now.Sub(time.UnixMicro(noted)); {
	case waited < 0 || waited >= 2*pruneDay:
		return false, strconv.AppendInt(nil, o.now.UnixMicro(), 10), nil
	default:
		return waited >= pruneDay, nil, nil
	}
}

func (s *Service) pruneOnce(ctx context.Context) (n int, err error) {
	var o old
	look := func(tx Tx) error {
		o, err = overdue(ctx, tx, pruneBatch)
		return err
	}
	if err := s.store.Read(ctx, look); err != nil || len(o.leaves) == 0 {
		return 0, err
	}
	n = len(o.leaves)
	err = s.store.Write(ctx, func(tx Tx) error { return o.prune(ctx, tx) })
	if errors.Is(err, errPruned) {
		err = nil
	}
	return n, err
}

// errPruned undoes a deletion that another process has done.
var errPruned = errors.New("ledger: these events are deleted already")

// prune writes the event of a deletion before it deletes: where all goes at once, it has a number that no event had.
func (o old) prune(ctx context.Context, tx Tx) error {
	last, n := o.leaves[len(o.leaves)-1], len(o.leaves)
	err := tx.InsertEvent(ctx, audit.New(audit.AuditPruned, sallyport.Actor{Kind: sallyport.ActorSystem, Name: "Sallyport"}).
		Changed(nil, map[string]string{"below": strconv.FormatInt(last.Place+1, 10), "events": strconv.Itoa(n),
			"until": last.At.UTC().Format(time.RFC3339)}).Event())
	if err != nil {
		return err
	}
	ok, err := tx.PruneEvents(ctx, o.tree.Pruned, last.Place+1)
	switch {
	case err != nil:
		return err
	case !ok:
		return errPruned
	case n < pruneBatch:
		return tx.PutMeta(ctx, pruneKey, nil)
	}
	return nil
}

// old are the oldest events, as far as they are too old.
type old struct {
	tree   sallyport.Tree
	leaves []sallyport.Leaf
	now    time.Time
}

func overdue(ctx context.Context, tx Tx, most int) (o old, err error) {
	if o.tree, err = tx.Tree(ctx); err != nil {
		return o, err
	}
	settings, err := tx.Settings(ctx)
	if err != nil {
		return o, err
	}
	if o.now, err = tx.Now(ctx); err != nil {
		return o, err
	}
	young := func(l sallyport.Leaf) bool { return l.At.After(o.now.Add(-settings.AuditKeep)) }
	first, err := tx.Leaves(ctx, o.tree.Pruned, 1)
	if err != nil || len(first) == 0 || young(first[0]) {
		return o, err // as nearly always: not so many are read for that
	}
	o.leaves, err = tx.Leaves(ctx, o.tree.Pruned, most)
	if i := slices.IndexFunc(o.leaves, young); i >= 0 {
		o.leaves = o.leaves[:i]
	}
	return o, err
}
