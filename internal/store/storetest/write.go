package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"sallyport"
	"sallyport/internal/store"
)

var errUndo = errors.New("undo")

var _ = register("write that fails half way changes nothing", func(b *bench) {
	t := b.person("mira")
	s := b.session(t, "s")
	b.db.OnCommit(func(c sallyport.Change) { b.Errorf("the hook was called: %+v", c) }, func() { b.Error("forget was called") })
	unchanged := func() {
		b.Helper()
		b.sessionLives(s.Hash, true)
		b.read(func(tx *store.Tx) error {
			got, err := tx.Technician(b.ctx, t.ID)
			if got.Generation != 1 || got.Method != sallyport.MethodApp {
				b.Errorf("%+v", got)
			}
			return err
		})
	}
	half := func(tx *store.Tx) {
		got, err := tx.Technician(b.ctx, t.ID)
		b.ok(err)
		got.Method = sallyport.MethodText
		b.ok(tx.UpdateTechnician(b.ctx, got))
		_, err = tx.Raise(b.ctx, t.ID, sallyport.EndedBySave)
		b.ok(err)
	}
	err := b.db.Write(b.ctx, func(tx *store.Tx) error { half(tx); return errUndo })
	if err != errUndo {
		b.Errorf("another error came back: %v", err)
	}
	unchanged()
	ctx, cancel := context.WithCancel(b.ctx)
	err = b.db.Write(ctx, func(tx *store.Tx) error { half(tx); cancel(); return nil })
	if !errors.Is(err, context.Canceled) || sallyport.KindOf(err) != sallyport.Unavailable {
		b.Errorf("cancelled: %v", err)
	}
	unchanged()
	func() {
		defer func() {
			if recover() != "broken" {
				b.Error("the panic did not go on")
			}
		}()
		_ = b.db.Write(b.ctx, func(tx *store.Tx) error { half(tx); panic("broken") })
	}()
	unchanged()
	err = b.db.Write(b.ctx, func(tx *store.Tx) error {
		half(tx)
		_ = tx.InsertEvent(b.ctx, sallyport.Event{}) // fine
		_ = tx.PutFactor(b.ctx, sallyport.Factor{Technician: "nobody", Kind: sallyport.MethodApp})
		return nil // swallowing a failed statement must not commit the rest
	})
	b.code(err, "internal")
	unchanged()
})

var _ = register("write in an ended context does nothing", func(b *bench) {
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	err := b.db.Write(ctx, func(*store.Tx) error { b.Error("it ran"); return nil })
	if !errors.Is(err, context.Canceled) {
		b.Error(err)
	}
})

var _ = register("read cannot write", func(b *bench) {
	b.person("mira")
	err := b.db.Read(b.ctx, func(tx *store.Tx) error {
		_, err := tx.Raise(b.ctx, "mira", sallyport.EndedBySave)
		return err
	})
	b.code(err, "unavailable")
	b.person("next") // and the connection is still good for the next one
	b.read(func(tx *store.Tx) error { _, err := tx.Technician(b.ctx, "next"); return err })
})

var _ = register("what was asked together fails by what failed, not by what came after it", func(b *bench) {
	b.person("mira")
	err := b.db.Read(b.ctx, func(tx *store.Tx) error {
		return tx.Together(b.ctx,
			func() error {
				_, first := tx.Technician(b.ctx, "mira")
				_, second := tx.Technician(b.ctx, "mira")
				return errors.Join(first, second)
			},
			func() error { return tx.DeleteFactor(b.ctx, "mira") })
	})
	b.code(err, "unavailable")
})

var _ = register("read sees one moment", func(b *bench) {
	b.person("mira")
	b.read(func(tx *store.Tx) error {
		_, err := tx.Technician(b.ctx, "mira")
		b.ok(err)
		b.write(func(w *store.Tx) error { return w.DeleteTechnician(b.ctx, "mira") })
		_, err = tx.Technician(b.ctx, "mira")
		return err
	})
})

var _ = register("transaction is of no use after its end", func(b *bench) {
	var kept *store.Tx
	b.write(func(tx *store.Tx) error { kept = tx; return nil })
	if err := kept.PutMeta(b.ctx, "x", nil); err == nil {
		b.Error("it still wrote")
	}
})

var _ = register("hook is called in the order of the commits", func(b *bench) {
	t := b.person("mira")
	var told []sallyport.Generation
	var mu sync.Mutex
	b.db.OnCommit(func(c sallyport.Change) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, c.Raised[t.ID])
	}, nil)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			err := b.db.Write(b.ctx, func(tx *store.Tx) error {
				_, err := tx.Raise(b.ctx, t.ID, sallyport.EndedBySave)
				return err
			})
			if err != nil {
				b.Error(err)
			}
		})
	}
	all.Wait()
	if len(told) != 100 {
		b.Fatalf("%d calls", len(told))
	}
	if b.db.Shared() { // several writers: each is told of once, in whichever order
		slices.Sort(told)
	}
	for i, g := range told {
		if g != sallyport.Generation(i+2) {
			b.Fatalf("call %d was told generation %d", i, g)
		}
	}
})

var _ = register("text that an engine cannot store is refused alike", func(b *bench) {
	for _, bad := range []string{"a\x00b", "\xff", "\xed\xa0\x80", "ok\xc3"} {
		for name, act := range map[string]func(*store.Tx) error{
			"name": func(tx *store.Tx) error {
				return tx.InsertTechnician(b.ctx, sallyport.Technician{ID: "x", FirstName: bad, Status: sallyport.Active, Method: sallyport.MethodOff})
			},
			"key":    func(tx *store.Tx) error { _, err := tx.TechnicianByKey(b.ctx, bad); return err },
			"typed":  func(tx *store.Tx) error { _, _, err := tx.TechnicianWithFactor(b.ctx, bad); return err },
			"id":     func(tx *store.Tx) error { _, err := tx.Technician(b.ctx, sallyport.TechnicianID(bad)); return err },
			"search": func(tx *store.Tx) error { _, _, err := tx.Rows(b.ctx, sallyport.Filter{Search: bad}); return err },
			"event": func(tx *store.Tx) error {
				return tx.InsertEvent(b.ctx, sallyport.Event{After: map[string]string{"name": bad}})
			},
			"gateway": func(tx *store.Tx) error {
				return tx.PutGateway(b.ctx, sallyport.Gateway{Channel: sallyport.ChannelEmail, Slot: "live", Settings: map[string]string{"host": bad}})
			},
		} {
			err := b.db.Write(b.ctx, act)
			if sallyport.CodeOf(err) != "bad_text" || sallyport.KindOf(err) != sallyport.Invalid {
				b.Errorf("%s %q: %v", name, bad, err)
			}
		}
	}
	_, _, err := func() (a []sallyport.Row, n int, err error) {
		err = b.db.Read(b.ctx, func(tx *store.Tx) error {
			a, n, err = tx.Rows(b.ctx, sallyport.Filter{Search: strings.Repeat("x", 301)})
			return err
		})
		return a, n, err
	}()
	b.code(err, "invalid")
})
