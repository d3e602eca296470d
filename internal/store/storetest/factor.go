package storetest

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

// parallel runs act n times at once and returns how often it said yes.
func (b *bench) parallel(n int, act func(*store.Tx) (bool, error)) int {
	b.Helper()
	var yes atomic.Int32
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			ok := false
			err := b.db.Write(b.ctx, func(tx *store.Tx) (err error) {
				ok, err = act(tx)
				return err
			})
			if err != nil {
				b.Error(err)
			} else if ok {
				yes.Add(1)
			}
		})
	}
	all.Wait()
	return int(yes.Load())
}

// once fails unless act says yes to exactly one of many at once.
func (b *bench) once(act func(*store.Tx) (bool, error)) {
	b.Helper()
	if n := b.parallel(200, act); n != 1 {
		b.Errorf("%d of 200 won, want 1", n)
	}
}

var _ = register("factor is kept, replaced and deleted", func(b *bench) {
	t := b.person("mira")
	b.write(func(tx *store.Tx) error {
		f, err := tx.Factor(b.ctx, t.ID)
		b.ok(err)
		if f != nil {
			b.Errorf("held before: %+v", f)
		}
		app := sallyport.Factor{Technician: t.ID, Kind: sallyport.MethodApp, Secret: []byte("one"), LastStep: 100, Offset: -2, ProvedAt: b.Now(), UsedAt: b.Now()}
		b.ok(tx.PutFactor(b.ctx, app))
		app.LastStep = 50
		b.ok(tx.PutFactor(b.ctx, app))
		f, err = tx.Factor(b.ctx, t.ID)
		b.ok(err)
		if f.LastStep != 100 || f.Offset != -2 || string(f.Secret) != "one" || !f.ProvedAt.Equal(b.Now()) {
			b.Errorf("the same secret again: %+v", f)
		}
		app.Secret = []byte("two")
		b.ok(tx.PutFactor(b.ctx, app))
		if f, err = tx.Factor(b.ctx, t.ID); f.LastStep != 50 {
			b.Errorf("another secret: %+v, %v", f, err)
		}
		b.ok(tx.SetRecoveryCodes(b.ctx, t.ID, [][]byte{{1}}))
		b.ok(tx.DeleteFactor(b.ctx, t.ID))
		f, err = tx.Factor(b.ctx, t.ID)
		b.ok(err)
		left, err := tx.RecoveryLeft(b.ctx, t.ID)
		if f != nil || left != 0 {
			b.Errorf("after deletion: %+v, %d codes", f, left)
		}
		return err
	})
})

var _ = register("step is burnt once, and older ones with it", func(b *bench) {
	t := b.person("mira")
	b.write(func(tx *store.Tx) error {
		return tx.PutFactor(b.ctx, sallyport.Factor{Technician: t.ID, Kind: sallyport.MethodApp, Secret: []byte("s"), LastStep: 10})
	})
	b.once(func(tx *store.Tx) (bool, error) { return tx.BurnStep(b.ctx, t.ID, 12) })
	b.write(func(tx *store.Tx) error {
		for step, want := range map[int64]bool{10: false, 11: false, 12: false} {
			if ok, err := tx.BurnStep(b.ctx, t.ID, step); ok != want || err != nil {
				b.Errorf("step %d: %v %v", step, ok, err)
			}
		}
		if ok, err := tx.BurnStep(b.ctx, t.ID, 13); !ok || err != nil {
			b.Errorf("the next step: %v %v", ok, err)
		}
		return nil
	})
})

var _ = register("recovery code is used once", func(b *bench) {
	t := b.person("mira")
	b.write(func(tx *store.Tx) error { return tx.SetRecoveryCodes(b.ctx, t.ID, [][]byte{{1}, {2}, {3}}) })
	b.once(func(tx *store.Tx) (bool, error) { return tx.UseRecoveryCode(b.ctx, t.ID, []byte{2}) })
	b.write(func(tx *store.Tx) error {
		left, err := tx.RecoveryLeft(b.ctx, t.ID)
		if left != 2 || err != nil {
			b.Errorf("%d left, %v", left, err)
		}
		ok, err := tx.UseRecoveryCode(b.ctx, t.ID, []byte{9})
		if ok || err != nil {
			b.Errorf("an unknown one: %v %v", ok, err)
		}
		b.ok(tx.SetRecoveryCodes(b.ctx, t.ID, [][]byte{{4}}))
		ok, err = tx.UseRecoveryCode(b.ctx, t.ID, []byte{1})
		if ok {
			b.Error("a replaced one was taken")
		}
		return err
	})
})

var _ = register("enrolment code is used once, in time, in its generation", func(b *bench) {
	t := b.person("mira")
	put := func() {
		b.write(func(tx *store.Tx) error {
			return tx.PutEnrolmentCode(b.ctx, sallyport.EnrolmentCode{Technician: t.ID, Generation: 1, Hash: []byte{1}, ExpiresAt: b.Now().Add(time.Hour), IssuedBy: "boss"})
		})
	}
	use := func(tx *store.Tx) (bool, error) { return tx.UseEnrolmentCode(b.ctx, t.ID, 1) }
	put()
	b.write(func(tx *store.Tx) error {
		ok, err := tx.UseEnrolmentCode(b.ctx, t.ID, 2)
		if ok {
			b.Error("used for another generation")
		}
		return err
	})
	b.once(use)
	put()
	b.Add(time.Hour)
	b.write(func(tx *store.Tx) error {
		c, err := tx.EnrolmentCode(b.ctx, t.ID)
		b.ok(err)
		ok, err := use(tx)
		if c != nil || ok {
			b.Errorf("an hour later: %+v %v", c, ok)
		}
		return err
	})
})

var _ = register("answers are counted up to the cap", func(b *bench) {
	t := b.person("mira")
	signIn := b.signIn(t, "i")
	count := func(tx *store.Tx) (bool, error) {
		t, err := tx.Technician(b.ctx, t.ID)
		if err != nil || t.WrongRun == 100 {
			return false, err
		}
		_, err = tx.CountAnswer(b.ctx, t, 100, false)
		return true, err
	}
	if n := b.parallel(300, count); n != 100 {
		b.Errorf("%d answers were looked at, want 100", n)
	}
	b.write(func(tx *store.Tx) error {
		year, err := tx.WrongYear(b.ctx, signIn.Hash)
		b.ok(err)
		run, err := tx.CountAnswer(b.ctx, t, 100, true) // recovery codes have a run of their own
		if year != 100 || run != 1 {
			b.Errorf("year %d, recovery %d", year, run)
		}
		b.ok(err)
		b.ok(tx.ClearAnswers(b.ctx, t.ID, false))
		got, err := tx.Technician(b.ctx, t.ID)
		if year, _ = tx.WrongYear(b.ctx, signIn.Hash); year != 99 || got.WrongRun != 0 || got.RecoveryRun != 1 {
			b.Errorf("after a right answer: year %d, %+v", year, got)
		}
		return err
	})
})

var _ = register("answers wait, and end with the factor switched off", func(b *bench) {
	t := b.person("mira")
	signIn := b.signIn(t, "i")
	counted := func(recovery, want bool, before ...func(*sallyport.Technician)) {
		b.Helper()
		err := b.db.Write(b.ctx, func(tx *store.Tx) error {
			read, err := tx.Technician(b.ctx, t.ID)
			for _, change := range before {
				change(&read)
			}
			if err == nil {
				_, err = tx.CountAnswer(b.ctx, read, 3, recovery)
			}
			return err
		})
		if (err == nil) != want || !want && sallyport.KindOf(err) != sallyport.Unavailable {
			b.Errorf("counted: %v, want %v", err, want)
		}
	}
	counted(false, false, func(t *sallyport.Technician) { t.Generation++ })
	counted(false, false, func(t *sallyport.Technician) { t.WrongRun++ }) // somebody else's answer was taken back meanwhile
	counted(true, false, func(t *sallyport.Technician) { t.RecoveryRun++ })
	b.write(func(tx *store.Tx) error { return tx.SetWait(b.ctx, t.ID, b.Now().Add(time.Second)) })
	counted(false, false)
	counted(true, false)
	b.Add(time.Second)
	counted(false, true)
	b.write(func(tx *store.Tx) error { return tx.DisableFactor(b.ctx, t.ID) })
	counted(false, false)
	for range 3 {
		counted(true, true)
	}
	counted(true, false) // the run is full
	b.write(func(tx *store.Tx) error {
		b.ok(tx.ResetWrong(b.ctx, t.ID))
		got, err := tx.Technician(b.ctx, t.ID)
		year, _ := tx.WrongYear(b.ctx, signIn.Hash)
		if got.FactorDisabled || got.WrongRun+got.RecoveryRun+year != 0 || !got.WaitUntil.IsZero() {
			b.Errorf("after the reset: year %d, %+v", year, got)
		}
		return err
	})
	counted(false, true)
})

var _ = register("a counted answer lets in who is as he was", func(b *bench) {
	t, moved := b.person("mira"), sallyport.E(sallyport.Conflict, "moved", "moved")
	signIn := b.signIn(t, "i")
	in := func(want error, run int, change ...func(*sallyport.Technician)) {
		b.Helper()
		err := b.db.Write(b.ctx, func(tx *store.Tx) error {
			as := t
			for _, change := range change {
				change(&as)
			}
			return tx.ClearAnswersOf(b.ctx, as, run, b.Now(), moved)
		})
		if !errors.Is(err, want) {
			b.Errorf("%v, want %v", err, want)
		}
	}
	act := func(fn func(tx *store.Tx) error) { b.Helper(); b.write(fn) }
	act(func(tx *store.Tx) error { _, err := tx.CountAnswer(b.ctx, t, 100, false); return err })
	in(moved, 2) // another answer was counted
	in(moved, 1, func(t *sallyport.Technician) { t.Generation++ })
	in(moved, 1, func(t *sallyport.Technician) { t.ID = "nobody" })
	act(func(tx *store.Tx) error { return tx.DisableFactor(b.ctx, t.ID) })
	in(moved, 1)
	act(func(tx *store.Tx) error { return tx.ResetWrong(b.ctx, t.ID) })
	act(func(tx *store.Tx) error { _, err := tx.CountAnswer(b.ctx, t, 100, false); return err })
	act(func(tx *store.Tx) error { return tx.SetWait(b.ctx, t.ID, b.Now().Add(time.Second)) })
	in(nil, 1)
	b.read(func(tx *store.Tx) error {
		got, err := tx.Technician(b.ctx, t.ID)
		year, lost := tx.WrongYear(b.ctx, signIn.Hash)
		if got.WrongRun != 0 || !got.WaitUntil.IsZero() || !got.LastSignInAt.Equal(b.Now()) || year != 0 {
			b.Errorf("year %d, %+v", year, got)
		}
		return errors.Join(err, lost)
	})
	in(moved, 1)
	act(func(tx *store.Tx) error {
		gone := t
		gone.Status = sallyport.Deactivated
		_, err := tx.CountAnswer(b.ctx, t, 100, false)
		return errors.Join(err, tx.UpdateTechnician(b.ctx, gone))
	})
	in(moved, 1)
})

var _ = register("recovery codes are counted by their owner's sign-in", func(b *bench) {
	t, other := b.person("mira"), b.person("omar")
	mine, others := b.signIn(t, "i"), b.signIn(other, "j")
	b.write(func(tx *store.Tx) error { return tx.SetRecoveryCodes(b.ctx, t.ID, [][]byte{{1}, {2}, {3}}) })
	b.write(func(tx *store.Tx) error { _, err := tx.UseRecoveryCode(b.ctx, t.ID, []byte{2}); return err })
	for h, want := range map[sallyport.Hash]int{mine.Hash: 2, others.Hash: 0, hash("none"): 0} {
		b.read(func(tx *store.Tx) error {
			n, err := tx.RecoveryOfSignIn(b.ctx, h)
			if n != want {
				b.Errorf("%d, want %d", n, want)
			}
			return err
		})
	}
})

var _ = register("a sign-in ends in time or not at all", func(b *bench) {
	gone := sallyport.E(sallyport.Gone, "gone", "gone")
	s := b.signIn(b.person("mira"), "i")
	b.Add(s.ExpiresAt.Sub(b.Now()))
	if err := b.db.Write(b.ctx, func(tx *store.Tx) error { return tx.EndSignIn(b.ctx, s.Hash, gone) }); !errors.Is(err, gone) {
		b.Error(err)
	}
})

var _ = register("answers count for 365 days", func(b *bench) {
	t := b.person("mira")
	signIn := b.signIn(t, "i")
	year := func(want int) {
		b.Helper()
		b.read(func(tx *store.Tx) error {
			n, err := tx.WrongYear(b.ctx, signIn.Hash)
			if n != want {
				b.Errorf("%d in the year, want %d", n, want)
			}
			return err
		})
	}
	for range 2 {
		b.write(func(tx *store.Tx) error {
			_, err := tx.CountAnswer(b.ctx, t, 100, false)
			t.WrongRun++
			return err
		})
		b.Add(24 * time.Hour)
	}
	b.Add(362 * 24 * time.Hour)
	year(2)
	b.Add(24 * time.Hour)
	year(1)
	b.Add(24 * time.Hour)
	year(0)
})
