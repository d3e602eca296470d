package app

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/store"
)

// dropAfter is how long after a rotation what began before it is surely over.
const dropAfter = time.Minute

// DropKey implements control.Keys. The event comes first: a key that is gone without an event would be worse than an
// event for a key that is still there.
func (l locksmith) DropKey(ctx context.Context, actor sallyport.Actor, id string) error {
	return l.noted(ctx, actor, l.drop(ctx, actor, id))
}

func (l locksmith) drop(ctx context.Context, actor sallyport.Actor, id string) error {
	l.c.keysMu.Lock()
	defer l.c.keysMu.Unlock()
	if err := l.refresh(ctx); err != nil {
		return err
	}
	if raw, err := hex.DecodeString(id); err != nil || len(raw) != 4 || !l.c.keys.Holds(id) {
		return sallyport.E(sallyport.NotFound, "no_such_key", "The key file holds no key of that name: sallyport key list shows them.")
	}
	err := l.c.db.Write(ctx, func(tx *store.Tx) error {
		if err := l.unused(ctx, tx, id); err != nil {
			return err
		}
		return tx.InsertEvent(ctx, audit.New(audit.KeyDropped, actor).Changed(map[string]string{"key": id}, nil).Event())
	})
	if err != nil {
		return err
	}
	return l.c.keys.Drop(l.c.cfg.Key, id)
}

// noted is err, and leaves the event of a refusal where it is one.
func (l locksmith) noted(ctx context.Context, actor sallyport.Actor, err error) error {
	return audit.Note(ctx, l.c.db.Write, audit.Refused{Actor: actor}, err)
}

// unused refuses to drop a key that seals something, or may still come to.
func (l locksmith) unused(ctx context.Context, tx *store.Tx, id string) error {
	refuse := func(code, words string) error { return sallyport.E(sallyport.Conflict, code, words) }
	if id == l.c.keys.ID() {
		return refuse("key_in_use", "The key "+id+" is in force: sallyport key rotate puts another in its place first.")
	}
	counts, err := tx.SealedCounts(ctx)
	if err != nil {
		return err
	}
	if n := counts[id]; n > 0 {
		return refuse("key_seals", fmt.Sprintf("The key %s still seals %d values: sallyport key rotate seals them again.", id, n))
	}
	nodes, err := tx.Nodes(ctx)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if n.Sealing == id {
			return refuse("key_late", "The node "+n.ID+" still seals with the key "+id+".")
		}
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	since, err := number(ctx, tx, sinceKey)
	if wait := time.UnixMicro(since).Add(dropAfter).Sub(now); err == nil && wait > 0 {
		return refuse("key_recent", fmt.Sprintf("What began before the rotation may still be under way: drop the key in %s.", wait.Round(time.Second)+time.Second))
	}
	return err
}

// rotatedByNow lets a rotation that is ahead of the clock, which was set back, be of now: else its key's predecessor could not be
// dropped before that time comes.
func rotatedByNow(ctx context.Context, tx *store.Tx) error {
	since, err := number(ctx, tx, sinceKey)
	if err != nil {
		return err
	}
	now, err := tx.Now(ctx)
	if err != nil || since <= now.UnixMicro() {
		return err
	}
	return putNumber(ctx, tx, sinceKey, now.UnixMicro())
}
