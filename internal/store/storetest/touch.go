package storetest

import (
	"fmt"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

var _ = register("many last uses in few statements", func(b *bench) {
	t, used := b.person("mira"), map[sallyport.Hash]time.Time{}
	var all []sallyport.Session
	for i := range 27 {
		s := b.session(t, fmt.Sprint(i))
		all = append(all, s)
		used[s.Hash] = b.Now().Add(time.Duration(i-1) * time.Second) // the first one's goes back
	}
	before := b.db.Stats()
	b.write(func(tx *store.Tx) error { return tx.TouchSessions(b.ctx, used) })
	after := b.db.Stats()
	if n := (after.Statements - before.Statements) / (after.Writes - before.Writes); n != 1 && b.db.Shared() || n > 3 {
		b.Errorf("%d statements", n)
	}
	b.read(func(tx *store.Tx) error {
		for i, s := range all {
			got, _, err := tx.Session(b.ctx, s.Hash, idle)
			if err != nil {
				return err
			}
			if want := b.Now().Add(time.Duration(max(i-1, 0)) * time.Second); !got.UsedAt.Equal(want) {
				b.Errorf("session %d was used at %v, not %v", i, got.UsedAt, want)
			}
		}
		return nil
	})
})

var _ = register("last uses wait for nobody", func(b *bench) {
	if !b.db.Shared() {
		return // there is one writer at a time
	}
	t := b.person("mira")
	ending, other := b.session(t, "ending"), b.session(t, "other")
	b.Add(time.Minute)
	b.write(func(tx *store.Tx) error {
		_, err := tx.EndSession(b.ctx, ending.Hash, sallyport.EndedByAdmin)
		b.write(func(beside *store.Tx) error {
			return beside.TouchSessions(b.ctx, map[sallyport.Hash]time.Time{ending.Hash: b.Now(), other.Hash: b.Now()})
		})
		b.write(func(beside *store.Tx) error { _, err := beside.Sweep(b.ctx, false); return err })
		return err
	})
	b.sessionLives(ending.Hash, false)
	b.read(func(tx *store.Tx) error {
		got, _, err := tx.Session(b.ctx, other.Hash, idle)
		if !got.UsedAt.Equal(b.Now()) {
			b.Errorf("used at %v", got.UsedAt)
		}
		return err
	})
})
