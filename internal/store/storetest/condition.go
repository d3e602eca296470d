package storetest

import (
	"errors"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

var errMoved = sallyport.E(sallyport.Conflict, "moved", "moved")

var _ = register("guesses are forgiven where nothing has changed", func(b *bench) {
	t, _ := b.person("mira"), b.person("other")
	b.write(func(tx *store.Tx) error {
		b.guess(tx, "k", 1)
		b.guess(tx, "k", 2)
		b.guess(tx, "all", 1)
		for i := range 5 {
			b.guess(tx, "wide", i+1)
		}
		return nil
	})
	mine, other := b.Now().Add(-time.Minute), b.Now().Add(-time.Hour) // waits that are over
	forgive := func(want error, key string, n int, change ...func(*sallyport.Technician)) {
		b.Helper()
		as := t
		for _, c := range change {
			c(&as)
		}
		counted := func(key string) sallyport.Counted { return sallyport.Counted{Key: key, Until: mine} }
		err := b.db.Write(b.ctx, func(tx *store.Tx) error {
			return tx.ForgiveGuesses(b.ctx, n, as, errMoved, counted(key), counted("wide"), counted("all"))
		})
		if !errors.Is(err, want) {
			b.Errorf("%s of %d as %+v: %v, want %v", key, n, as, err, want)
		}
	}
	forgive(errMoved, "k", 1) // another try was counted
	forgive(errMoved, "other", 2)
	forgive(errMoved, "k", 2, func(t *sallyport.Technician) { t.Generation++ })
	forgive(errMoved, "k", 2, func(t *sallyport.Technician) { t.ID = "nobody" })
	off := t
	off.Status = sallyport.Deactivated
	b.write(func(tx *store.Tx) error { return tx.UpdateTechnician(b.ctx, off) })
	forgive(errMoved, "k", 2)
	b.held("k", 2, time.Time{})
	b.held("wide", 5, time.Time{})
	off.Version, off.Status = t.Version+1, sallyport.Active
	b.write(func(tx *store.Tx) error {
		b.ok(tx.SetGuessWait(b.ctx, "k", mine))
		b.ok(tx.SetGuessWait(b.ctx, "wide", other))
		return tx.UpdateTechnician(b.ctx, off)
	})
	forgive(nil, "k", 2)
	b.held("k", 0, time.Time{})
	b.held("wide", 3, other)      // somebody else's wait
	b.held("all", 0, time.Time{}) // fewer than were taken back
})

var _ = register("session's new token needs everything as it was", func(b *bench) {
	t, other := b.person("mira"), b.person("other")
	s := b.session(t, "old")
	next := s
	next.Hash = hash("new")
	refused := func(name string, change func(tx *store.Tx, next *sallyport.Session) error) {
		b.Helper()
		err := b.db.Write(b.ctx, func(tx *store.Tx) error {
			to := next
			b.ok(change(tx, &to))
			err := tx.RotateSession(b.ctx, s.Hash, to)
			if sallyport.CodeOf(err) != "sign_in_over" {
				b.Errorf("%s: %v", name, err)
			}
			return errUndo
		})
		if !errors.Is(err, errUndo) {
			b.Errorf("%s: %v", name, err)
		}
	}
	refused("somebody else's", func(_ *store.Tx, to *sallyport.Session) error { to.Technician = other.ID; return nil })
	refused("a generation to come", func(_ *store.Tx, to *sallyport.Session) error { to.Generation++; return nil })
	refused("deactivated", func(tx *store.Tx, _ *sallyport.Session) error {
		off := t
		off.Status = sallyport.Deactivated
		return tx.UpdateTechnician(b.ctx, off)
	})
	b.Add(12 * time.Hour)
	refused("over age", func(_ *store.Tx, to *sallyport.Session) error { to.ExpiresAt = b.Now().Add(time.Hour); return nil })
	b.Add(-12 * time.Hour)
	b.write(func(tx *store.Tx) error { return tx.RotateSession(b.ctx, s.Hash, next) })
})

// Whoever is shut out already takes no place from who is not.
var _ = register("session limit counts those that live", func(b *bench) {
	t := b.person("mira")
	used := b.session(t, "used")
	b.Add(time.Second)
	b.session(t, "idle")
	short := sallyport.Session{Hash: hash("short"), Technician: t.ID, Generation: 1, CreatedAt: b.Now(), UsedAt: b.Now(), ExpiresAt: b.Now().Add(25 * time.Minute)}
	b.write(func(tx *store.Tx) error { _, err := tx.CreateSession(b.ctx, short, 0); return err })
	b.Add(20 * time.Minute)
	b.write(func(tx *store.Tx) error {
		return tx.TouchSessions(b.ctx, map[sallyport.Hash]time.Time{used.Hash: b.Now(), short.Hash: b.Now()})
	})
	b.Add(11 * time.Minute)
	newest := sallyport.Session{Hash: hash("new"), Technician: t.ID, Generation: 1, CreatedAt: b.Now(), UsedAt: b.Now(), ExpiresAt: b.Now().Add(time.Hour)}
	b.write(func(tx *store.Tx) error {
		ended, err := tx.CreateSession(b.ctx, newest, 2)
		if len(ended) != 0 {
			b.Errorf("%d ended", len(ended))
		}
		return err
	})
	b.sessionLives(used.Hash, true)
	b.sessionLives(newest.Hash, true)
})

var _ = register("links of another kind stay", func(b *bench) {
	t := b.person("mira")
	kinds := map[sallyport.LinkKind]sallyport.TechnicianID{sallyport.LinkReset: t.ID, sallyport.LinkInvitation: t.ID, sallyport.LinkRescue: t.ID}
	b.write(func(tx *store.Tx) error {
		for kind, whose := range kinds {
			b.ok(tx.InsertLink(b.ctx, sallyport.Link{Hash: hash(string(kind)), Kind: kind, Technician: whose, Generation: 1, ExpiresAt: b.Now().Add(time.Hour)}))
		}
		n, err := tx.DeleteLinks(b.ctx, t.ID, sallyport.LinkInvitation)
		if n != 1 {
			b.Errorf("%d deleted", n)
		}
		for kind, whose := range kinds {
			live, lost := tx.LiveLink(b.ctx, whose, kind)
			if (live == nil) != (kind == sallyport.LinkInvitation) {
				b.Errorf("%s: %+v", kind, live)
			}
			err = errors.Join(err, lost)
		}
		return err
	})
})

// The day's count of wrong answers gives back one for each right one, and that of an earlier day nothing.
var _ = register("a right answer takes back one of its own day", func(b *bench) {
	t := b.person("mira")
	count := func() {
		b.write(func(tx *store.Tx) error { _, err := tx.CountAnswer(b.ctx, t, 100, false); t.WrongRun++; return err })
	}
	count()
	count()
	b.Add(24 * time.Hour)
	count()
	b.write(func(tx *store.Tx) error { return tx.ClearAnswers(b.ctx, t.ID, false) })
	b.wrongYear(t, 2)
})

var _ = register("who accepts an invitation is alone in that", func(b *bench) {
	invited := func(t *sallyport.Technician) { t.Status = sallyport.Invited }
	one, two := b.person("one", invited), b.person("two", invited)
	b.write(func(tx *store.Tx) error {
		b.ok(tx.Activate(b.ctx, one.ID, one.Generation))
		first, e1 := tx.Technician(b.ctx, one.ID)
		second, e2 := tx.Technician(b.ctx, two.ID)
		if first.Status != sallyport.Active || second.Status != sallyport.Invited {
			b.Errorf("%s and %s", first.Status, second.Status)
		}
		return errors.Join(e1, e2)
	})
})
