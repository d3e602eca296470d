package app

import (
	"context"
	"strconv"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/control"
	"sallyport/internal/keyring"
	"sallyport/internal/store"
)

const (
	sealAtOnce = 200              // values in one transaction
	agreeTime  = 10 * time.Second // how long other nodes are waited for
)

// finish seals everything with the key in force, and says in the audit log that it is done. It leaves the end to whoever has
// put another key in force meanwhile.
func (l locksmith) finish(ctx context.Context, actor sallyport.Actor, done *control.Rotated) error {
	if err := l.agreed(ctx); err != nil {
		return err
	}
	n, stuck, err := l.move(ctx)
	if err != nil {
		return err
	}
	done.Values, done.Stuck = done.Values+n, stuck
	return l.c.db.Write(ctx, func(tx *store.Tx) error {
		flag, err := tx.Meta(ctx, movingKey)
		if err != nil || string(flag) != done.Key {
			return err // another node was here before, or has begun anew
		}
		if err := tx.PutMeta(ctx, movingKey, []byte{}); err != nil {
			return err
		}
		return tx.InsertEvent(ctx, audit.New(audit.KeyMoved, actor).
			Changed(nil, map[string]string{"key": done.Key, "values": strconv.Itoa(done.Values)}).Event())
	})
}

// resume finishes a rotation that a stop of the process broke off. While this node does not seal with the key that is moved
// to, because another node has just put it in force, there is nothing to finish here.
func (l locksmith) resume(ctx context.Context) error {
	l.c.keysMu.Lock()
	defer l.c.keysMu.Unlock()
	if err := l.c.fit.check(); err != nil {
		return err
	}
	moving, err := l.moving(ctx)
	if err != nil || moving != l.c.keys.ID() {
		return err
	}
	return l.finish(ctx, sallyport.Actor{Kind: sallyport.ActorSystem, Name: "Sallyport"}, &control.Rotated{Key: moving})
}

// agreed waits until every node that runs seals with the key in force. One that takes too long ends the command, which
// may be given again.
func (l locksmith) agreed(ctx context.Context) error {
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
			return err
		}
		select {
		case <-ctx.Done():
			return sallyport.E(sallyport.Unavailable, "key_late", "The node "+late+" has not taken the new key yet. Run this again to finish.")
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
		if err := l.inForce(ctx, tx); err != nil {
			return err
		}
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
