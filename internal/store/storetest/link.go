package storetest

import (
	"reflect"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

var _ = register("link is consumed once, and in time", func(b *bench) {
	t := b.person("mira")
	l := sallyport.Link{Hash: hash("l"), Kind: sallyport.LinkReset, Technician: t.ID, Generation: 1, CreatedAt: b.Now(), ExpiresAt: b.Now().Add(time.Hour), CreatedBy: "boss"}
	first := sallyport.Link{Hash: hash("first"), Kind: sallyport.LinkSetup, ExpiresAt: b.Now().Add(time.Hour)}
	late := l
	late.Hash, late.ExpiresAt = hash("late"), b.Now().Add(2*time.Hour)
	b.write(func(tx *store.Tx) error {
		for _, l := range []sallyport.Link{l, first, late} {
			b.ok(tx.InsertLink(b.ctx, l))
		}
		got, err := tx.Link(b.ctx, l.Hash)
		b.ok(err)
		live, err := tx.LiveLink(b.ctx, t.ID, sallyport.LinkReset)
		b.ok(err)
		setup, err := tx.LiveLink(b.ctx, "", sallyport.LinkSetup)
		if !reflect.DeepEqual(got, l) || live == nil || setup == nil || setup.Hash != first.Hash {
			b.Errorf("%+v %+v %+v", got, live, setup)
		}
		return err
	})
	b.once(func(tx *store.Tx) (bool, error) {
		_, ok, err := tx.ConsumeLink(b.ctx, l.Hash)
		return ok, err
	})
	b.once(func(tx *store.Tx) (bool, error) {
		_, ok, err := tx.ConsumeLink(b.ctx, first.Hash)
		return ok, err
	})
	b.Add(2 * time.Hour)
	b.write(func(tx *store.Tx) error {
		_, err := tx.Link(b.ctx, late.Hash)
		b.code(err, "link_over")
		_, ok, err := tx.ConsumeLink(b.ctx, late.Hash)
		b.ok(err)
		n, err := tx.DeleteLinks(b.ctx, t.ID, sallyport.LinkReset)
		if ok || n != 1 {
			b.Errorf("consumed %v, %d deleted", ok, n)
		}
		return err
	})
})

var _ = register("password resets wait, and are counted", func(b *bench) {
	t := b.person("mira")
	waiting := sallyport.PasswordReset{ID: "w", Technician: t.ID, Generation: 1, Waiting: true, Address: "192.0.2.1", CreatedAt: b.Now(), ExpiresAt: b.Now().Add(time.Hour)}
	sent := waiting
	sent.ID, sent.Waiting = "s", false
	b.write(func(tx *store.Tx) error {
		b.ok(tx.InsertReset(b.ctx, waiting))
		b.ok(tx.InsertReset(b.ctx, sent))
		list, err := tx.WaitingResets(b.ctx)
		b.ok(err)
		if !reflect.DeepEqual(list, []sallyport.PasswordReset{waiting}) {
			b.Errorf("%+v", list)
		}
		was, err := tx.DeleteReset(b.ctx, "s")
		b.ok(err)
		again, err := tx.DeleteReset(b.ctx, "s")
		if !was || again {
			b.Errorf("%v %v", was, again)
		}
		b.ok(tx.NoteReset(b.ctx, t.ID))
		since := b.Now()
		b.Add(time.Hour)
		b.ok(tx.NoteReset(b.ctx, t.ID))
		n, _ := tx.CountResets(b.ctx, t.ID, since)
		all, _ := tx.CountResets(b.ctx, t.ID, since.Add(-time.Second))
		if n != 1 || all != 2 {
			b.Errorf("%d and %d asked for", n, all)
		}
		_, late := tx.Reset(b.ctx, "w")
		b.code(late, "not_found")
		return err
	})
})

var _ = register("help is asked for and finished once", func(b *bench) {
	t := b.person("mira")
	h := sallyport.HelpRequest{ID: "h", Number: "0417", Technician: t.ID, Note: "new phone", CreatedAt: b.Now()}
	b.write(func(tx *store.Tx) error { return tx.InsertHelp(b.ctx, h) })
	b.read(func(tx *store.Tx) error {
		open, err := tx.OpenHelp(b.ctx)
		if !reflect.DeepEqual(open, []sallyport.HelpRequest{h}) {
			b.Errorf("%+v", open)
		}
		return err
	})
	counted := func(since time.Time, want int, oldest time.Time) {
		b.Helper()
		b.write(func(tx *store.Tx) error {
			n, first, err := tx.CountHelp(b.ctx, t.ID, since)
			if n != want || !first.Equal(oldest) {
				b.Errorf("%d, the first at %v", n, first)
			}
			return err
		})
	}
	counted(h.CreatedAt, 0, time.Time{})
	counted(h.CreatedAt.Add(-1), 1, h.CreatedAt)
	b.once(func(tx *store.Tx) (bool, error) { return tx.FinishHelp(b.ctx, "h", "boss") })
	counted(h.CreatedAt.Add(-time.Second), 1, h.CreatedAt) // also a finished one
	b.read(func(tx *store.Tx) error {
		open, err := tx.OpenHelp(b.ctx)
		if len(open) != 0 {
			b.Errorf("%+v", open)
		}
		return err
	})
})

var _ = register("notices stay until each has acknowledged them", func(b *bench) {
	one, two := b.person("one"), b.person("two")
	b.write(func(tx *store.Tx) error {
		b.ok(tx.InsertNotice(b.ctx, sallyport.Notice{ID: "n", Type: "rescue.issued", Text: "A rescue", CreatedAt: b.Now()}))
		for _, first := range []bool{true, false} {
			if fresh, err := tx.AckNotice(b.ctx, "n", one.ID); err != nil || fresh != first {
				b.Errorf("acknowledged for the first time: %v, want %v (%v)", fresh, first, err)
			}
		}
		_, err := tx.AckNotice(b.ctx, "other", one.ID)
		b.code(err, "not_found")
		mine, err := tx.OpenNotices(b.ctx, one.ID)
		b.ok(err)
		theirs, err := tx.OpenNotices(b.ctx, two.ID)
		b.ok(err)
		b.ok(tx.InsertNotice(b.ctx, sallyport.Notice{ID: "m", Type: "rescue.issued", Text: "Another", CreatedAt: b.Now()}))
		next, err := tx.OpenNotices(b.ctx, one.ID)
		if len(mine) != 0 || len(theirs) != 1 || theirs[0].Text != "A rescue" || len(next) != 1 || next[0].ID != "m" {
			b.Errorf("%+v %+v %+v", mine, theirs, next)
		}
		return err
	})
})
