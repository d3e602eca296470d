package store

import (
	"context"
	"errors"
	"time"

	"sallyport"
)

// errHash says that the tree lacks a hash that must be there.
var errHash = errors.New("store: a hash of the audit log's tree is missing")

// Tree is how far the audit log's tree has grown.
func (tx *Tx) Tree(ctx context.Context) (sallyport.Tree, error) {
	var t sallyport.Tree
	_, err := tx.one(ctx, `SELECT size, root, pruned FROM audit_tree WHERE id = 1`, nil, &t.Size, &t.Root, &t.Pruned)
	return t, err
}

// GrowTree moves the tree from one size to another, and reports whether it still had the size it is moved from.
func (tx *Tx) GrowTree(ctx context.Context, from int64, to sallyport.Tree) (bool, error) {
	if from == 0 { // there may be no row yet; of two that make it one wins
		return tx.did(ctx, `INSERT INTO audit_tree (id, size, root, pruned) VALUES (1, $1, $2, 0)
			ON CONFLICT (id) DO UPDATE SET size = excluded.size, root = excluded.root WHERE audit_tree.size = 0`, args{to.Size, to.Root})
	}
	return tx.did(ctx, `UPDATE audit_tree SET size = $1, root = $2 WHERE id = 1 AND size = $3`, args{to.Size, to.Root, from})
}

// Unplaced returns up to n events that have no place in the tree yet, the oldest first.
func (tx *Tx) Unplaced(ctx context.Context, n int) ([]sallyport.Event, error) {
	return all(ctx, tx, scanEvent, `SELECT id, `+eventColumns+` FROM event WHERE leaf < 0 ORDER BY id LIMIT $1`, args{n})
}

// UnplacedNumbers returns the numbers of up to n events after a number that have no place in the tree yet, in order.
func (tx *Tx) UnplacedNumbers(ctx context.Context, after int64, n int) ([]int64, error) {
	return all(ctx, tx, func(r row) (id int64, err error) { return id, r.Scan(&id) },
		`SELECT id FROM event WHERE leaf < 0 AND id > $1 ORDER BY id LIMIT $2`, args{after, n})
}

// PlaceEvent gives an event its place. Where it is not there or has one, the transaction fails with none.
func (tx *Tx) PlaceEvent(ctx context.Context, l sallyport.Leaf, none error) error {
	return tx.later(ctx, none, `UPDATE event SET leaf = $1, actor_salt = $2, actor_mark = $3, target_salt = $4, target_mark = $5
		WHERE id = $6 AND leaf < 0`, args{l.Place, l.Actor.Salt, l.Actor.Mark, l.Target.Salt, l.Target.Mark, l.ID})
}

const leafColumns = `id, ` + eventColumns + `, leaf, actor_salt, actor_mark, target_salt, target_mark`

// Leaves returns up to n placed events from a place on, in the order of their places.
func (tx *Tx) Leaves(ctx context.Context, from int64, n int) ([]sallyport.Leaf, error) {
	return all(ctx, tx, scanLeaf, `SELECT `+leafColumns+` FROM event WHERE leaf >= 0 AND leaf >= $1 ORDER BY leaf, id LIMIT $2`, args{from, n})
}

// Leaf returns one event with its place, which is -1 while it has none; false when there is no such event.
func (tx *Tx) Leaf(ctx context.Context, id int64) (sallyport.Leaf, bool, error) {
	return first(ctx, tx, scanLeaf, `SELECT `+leafColumns+` FROM event WHERE id = $1`, args{id})
}

func scanLeaf(r row) (sallyport.Leaf, error) {
	var l sallyport.Leaf
	var err error
	l.Event, err = scanEvent(rowWith{r, []any{&l.Place, &l.Actor.Salt, &l.Actor.Mark, &l.Target.Salt, &l.Target.Mark}})
	return l, err
}

// rowWith scans further columns behind those that are asked for.
type rowWith struct {
	row  row
	more []any
}

// Scan implements row.
func (r rowWith) Scan(dest ...any) error { return r.row.Scan(append(dest, r.more...)...) }

// PutTreeHash stores one hash of the tree under its number.
func (tx *Tx) PutTreeHash(ctx context.Context, number int64, hash []byte) error {
	return tx.later(ctx, nil, `INSERT INTO audit_hash (place, hash) VALUES ($1, $2)`, args{number, hash})
}

// TreeHash is the stored hash of that number.
func (tx *Tx) TreeHash(ctx context.Context, number int64) ([]byte, error) {
	var hash []byte
	found, err := tx.one(ctx, `SELECT hash FROM audit_hash WHERE place = $1`, args{number}, &hash)
	if err == nil && !found {
		err = errInternal.Because(errHash)
	}
	return hash, err
}

// TreeHashes returns up to n stored hashes from a number on, in order.
func (tx *Tx) TreeHashes(ctx context.Context, from int64, n int) ([]sallyport.TreeHash, error) {
	return all(ctx, tx, func(r row) (h sallyport.TreeHash, err error) { return h, r.Scan(&h.Number, &h.Hash) },
		`SELECT place, hash FROM audit_hash WHERE place >= $1 ORDER BY place LIMIT $2`, args{from, n})
}

// PutHead stores a signed head; one of the same size stays.
func (tx *Tx) PutHead(ctx context.Context, h sallyport.Head) error {
	_, err := tx.exec(ctx, `INSERT INTO audit_head (size, at, note) VALUES ($1, $2, $3) ON CONFLICT (size) DO NOTHING`, args{h.Size, h.At, h.Note})
	return err
}

// Heads returns up to n signed heads of trees larger than after, the smallest first.
func (tx *Tx) Heads(ctx context.Context, after int64, n int) ([]sallyport.Head, error) {
	return all(ctx, tx, scanHead, `SELECT size, at, note FROM audit_head WHERE size > $1 ORDER BY size LIMIT $2`, args{after, n})
}

// LastHead returns the newest signed head, false while there is none.
func (tx *Tx) LastHead(ctx context.Context) (sallyport.Head, bool, error) {
	return first(ctx, tx, scanHead, `SELECT size, at, note FROM audit_head ORDER BY size DESC LIMIT 1`, nil)
}

func scanHead(r row) (sallyport.Head, error) {
	var h sallyport.Head
	return h, r.Scan(&h.Size, stamp{&h.At}, &h.Note)
}

// ThinHeads deletes all signed heads older than age but the last of each day (UTC).
func (tx *Tx) ThinHeads(ctx context.Context, age time.Duration) error {
	_, err := tx.exec(ctx, `DELETE FROM audit_head WHERE at < now_us() - $1
		AND size NOT IN (SELECT MAX(size) FROM audit_head GROUP BY at / 86400000000)`, args{age.Microseconds()})
	return err
}
