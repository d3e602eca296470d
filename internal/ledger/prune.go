package ledger

import (
	"context"
	"strconv"
	"time"

	"sallyport"
	"sallyport/internal/audit"
)

const (
	pruneBatch = 1000           // events of one transaction
	pruneMost  = 50             // transactions of one call
	pruneDay   = 24 * time.Hour // so much older than it must be is the oldest event before anything is deleted: one deletion a day
)

// Prune deletes events that are older than audit-keep, from the first place on, each batch with its event in the same
// transaction. Their leaves stay. An event that is too young keeps those behind it.
func (s *Service) Prune(ctx context.Context) error {
	slack := pruneDay
	for range pruneMost {
		n, err := s.pruneOnce(ctx, slack)
		if err != nil || n < pruneBatch {
			return err
		}
		slack = 0
	}
	return nil
}

func (s *Service) pruneOnce(ctx context.Context, slack time.Duration) (n int, err error) {
	var tree sallyport.Tree
	var old []sallyport.Leaf
	look := func(tx Tx) error {
		tree, old, err = overdue(ctx, tx, slack)
		return err
	}
	if err := s.store.Read(ctx, look); err != nil || len(old) == 0 {
		return 0, err // the writer is not held up by a look
	}
	last := old[len(old)-1]
	err = s.store.Write(ctx, func(tx Tx) error {
		ok, err := tx.PruneEvents(ctx, tree.Pruned, last.Place+1)
		if err != nil || !ok {
			return err
		}
		return tx.InsertEvent(ctx, audit.New(audit.AuditPruned, sallyport.Actor{Kind: sallyport.ActorSystem, Name: "Sallyport"}).
			Changed(nil, map[string]string{"below": strconv.FormatInt(last.Place+1, 10), "events": strconv.Itoa(len(old)),
				"until": last.At.UTC().Format(time.RFC3339)}).Event())
	})
	return len(old), err
}

func overdue(ctx context.Context, tx Tx, slack time.Duration) (sallyport.Tree, []sallyport.Leaf, error) {
	tree, err := tx.Tree(ctx)
	if err != nil {
		return tree, nil, err
	}
	settings, err := tx.Settings(ctx)
	if err != nil {
		return tree, nil, err
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return tree, nil, err
	}
	first, err := tx.Leaves(ctx, tree.Pruned, 1)
	if err != nil || len(first) == 0 || first[0].At.After(now.Add(-settings.AuditKeep-slack)) {
		return tree, nil, err
	}
	leaves, err := tx.Leaves(ctx, tree.Pruned, pruneBatch)
	for i, l := range leaves {
		if l.At.After(now.Add(-settings.AuditKeep)) {
			return tree, leaves[:i], err
		}
	}
	return tree, leaves, err
}
