package store

import (
	"context"
	"fmt"
	"strings"

	"sallyport"
)

// HoldTeam keeps everybody else from changing or adding technicians until the end of the transaction, also on other nodes;
// what only reads them goes on. It stands before everything else in an act that adds many at once: such an act runs for so
// long that on PostgreSQL the sign-ins of another node would be in its way in each of its runs (docs/adr/0062). On SQLite
// a writer is alone anyway.
func (tx *Tx) HoldTeam(ctx context.Context) error {
	if !tx.db.Shared() {
		return nil
	}
	return tx.later(ctx, nil, `LOCK TABLE technician IN SHARE ROW EXCLUSIVE MODE`, nil)
}

// TechniciansByKeys returns everybody whose user name compares as one of keys, with nothing of him but his id, the key and
// the skeleton of his user name.
func (tx *Tx) TechniciansByKeys(ctx context.Context, keys []string) ([]sallyport.Technician, error) {
	return tx.namesIn(ctx, `user_name_key`, keys)
}

// TechniciansBySkeletons returns everybody whose user name looks like one of those, as TechniciansByKeys does.
func (tx *Tx) TechniciansBySkeletons(ctx context.Context, skeletons []string) ([]sallyport.Technician, error) {
	return tx.namesIn(ctx, `skeleton`, skeletons)
}

func (tx *Tx) namesIn(ctx context.Context, column string, list []string) (found []sallyport.Technician, err error) {
	for part := range inSteps(list) {
		places, a := make([]string, len(part)), make(args, len(part))
		for i, text := range part {
			places[i], a[i] = fmt.Sprintf("$%d", i+1), text
		}
		more, err := all(ctx, tx, func(r row) (t sallyport.Technician, err error) {
			err = r.Scan(&t.ID, &t.UserNameKey, &t.Skeleton)
			return t, err
		}, `SELECT id, user_name_key, skeleton FROM technician WHERE `+column+` IN (`+strings.Join(places, ", ")+`)`, a)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// InsertTechnicians stores new technicians. Whoever calls has seen in this transaction that no name of theirs looks like
// another's; one that is taken is a Conflict "user_name_taken", as with InsertTechnician.
func (tx *Tx) InsertTechnicians(ctx context.Context, list []sallyport.Technician) error {
	for part := range inserted(tx, list) {
		var a args
		for _, t := range part {
			a = append(a, technicianRow(t)...)
		}
		n, err := tx.exec(ctx, insertTechnician.of(len(part)), a)
		switch {
		case err != nil:
			return err
		case n < len(part):
			return errNameTaken
		}
	}
	if len(list) == 0 {
		return nil
	}
	return tx.noteSetUp(ctx)
}
