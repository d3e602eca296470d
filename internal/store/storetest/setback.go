package storetest

import (
	"time"

	"sallyport"
	"sallyport/internal/store"
)

// What was stored while the clock was a day ahead lives no longer than it should when that is set right, holds nobody up, and
// what was there before lives on.
var _ = register("clock set back", func(b *bench) {
	dana, omar := b.person("dana"), b.person("omar")
	setup := func(until time.Time) func(*sallyport.Technician) {
		return func(t *sallyport.Technician) { t.SetupUntil = until }
	}
	soon := b.person("soon", setup(b.Now().Add(time.Hour)))
	b.write(func(tx *store.Tx) error {
		set, err := tx.Settings(b.ctx)
		b.ok(err)
		set.SetupLife, set.InvitationLife = 2*time.Hour, 6*time.Hour
		return tx.PutSettings(b.ctx, set)
	})
	before := b.session(dana, "before")
	b.write(func(tx *store.Tx) error {
		return tx.InsertLink(b.ctx, sallyport.Link{Hash: hash("old"), Kind: sallyport.LinkReset, Technician: dana.ID, Generation: 1, CreatedAt: b.Now(), ExpiresAt: b.Now().Add(time.Hour)})
	})
	ahead := func(d time.Duration) time.Time { return b.Now().Add(d) }
	b.Add(24 * time.Hour)
	late := b.session(dana, "late")
	open := b.person("open", setup(ahead(6*time.Hour)))
	b.sent(b.signIn(dana, "i"), "c")
	b.write(func(tx *store.Tx) error {
		b.guess(tx, "k", 1)
		b.ok(tx.SetGuessWait(b.ctx, "k", ahead(time.Minute)))
		b.ok(tx.SetWait(b.ctx, omar.ID, ahead(time.Minute)))
		b.ok(tx.PutKept(b.ctx, dana.ID, "page", []byte("sealed"), time.Hour))
		b.ok(tx.PutMeta(b.ctx, "delivery.test.email", []byte("a test of Email Settings")))
		b.ok(tx.PutMeta(b.ctx, "delivery", []byte("no test")))
		_, err := tx.Fill(b.ctx, "bucket", time.Minute, time.Minute)
		b.ok(err)
		b.ok(tx.InsertSend(b.ctx, "c", dana.ID, "a"))
		b.ok(tx.NoteReset(b.ctx, dana.ID))
		b.ok(tx.TouchSessions(b.ctx, map[sallyport.Hash]time.Time{before.Hash: b.Now()}))
		b.ok(tx.InsertLink(b.ctx, sallyport.Link{Hash: hash("new"), Kind: sallyport.LinkReset, Technician: dana.ID, Generation: 1, CreatedAt: b.Now(), ExpiresAt: ahead(time.Hour)}))
		b.ok(tx.PutEnrolmentCode(b.ctx, sallyport.EnrolmentCode{Technician: dana.ID, Generation: 1, Hash: []byte("e"), ExpiresAt: ahead(time.Hour)}))
		_, err = tx.HoldSink(b.ctx, "sink", "one that is gone", 45*time.Second)
		return err
	})
	b.Add(-23*time.Hour - 50*time.Minute)
	change := b.lastChange(func() {
		b.write(func(tx *store.Tx) error {
			n, err := tx.ClockSetBack(b.ctx)
			if n != 1 {
				b.Errorf("%d sign-ins ended", n)
			}
			return err
		})
	})
	if len(change.Ended) != 1 || change.Ended[0] != late.Hash {
		b.Errorf("ended %v", change.Ended)
	}
	b.read(func(tx *store.Tx) error {
		still, err := tx.Technician(b.ctx, soon.ID)
		b.ok(err)
		cut, err := tx.Technician(b.ctx, open.ID)
		b.ok(err)
		test, err := tx.Meta(b.ctx, "delivery.test.email")
		b.ok(err)
		other, err := tx.Meta(b.ctx, "delivery")
		if !still.SetupUntil.Equal(soon.SetupUntil) || !cut.SetupUntil.Equal(ahead(6*time.Hour)) || len(test) > 0 || len(other) == 0 {
			b.Errorf("set-ups until %v and %v, the test %q, and no test %q", still.SetupUntil, cut.SetupUntil, test, other)
		}
		return err
	})
	b.sessionLives(before.Hash, true)
	b.sessionLives(late.Hash, false)
	b.over(hash("i"))
	b.Add(15 * time.Minute)
	b.write(func(tx *store.Tx) error {
		held, err := tx.HoldSink(b.ctx, "sink", "another", time.Second)
		wrong, wrongErr := tx.CountGuesses(b.ctx, []string{"k"})
		t, readErr := tx.Technician(b.ctx, omar.ID)
		if err != nil || !held || wrongErr != nil || wrong["k"] != 2 || readErr != nil || t.WaitUntil.After(b.Now()) {
			b.Errorf("held up: sink %v %v, guess %v %v, %v %v", held, err, wrong, wrongErr, t.WaitUntil, readErr)
		}
		return nil
	})
	b.Add(46 * time.Minute)
	b.sessionLives(before.Hash, false) // idle since
	b.read(func(tx *store.Tx) error {
		for _, name := range []string{"old", "new"} {
			_, err := tx.Link(b.ctx, hash(name))
			b.code(err, "link_over")
		}
		code, err := tx.EnrolmentCode(b.ctx, dana.ID)
		b.ok(err)
		sends, err := tx.SendCounts(b.ctx, dana.ID, "a", 5, 10)
		b.ok(err)
		resets, err := tx.CountResets(b.ctx, dana.ID, b.Now().Add(-time.Hour))
		empty, emptyErr := tx.EmptyAt(b.ctx, "bucket")
		if code != nil || sends.Hour != 0 || resets != 0 || empty["bucket"].After(b.Now()) || emptyErr != nil {
			b.Errorf("enrolment code %v, %+v sends, %d resets, %v", code, sends, resets, empty)
		}
		return err
	})
	b.Add(23 * time.Hour)
	b.read(func(tx *store.Tx) error {
		kept, err := tx.Kept(b.ctx, dana.ID, "page")
		if len(kept) > 0 {
			b.Errorf("kept for longer than anything is: %q", kept)
		}
		return err
	})
})

// A day of the future says nothing once the clock is set back: what was counted on it counts for today, and what a right answer
// takes back is today's.
var _ = register("days of the future are today when the clock is set back", func(b *bench) {
	dana := b.person("dana")
	answer := func(right bool) {
		b.Helper()
		b.write(func(tx *store.Tx) error {
			t, err := tx.Technician(b.ctx, dana.ID)
			b.ok(err)
			_, err = tx.CountAnswer(b.ctx, t, 100, false)
			b.ok(err)
			if !right {
				return nil
			}
			return tx.ClearAnswers(b.ctx, dana.ID, false)
		})
	}
	answer(false)
	b.Add(2 * 24 * time.Hour)
	answer(false)
	answer(true)
	b.Add(24 * time.Hour)
	answer(false)
	answer(false)
	b.Add(-3 * 24 * time.Hour)
	b.write(func(tx *store.Tx) error { _, err := tx.ClockSetBack(b.ctx); return err })
	b.wrongYear(dana, 4)
	for range 5 {
		answer(true)
	}
	b.wrongYear(dana, 4)
	b.Add(366 * 24 * time.Hour)
	b.wrongYear(dana, 0)
})

// Who signed in while the clock was years ahead is known by that for no longer than anybody, and his next sign-in is the last one.
var _ = register("sign-ins of the future are of now when the clock is set back", func(b *bench) {
	dana := b.person("dana")
	const ahead = 10 * 365 * 24 * time.Hour
	b.Add(ahead)
	b.session(dana, "late")
	b.write(func(tx *store.Tx) error { return tx.PutDevice(b.ctx, hash("browser"), dana.ID) })
	b.Add(-ahead)
	b.write(func(tx *store.Tx) error { _, err := tx.ClockSetBack(b.ctx); return err })
	last := func() {
		b.Helper()
		b.read(func(tx *store.Tx) error {
			t, err := tx.Technician(b.ctx, dana.ID)
			if !t.LastSignInAt.Equal(b.Now()) {
				b.Errorf("signed in last at %v, and it is %v", t.LastSignInAt, b.Now())
			}
			return err
		})
	}
	last()
	b.Add(time.Hour)
	b.session(dana, "next")
	last()
	b.Add(366 * 24 * time.Hour)
	b.read(func(tx *store.Tx) error {
		_, known, err := tx.Device(b.ctx, hash("browser"))
		if known {
			b.Error("the browser is known for longer than a year")
		}
		return err
	})
})
