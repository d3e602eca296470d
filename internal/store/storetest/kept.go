package storetest

import (
	"time"

	"sallyport"
	"sallyport/internal/store"
)

var _ = register("kept things are their owner's, claimed once, and for a while", func(b *bench) {
	t := b.person("mira")
	other := b.person("other")
	kept := func(owner sallyport.TechnicianID, want string) {
		b.Helper()
		b.read(func(tx *store.Tx) error {
			got, err := tx.Kept(b.ctx, owner, "k")
			if string(got) != want {
				b.Errorf("kept %q, want %q", got, want)
			}
			return err
		})
	}
	b.write(func(tx *store.Tx) error { return tx.PutKept(b.ctx, t.ID, "k", []byte("one"), time.Hour) })
	kept(t.ID, "one")
	kept(other.ID, "")
	b.once(func(tx *store.Tx) (bool, error) { return tx.ClaimKept(b.ctx, t.ID, "k") })
	b.write(func(tx *store.Tx) error {
		b.ok(tx.PutKept(b.ctx, t.ID, "k", []byte("two"), time.Hour))
		again, err := tx.ClaimKept(b.ctx, t.ID, "k")
		b.ok(err)
		b.ok(tx.ReleaseKept(b.ctx, t.ID, "k"))
		foreign, err := tx.ClaimKept(b.ctx, other.ID, "k")
		b.ok(err)
		after, err := tx.ClaimKept(b.ctx, t.ID, "k")
		if again || foreign || !after {
			b.Errorf("again %v, by another %v, after it was given back %v", again, foreign, after)
		}
		return err
	})
	kept(t.ID, "two")
	b.Add(time.Hour)
	kept(t.ID, "")
	b.write(func(tx *store.Tx) error {
		claimed, err := tx.ClaimKept(b.ctx, t.ID, "k")
		if claimed {
			b.Error("claimed too late")
		}
		return err
	})
})
