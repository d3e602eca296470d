package storetest

import (
	"errors"
	"fmt"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

var _ = register("device is known for a year", func(b *bench) {
	t := b.person("mira")
	b.write(func(tx *store.Tx) error {
		b.ok(tx.PutDevice(b.ctx, hash("d"), t.ID))
		return tx.PutDevice(b.ctx, hash("d"), t.ID)
	})
	known := func(want bool) {
		b.Helper()
		b.read(func(tx *store.Tx) error {
			id, found, err := tx.Device(b.ctx, hash("d"))
			_, other, lost := tx.Device(b.ctx, hash("another"))
			if found != want || want && id != t.ID || other {
				b.Errorf("%q %v, another %v", id, found, other)
			}
			return errors.Join(err, lost)
		})
	}
	b.Add(365*24*time.Hour - time.Second)
	known(true)
	b.Add(time.Second)
	known(false)
})

var _ = register("after a raise the browsers that signed in last are known", func(b *bench) {
	t, other := b.person("mira"), b.person("other")
	name := func(i int) sallyport.Hash { return hash(fmt.Sprintf("d%d", i)) }
	const many = sallyport.KnownBrowsers + 5
	for i := range many {
		b.write(func(tx *store.Tx) error { return tx.PutDevice(b.ctx, name(i), t.ID) })
		b.Add(time.Second)
	}
	b.write(func(tx *store.Tx) error {
		b.ok(tx.PutDevice(b.ctx, hash("another's"), other.ID))
		_, err := tx.Raise(b.ctx, t.ID, sallyport.EndedByPassword)
		return err
	})
	b.read(func(tx *store.Tx) error {
		for i := range many {
			if _, found, err := tx.Device(b.ctx, name(i)); err != nil || found != (i >= 5) {
				b.Errorf("browser %d of %d: %v, %v", i+1, many, found, err)
			}
		}
		if _, found, err := tx.Device(b.ctx, hash("another's")); err != nil || !found {
			b.Errorf("somebody else's: %v, %v", found, err)
		}
		return nil
	})
})
