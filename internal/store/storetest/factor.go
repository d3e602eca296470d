package storetest

import (
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
		app.LastStep = 150
		b.ok(tx.PutFactor(b.ctx, app))
		if f, err = tx.Factor(b.ctx, t.ID); f.LastStep != 150 {
			b.Errorf("the same secret, later: %+v, %v", f, err)
		}
		app.LastStep = 50
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
		b.ok(tx.SetOffset(b.ctx, t.ID, -3))
		if f, err := tx.Factor(b.ctx, t.ID); err != nil || f.Offset != -3 || f.LastStep != 13 {
			b.Errorf("another offset: %+v, %v", f, err)
		}
		if err := tx.SetOffset(b.ctx, "nobody", 0); sallyport.KindOf(err) != sallyport.NotFound {
			b.Errorf("the offset of nobody's phone: %v", err)
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
	use := func(tx *store.Tx) (bool, error) { return tx.UseEnrolmentCode(b.ctx, t.ID, 1, []byte{1}) }
	put()
	b.write(func(tx *store.Tx) error {
		ok, err := tx.UseEnrolmentCode(b.ctx, t.ID, 2, []byte{1})
		if ok {
			b.Error("used for another generation")
		}
		b.ok(err)
		if ok, err = tx.UseEnrolmentCode(b.ctx, t.ID, 1, []byte{2}); ok {
			b.Error("used in the place of the one that was compared")
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
