package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

// wrongYear begins a sign-in of t, and wants so many wrong answers of his to be counted in 365 days.
func (b *bench) wrongYear(t sallyport.Technician, want int) {
	b.Helper()
	s := b.signIn(t, fmt.Sprint("year of ", b.Now()))
	b.write(func(tx *store.Tx) error {
		got, err := tx.Asked(b.ctx, s.Hash)
		if got.WrongYear != want {
			b.Errorf("%d in the year, want %d", got.WrongYear, want)
		}
		return errors.Join(err, tx.EndSignIn(b.ctx, s.Hash, err))
	})
}

var _ = register("answers are counted up to the cap", func(b *bench) {
	t := b.person("mira")
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
	b.wrongYear(t, 100)
	b.write(func(tx *store.Tx) error {
		run, err := tx.CountAnswer(b.ctx, t, 100, true) // recovery codes have a run of their own
		if run != 1 {
			b.Errorf("recovery %d", run)
		}
		b.ok(err)
		b.ok(tx.ClearAnswers(b.ctx, t.ID, false))
		got, err := tx.Technician(b.ctx, t.ID)
		if got.WrongRun != 0 || got.RecoveryRun != 1 {
			b.Errorf("after a right answer: %+v", got)
		}
		return err
	})
	b.wrongYear(t, 99)
})

var _ = register("answers wait, and end with the factor switched off", func(b *bench) {
	t := b.person("mira")
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
	counted(true, false, func(t *sallyport.Technician) { t.Generation++ })
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
		if got.FactorDisabled || got.WrongRun+got.RecoveryRun != 0 || !got.WaitUntil.IsZero() {
			b.Errorf("after the reset: %+v", got)
		}
		return err
	})
	b.wrongYear(t, 0)
	for range 3 {
		counted(false, true)
	}
	counted(false, false) // the run is full
})

var _ = register("a counted answer lets in who is as he was", func(b *bench) {
	t, moved, set := b.person("mira"), sallyport.E(sallyport.Conflict, "moved", "moved"), sallyport.DefaultSettings()
	in := func(want error, run int, change ...func(*sallyport.Technician)) {
		b.Helper()
		err := b.db.Write(b.ctx, func(tx *store.Tx) error {
			as := t
			for _, change := range change {
				change(&as)
			}
			return tx.ClearAnswersOf(b.ctx, as, run, b.Now(), set, moved)
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
	for _, change := range []func(*sallyport.Settings){func(s *sallyport.Settings) { s.SessionAge = time.Hour }, func(s *sallyport.Settings) { s.SessionLimit = 1 }} {
		now := set
		change(&now)
		act(func(tx *store.Tx) error { return tx.PutSettings(b.ctx, now) })
		in(moved, 1)
	}
	act(func(tx *store.Tx) error { return tx.PutSettings(b.ctx, set) })
	in(nil, 1)
	b.read(func(tx *store.Tx) error {
		got, err := tx.Technician(b.ctx, t.ID)
		if got.WrongRun != 0 || !got.WaitUntil.IsZero() || !got.LastSignInAt.Equal(b.Now()) {
			b.Errorf("%+v", got)
		}
		return err
	})
	b.wrongYear(t, 0)
	in(moved, 1)
	act(func(tx *store.Tx) error {
		gone := t
		gone.Status = sallyport.Deactivated
		_, err := tx.CountAnswer(b.ctx, t, 100, false)
		return errors.Join(err, tx.UpdateTechnician(b.ctx, gone))
	})
	in(moved, 1)
})

var _ = register("what is asked is read with whose it is", func(b *bench) {
	t, other := b.person("mira"), b.person("omar")
	mine, others := b.signIn(t, "i"), b.signIn(other, "j")
	app := sallyport.Factor{Technician: t.ID, Kind: sallyport.MethodApp, Secret: []byte("one"), LastStep: 100, Offset: -2, Address: "a", ProvedAt: b.Now(), UsedAt: b.Now()}
	b.write(func(tx *store.Tx) error {
		return errors.Join(tx.PutFactor(b.ctx, app), tx.SetRecoveryCodes(b.ctx, t.ID, [][]byte{{1}, {2}, {3}}))
	})
	b.write(func(tx *store.Tx) error { _, err := tx.UseRecoveryCode(b.ctx, t.ID, []byte{2}); return err })
	b.read(func(tx *store.Tx) error {
		got, err := tx.Asked(b.ctx, mine.Hash)
		held, lost := tx.Factor(b.ctx, t.ID)
		signIn, technician, failed := tx.SignIn(b.ctx, mine.Hash)
		want := sallyport.Asked{SignIn: signIn, Technician: technician, Factor: held, RecoveryLeft: 2}
		if technician.ID != t.ID || held == nil || !reflect.DeepEqual(got, want) {
			b.Errorf("%+v, want %+v", got, want)
		}
		if named, his, none := tx.TechnicianWithFactor(b.ctx, "mira"); none != nil || !reflect.DeepEqual(named, technician) || !reflect.DeepEqual(his, held) {
			b.Errorf("by his name: %+v with %+v, %v", named, his, none)
		}
		return errors.Join(err, lost, failed)
	})
	b.read(func(tx *store.Tx) error {
		got, err := tx.Asked(b.ctx, others.Hash)
		if got.Technician.ID != other.ID || got.Factor != nil || got.RecoveryLeft != 0 {
			b.Errorf("%+v", got)
		}
		if named, his, err := tx.TechnicianWithFactor(b.ctx, "omar"); err != nil || named.ID != other.ID || his != nil {
			b.Errorf("by his name: %+v with %+v, %v", named, his, err)
		}
		if named, his, none := tx.TechnicianWithFactor(b.ctx, "nobody"); named.ID != "" || his != nil || sallyport.KindOf(none) != sallyport.NotFound {
			b.Errorf("nobody: %+v with %+v, %v", named, his, none)
		}
		_, none := tx.Asked(b.ctx, hash("none"))
		b.code(none, "sign_in_over")
		return err
	})
	first := sallyport.SignIn{Hash: hash("first"), Purpose: sallyport.PurposeSetup, CreatedAt: b.Now(), ExpiresAt: b.Now().Add(time.Minute)}
	b.write(func(tx *store.Tx) error { return tx.InsertSignIn(b.ctx, first) })
	b.read(func(tx *store.Tx) error {
		got, err := tx.Asked(b.ctx, first.Hash)
		if got.SignIn.Purpose != sallyport.PurposeSetup || got.Technician.ID != "" || got.Factor != nil {
			b.Errorf("%+v", got)
		}
		return err
	})
	b.Add(time.Hour)
	b.read(func(tx *store.Tx) error {
		_, err := tx.Asked(b.ctx, mine.Hash)
		b.code(err, "sign_in_over")
		return nil
	})
})

var _ = register("answers count for 365 days", func(b *bench) {
	t := b.person("mira")
	for range 2 {
		b.write(func(tx *store.Tx) error {
			_, err := tx.CountAnswer(b.ctx, t, 100, false)
			t.WrongRun++
			return err
		})
		b.Add(24 * time.Hour)
	}
	b.Add(362 * 24 * time.Hour)
	b.wrongYear(t, 2)
	b.Add(24 * time.Hour)
	b.wrongYear(t, 1)
	b.Add(24 * time.Hour)
	b.wrongYear(t, 0)
})
