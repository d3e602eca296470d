package app

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/control"
	"sallyport/internal/store"
)

// A rotation puts another key of the key file in force and seals again whatever an older one sealed. What is in force
// stands in the database, so that all nodes agree; which values are left to seal says each value itself. So a rotation
// that was broken off anywhere goes on from there.
//
//	key-check, key-id   the key in force
//	key-since           when it was put in force, in microseconds
//	key-moving          its name while values wait to be sealed with it, otherwise empty
const (
	sinceKey  = "key-since"
	movingKey = "key-moving"
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
	done, err = l.rotate(ctx, actor)
	return done, l.noted(ctx, actor, err)
}

func (l locksmith) rotate(ctx context.Context, actor sallyport.Actor) (done control.Rotated, err error) {
	l.c.keysMu.Lock()
	defer l.c.keysMu.Unlock()
	if err := l.refresh(ctx); err != nil {
		return done, err
	}
	moving, err := l.moving(ctx)
	if err != nil {
		return done, err
	}
	if moving != "" && moving != l.c.keys.ID() {
		return done, errKeyChanged
	}
	left, stuck, err := l.move(ctx)
	if err != nil {
		return done, err
	}
	if done = (control.Rotated{Key: l.c.keys.ID(), Values: left, Stuck: stuck, Finished: true}); moving != "" || left > 0 {
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

// moving names the key that values wait to be sealed with, empty where none do.
func (l locksmith) moving(ctx context.Context) (key string, err error) {
	err = l.c.db.Read(ctx, func(tx *store.Tx) error {
		flag, err := tx.Meta(ctx, movingKey)
		key = string(flag)
		return err
	})
	return key, err
}

var errKeyChanged = sallyport.E(sallyport.Conflict, "key_changed", "Another node has put a key in force at this moment. Look with: sallyport key list")

// inForce refuses a transaction where another key is in force than the one that this node seals with.
func (l locksmith) inForce(ctx context.Context, tx *store.Tx) error {
	check, err := tx.Meta(ctx, checkKey)
	if err == nil && !l.c.keys.Matches(check) {
		return errKeyChanged
	}
	return err
}

// force puts a key of the file in force, for all nodes, which must hold it.
func (l locksmith) force(ctx context.Context, actor sallyport.Actor, fresh string) error {
	before := l.c.keys.ID()
	check := l.c.keys.CheckOf(fresh)
	if check == nil { // no node would start again on a database in which no key is in force
		return noSuchKey(fresh)
	}
	err := l.c.db.Write(ctx, func(tx *store.Tx) error {
		if err := l.inForce(ctx, tx); err != nil {
			return err
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

func noSuchKey(id string) error {
	return sallyport.E(sallyport.NotFound, "no_such_key", "The key file holds no key "+id+".")
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
