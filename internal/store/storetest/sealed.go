package storetest

import (
	"bytes"
	"fmt"
	"time"

	"sallyport/internal/store"
)

var _ = register("sealed values are walked in batches, and put where nobody changed them meanwhile", func(b *bench) {
	old, fresh := []byte("\x01oldk"), []byte("\x01newk")
	value := func(head []byte, n int) []byte { return append(bytes.Clone(head), fmt.Sprintf(" value %d", n)...) }
	for n := range 5 {
		t := b.person(fmt.Sprintf("p%d", n))
		b.write(func(tx *store.Tx) error {
			b.ok(tx.SetPassword(b.ctx, t.ID, t.Generation, value(old, n)))
			return tx.PutKept(b.ctx, t.ID, fmt.Sprintf("k%d", n), value(old, 10+n), time.Hour)
		})
	}
	b.write(func(tx *store.Tx) error {
		b.ok(tx.PutMeta(b.ctx, "dummy_password", value(old, 20)))
		return tx.PutMeta(b.ctx, "other", value(old, 21)) // no sealed value
	})
	counted := func(want map[string]int) {
		b.Helper()
		b.read(func(tx *store.Tx) error {
			got, err := tx.SealedCounts(b.ctx)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				b.Errorf("counted %v, want %v", got, want)
			}
			return err
		})
	}
	counted(map[string]int{"6f6c646b": 11})
	places := map[string]bool{}
	for at := (store.SealedCursor{}); !at.Over(); {
		b.write(func(tx *store.Tx) error {
			found, next, err := tx.SealedOtherwise(b.ctx, fresh, at, 2)
			b.ok(err)
			if at = next; len(found) > 2 {
				b.Errorf("%d values at once", len(found))
			}
			for _, s := range found {
				places[s.Table+"/"+s.Row+"/"+s.Column] = true
				put, err := tx.PutSealed(b.ctx, s, append(bytes.Clone(fresh), s.Value[5:]...))
				b.ok(err)
				again, err := tx.PutSealed(b.ctx, s, value(old, 30))
				b.ok(err)
				if !put || again {
					b.Errorf("put %v, over a change %v", put, again)
				}
			}
			return nil
		})
	}
	if len(places) != 11 {
		b.Errorf("walked over %v", places)
	}
	counted(map[string]int{"6e65776b": 11})
})
