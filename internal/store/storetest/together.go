package storetest

import (
	"context"
	"errors"
	"slices"

	"sallyport"
	"sallyport/internal/store"
)

var _ = register("functions run together have the answers that they would have alone", func(b *bench) {
	mira := b.person("mira")
	b.write(func(tx *store.Tx) error { return tx.PutMeta(b.ctx, "a", []byte("1")) })
	b.write(func(tx *store.Tx) error {
		var found, other sallyport.Technician
		var order []string
		var a, none []byte
		err := tx.Together(b.ctx,
			func() (err error) {
				found, err = tx.Technician(b.ctx, mira.ID)
				order = append(order, "technician")
				return err
			},
			func() (err error) {
				if a, err = tx.Meta(b.ctx, "a"); err == nil {
					err = tx.PutMeta(b.ctx, "b", append(a, '2'))
				}
				if err == nil {
					none, err = tx.Meta(b.ctx, "b")
				}
				order = append(order, "meta")
				return err
			},
			func() error { return nil },
			func() (err error) {
				return tx.Together(b.ctx, func() (err error) { other, err = tx.TechnicianByKey(b.ctx, "mira"); return err })
			},
		)
		if found.ID != mira.ID || other.ID != mira.ID || string(none) != "12" || !slices.Equal(order, []string{"technician", "meta"}) {
			b.Errorf("found %q and %q, read %q, in the order %v", found.ID, other.ID, none, order)
		}
		return errors.Join(err, tx.Together(b.ctx))
	})
})

var _ = register("each of the functions run together runs, and the error is the first one's", func(b *bench) {
	first, ran := errors.New("first"), 0
	err := b.db.Write(b.ctx, func(tx *store.Tx) error {
		ran = 0
		return tx.Together(b.ctx,
			func() error { ran++; return tx.PutMeta(b.ctx, "a", []byte("x")) },
			func() error { _, err := tx.Technician(b.ctx, "nobody"); ran++; return errors.Join(err, first) },
			func() error { ran++; return errors.New("second") },
		)
	})
	if !errors.Is(err, first) || ran != 3 {
		b.Errorf("%d ran: %v", ran, err)
	}
	b.read(func(tx *store.Tx) error {
		left, err := tx.Meta(b.ctx, "a")
		if left != nil {
			b.Errorf("left behind: %q", left)
		}
		return err
	})
})

var _ = register("a panic in one of the functions run together undoes all and goes on", func(b *bench) {
	func() {
		defer func() {
			if got := recover(); got != "out" {
				b.Errorf("recovered %v", got)
			}
		}()
		_ = b.db.Write(b.ctx, func(tx *store.Tx) error {
			return tx.Together(b.ctx,
				func() error { return tx.PutMeta(b.ctx, "a", []byte("x")) },
				func() error {
					if _, err := tx.Meta(b.ctx, "a"); err != nil {
						return err
					}
					panic("out")
				},
				func() error { // asks once more than it would be answered
					_, _ = tx.Meta(b.ctx, "a")
					_, _ = tx.Meta(b.ctx, "a")
					_, err := tx.Meta(b.ctx, "a")
					return err
				},
			)
		})
	}()
	b.write(func(tx *store.Tx) error {
		left, err := tx.Meta(b.ctx, "a")
		if left != nil {
			b.Errorf("left behind: %q", left)
		}
		return err
	})
})

var _ = register("what nobody waits for is noticed all the same", func(b *bench) {
	mira, gone := b.person("mira"), sallyport.E(sallyport.Gone, "gone", "gone")
	s := b.signIn(mira, "one")
	for what, c := range map[string]struct {
		err  error
		last func(tx *store.Tx) error
	}{
		"a condition that no row meets": {gone, func(tx *store.Tx) error { return tx.EndSignIn(b.ctx, hash("another"), gone) }},
		"a step that was used":          {gone, func(tx *store.Tx) error { return tx.UseStep(b.ctx, mira.ID, 7, gone) }},
		"the same row once more":        {nil, func(tx *store.Tx) error { return tx.InsertSignIn(b.ctx, s) }},
		"an ended context": {context.Canceled, func(tx *store.Tx) error {
			ctx, cancel := context.WithCancel(b.ctx)
			cancel()
			_ = tx.InsertEvent(ctx, sallyport.Event{Type: "x.y"})
			return nil
		}},
	} {
		err := b.db.Write(b.ctx, func(tx *store.Tx) error {
			b.ok(tx.InsertEvent(b.ctx, sallyport.Event{Type: "x.y"}))
			if err := c.last(tx); err != nil {
				return err
			}
			return tx.InsertEvent(b.ctx, sallyport.Event{Type: "x.z"})
		})
		if err == nil || c.err != nil && !errors.Is(err, c.err) {
			b.Errorf("%s: %v", what, err)
		}
	}
	b.read(func(tx *store.Tx) error {
		events, err := tx.Events(b.ctx, sallyport.EventFilter{})
		if len(events) != 0 {
			b.Errorf("%d events were left behind", len(events))
		}
		return err
	})
	b.write(func(tx *store.Tx) error { return tx.EndSignIn(b.ctx, s.Hash, gone) })
})
