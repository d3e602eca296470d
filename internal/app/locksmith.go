package app

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/control"
	"sallyport/internal/keyring"
	"sallyport/internal/store"
)

// A rotation puts another key of the key file in force and seals again whatever an older one sealed. What is in force
// stands in the database, so that all nodes agree; which values are left to seal says each value itself. So a rotation
// that was broken off anywhere goes on from there.
//
//	key-check, key-id   the key in force
//	key-since           when it was put in force, in microseconds
//	key-moving          not empty while values wait to be sealed with it
const (
	sinceKey  = "key-since"
	movingKey = "key-moving"

	sealAtOnce = 200              // values in one transaction
	dropAfter  = time.Minute      // how long after a rotation what began before it is surely over
	agreeTime  = 10 * time.Second // how long other nodes are waited for
)

// locksmith is what the host may do with the keys.
type locksmith struct{ c *core }

// ListKeys implements control.Keys.
func (l locksmith) ListKeys(ctx context.Context, _ sallyport.Actor) ([]control.Key, error) {
	counts, err := l.counts(ctx)
	if err != nil {
		return nil, err
	}
	out := []control.Key{}
	for _, k := range l.c.keys.Keys() {
		out = append(out, control.Key{ID: k.ID, Made: k.Made, Seals: k.Seals, Values: counts[k.ID], Held: true})
		delete(counts, k.ID)
	}
	for id, n := range counts {
		out = append(out, control.Key{ID: id, Values: n})
	}
	return out, nil
}

func (l locksmith) counts(ctx context.Context) (counts map[string]int, err error) {
	err = l.c.db.Read(ctx, func(tx *store.Tx) (err error) {
		counts, err = tx.SealedCounts(ctx)
		return err
	})
	return counts, err
}

// RotateKey implements control.Keys. Where an earlier rotation was broken off it finishes that one. Otherwise the newest
// key of the file is put in force, or a new one where that is in force already.
func (l locksmith) RotateKey(ctx context.Context, actor sallyport.Actor) (done control.Rotated, err error) {
	l.c.keysMu.Lock()
	defer l.c.keysMu.Unlock()
	if err := l.refresh(ctx); err != nil {
		return done, err
	}
	moving, err := l.moving(ctx)
	if err != nil {
		return done, err
	}
	left, stuck, err := l.move(ctx)
	if err != nil {
		return done, err
	}
	if done = (control.Rotated{Key: l.c.keys.ID(), Values: left, Stuck: stuck, Finished: true}); moving || left > 0 {
		return done, l.finish(ctx, actor, &done)
	}
	keys := l.c.keys.Keys()
	fresh := keys[len(keys)-1].ID
	if fresh == l.c.keys.ID() {
		if fresh, err = l.c.keys.Add(l.c.cfg.Key); err != nil {
			return done, err
		}
	}
	if err := l.force(ctx, actor, fresh); err != nil {
		return done, err
	}
	done = control.Rotated{Key: fresh}
	return done, l.finish(ctx, actor, &done)
}

// refresh takes the keys of the file as it is now, and the key in force from the database.
func (l locksmith) refresh(ctx context.Context) error {
	if err := l.c.fit.check(); err != nil {
		return err
	}
	if err := l.c.keys.Reload(l.c.cfg.Key); err != nil {
		return err
	}
	return l.c.followKey(ctx)
}

func (l locksmith) moving(ctx context.Context) (moving bool, err error) {
	err = l.c.db.Read(ctx, func(tx *store.Tx) error {
		flag, err := tx.Meta(ctx, movingKey)
		moving = len(flag) > 0
		return err
	})
	return moving, err
}

// force puts a key of the file in force, for all nodes, which must hold it.
func (l locksmith) force(ctx context.Context, actor sallyport.Actor, fresh string) error {
	before := l.c.keys.ID()
	check := l.c.keys.CheckOf(fresh)
	err := l.c.db.Write(ctx, func(tx *store.Tx) error {
		stands, err := tx.Meta(ctx, checkKey)
		if err != nil {
			return err
		}
		if !bytes.Equal(stands, l.c.keys.Check()) {
			return sallyport.E(sallyport.Conflict, "key_changed", "Another node has put a key in force at this moment. Look with: sallyport key list")
		}
		if err := l.everywhere(ctx, tx, fresh); err != nil {
			return err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		for name, value := range map[string][]byte{checkKey: check, keyID: []byte(fresh), movingKey: []byte(fresh),
			sinceKey: strconv.AppendInt(nil, now.UnixMicro(), 10)} {
			if err := tx.PutMeta(ctx, name, value); err != nil {
				return err
			}
		}
		return tx.InsertEvent(ctx, audit.New(audit.KeyRotated, actor).
			Changed(map[string]string{"key": before}, map[string]string{"key": fresh}).Event())
	})
	if err != nil {
		return err
	}
	l.c.keys.Use(check)
	return nil
}

// everywhere refuses while a node that runs lacks the key: it could not read what is sealed with it.
func (l locksmith) everywhere(ctx context.Context, tx *store.Tx, fresh string) error {
	nodes, err := tx.Nodes(ctx)
	if err != nil {
		return err
	}
	var lack []string
	for _, n := range nodes {
		if n.ID != l.c.circle.ID() && !n.Holds(fresh) {
			lack = append(lack, n.ID)
		}
	}
	if len(lack) == 0 {
		return nil
	}
	return sallyport.E(sallyport.Conflict, "key_not_everywhere", fmt.Sprintf("The key file %s holds the new key %s, which is not in force yet: "+
		"these nodes lack it: %s. Copy the file to every node (they notice within a few seconds), then run this again.",
		l.c.cfg.Key, fresh, strings.Join(lack, ", ")))
}

// finish seals everything with the key in force, and says in the audit log that it is done.
func (l locksmith) finish(ctx context.Context, actor sallyport.Actor, done *control.Rotated) error {
	for again := true; again; {
		agreed, err := l.agreed(ctx)
		if err != nil {
			return err
		}
		n, stuck, err := l.move(ctx)
		if err != nil {
			return err
		}
		done.Values, done.Stuck = done.Values+n, stuck
		again = !agreed
	}
	return l.c.db.Write(ctx, func(tx *store.Tx) error {
		flag, err := tx.Meta(ctx, movingKey)
		if err != nil || len(flag) == 0 {
			return err // another node was here before
		}
		if err := tx.PutMeta(ctx, movingKey, []byte{}); err != nil {
			return err
		}
		return tx.InsertEvent(ctx, audit.New(audit.KeyMoved, actor).
			Changed(nil, map[string]string{"key": done.Key, "values": strconv.Itoa(done.Values)}).Event())
	})
}

// resume finishes a rotation that a stop of the process broke off.
func (l locksmith) resume(ctx context.Context) error {
	l.c.keysMu.Lock()
	defer l.c.keysMu.Unlock()
	moving, err := l.moving(ctx)
	if err != nil || !moving {
		return err
	}
	return l.finish(ctx, sallyport.Actor{Kind: sallyport.ActorSystem, Name: "Sallyport"}, &control.Rotated{Key: l.c.keys.ID()})
}

// agreed waits until every node that runs seals with the key in force. One that takes too long ends the command, which
// may be given again.
func (l locksmith) agreed(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, agreeTime)
	defer cancel()
	tick := time.NewTicker(agreeTime / 100)
	defer tick.Stop()
	for {
		var late string
		err := l.c.db.Read(ctx, func(tx *store.Tx) error {
			nodes, err := tx.Nodes(ctx)
			for _, n := range nodes {
				if n.Sealing != l.c.keys.ID() {
					late = n.ID
				}
			}
			return err
		})
		if err != nil || late == "" {
			return late == "", err
		}
		select {
		case <-ctx.Done():
			return false, sallyport.E(sallyport.Unavailable, "key_late", "The node "+late+" has not taken the new key yet. Run this again to finish.")
		case <-tick.C:
		}
	}
}

// move seals again, a batch at a time, whatever is not sealed with the key in force, and says how many values that were
// and how many open with no key. A value that changes meanwhile is left to who changes it.
func (l locksmith) move(ctx context.Context) (moved, stuck int, err error) {
	var batch []store.Sealed
	for at := (store.SealedCursor{}); !at.Over(); {
		err := l.c.db.Read(ctx, func(tx *store.Tx) (err error) {
			batch, at, err = tx.SealedOtherwise(ctx, l.c.keys.Head(), at, l.c.sealAtOnce)
			return err
		})
		if err != nil {
			return moved, stuck, err
		}
		if len(batch) == 0 {
			continue
		}
		n, bad, err := l.moveBatch(ctx, batch)
		moved, stuck = moved+n, stuck+bad
		if err == nil && l.c.sealed != nil {
			err = l.c.sealed()
		}
		if err != nil {
			return moved, stuck, err
		}
	}
	return moved, stuck, nil
}

func (l locksmith) moveBatch(ctx context.Context, batch []store.Sealed) (moved, stuck int, err error) {
	err = l.c.db.Write(ctx, func(tx *store.Tx) error {
		moved, stuck = 0, 0 // the function may run again
		for _, s := range batch {
			fresh, err := l.c.keys.Reseal(s.Value, keyring.Place{Table: s.Table, Row: s.Row, Column: s.Column})
			if err != nil {
				stuck++
				continue
			}
			done, err := tx.PutSealed(ctx, s, fresh)
			if err != nil {
				return err
			}
			if done {
				moved++
			}
		}
		return nil
	})
	return moved, stuck, err
}

// DropKey implements control.Keys. The event comes first: a key that is gone without an event would be worse than an
// event for a key that is still there.
func (l locksmith) DropKey(ctx context.Context, actor sallyport.Actor, id string) error {
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
