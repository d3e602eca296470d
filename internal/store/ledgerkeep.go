package store

import (
	"context"
	"time"

	"sallyport"
)

// PruneEvents deletes the events at places below a bound, whose leaves stay in the tree, and reports whether the bound
// was still where the caller saw it.
func (tx *Tx) PruneEvents(ctx context.Context, from, below int64) (bool, error) {
	ok, err := tx.did(ctx, `UPDATE audit_tree SET pruned = $1 WHERE id = 1 AND pruned = $2 AND size >= $1`, args{below, from})
	if err != nil || !ok {
		return false, err
	}
	_, err = tx.exec(ctx, `DELETE FROM event WHERE leaf >= 0 AND leaf < $1`, args{below})
	return true, err
}

// RewriteEvent stores what is left of an event after one or both of its personal halves were erased.
func (tx *Tx) RewriteEvent(ctx context.Context, l sallyport.Leaf) error {
	before, err := encodeText(l.Before)
	if err != nil {
		return err
	}
	after, err := encodeText(l.After)
	if err != nil {
		return err
	}
	search := foldText(l.Type, l.ActorName, l.TargetName, l.Address, l.Browser, l.RequestID, l.Reason)
	return tx.must(ctx, sallyport.ErrNotFound, `UPDATE event SET actor_name = $1, address = $2, browser = $3, request = $4, actor_salt = $5,
		target_name = $6, old_values = $7, new_values = $8, reason = $9, target_salt = $10, search = $11 WHERE id = $12`,
		args{l.ActorName, l.Address, l.Browser, l.RequestID, l.Actor.Salt, l.TargetName, before, after, l.Reason, l.Target.Salt, search, l.ID})
}

// LeavesOf returns up to n placed events after an id in which a person is actor or target.
func (tx *Tx) LeavesOf(ctx context.Context, person sallyport.TechnicianID, after int64, n int) ([]sallyport.Leaf, error) {
	return all(ctx, tx, scanLeaf, `SELECT `+leafColumns+` FROM event WHERE leaf >= 0 AND id > $1
		AND (actor <> '' AND actor = $2 OR target <> '' AND target = $2) ORDER BY id LIMIT $3`, args{after, person, n})
}

// leavesWindow is how many numbers of events one LeavesOfNobody looks at: of a log of ten millions each statement ends in time.
var leavesWindow int64 = 20_000

// LeavesOfNobody returns the placed events among the next ones after an id that name no target but have something in before
// or after: a mailbox, for example. Next is after what to go on; 0 at the end of the log.
func (tx *Tx) LeavesOfNobody(ctx context.Context, after int64) (found []sallyport.Leaf, next int64, err error) {
	found, err = all(ctx, tx, scanLeaf, `SELECT `+leafColumns+` FROM event WHERE leaf >= 0 AND id > $1 AND id <= $2
		AND target = '' AND (old_values <> '' OR new_values <> '') ORDER BY id`, args{after, after + leavesWindow})
	if err != nil {
		return nil, 0, err
	}
	more, err := tx.one(ctx, `SELECT id FROM event WHERE id > $1 ORDER BY id LIMIT 1`, args{after + leavesWindow}, &next)
	if more {
		next--
	}
	return found, next, err
}

// SinkState is how far a sink was served; one that is new begins at the first event that is kept.
func (tx *Tx) SinkState(ctx context.Context, name string) (sallyport.SinkState, error) {
	s := sallyport.SinkState{Name: name}
	_, err := tx.one(ctx, `SELECT next, head_size, sent_at FROM audit_sink WHERE name = $1`, args{name}, &s.Next, &s.HeadSize, stamp{&s.SentAt})
	return s, err
}

// HoldSink takes a sink for one process for a while, and reports whether no other process holds it.
func (tx *Tx) HoldSink(ctx context.Context, name, holder string, life time.Duration) (bool, error) {
	return tx.did(ctx, `INSERT INTO audit_sink (name, next, head_size, sent_at, holder, held_until) VALUES ($1, 0, 0, 0, $2, now_us() + $3)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
		WHERE audit_sink.holder = excluded.holder OR audit_sink.held_until <= now_us()`, args{name, holder, life.Microseconds()})
}

// MoveSink notes how far a sink was served, and reports whether its holder still holds it.
func (tx *Tx) MoveSink(ctx context.Context, s sallyport.SinkState, holder string) (bool, error) {
	return tx.did(ctx, `UPDATE audit_sink SET next = $1, head_size = $2, sent_at = now_us() WHERE name = $3 AND holder = $4`,
		args{s.Next, s.HeadSize, s.Name, holder})
}

// LetGoSink lets another process serve a sink at once.
func (tx *Tx) LetGoSink(ctx context.Context, name, holder string) error {
	_, err := tx.exec(ctx, `UPDATE audit_sink SET held_until = 0 WHERE name = $1 AND holder = $2`, args{name, holder})
	return err
}
