package storetest

import (
	"fmt"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

var _ = register("end of all leaves nothing that a backup could bring back", func(b *bench) {
	t := b.person("mira")
	later := t // what is of the generation that comes next does not die with this one
	later.Generation++
	s, i, j := b.session(t, "s"), b.signIn(t, "i"), b.signIn(later, "j")
	c, d := b.sent(i, "c"), b.sent(j, "d")
	b.write(func(tx *store.Tx) error {
		b.ok(tx.PutFactor(b.ctx, sallyport.Factor{Technician: t.ID, Kind: sallyport.MethodApp, Secret: []byte("s"), LastStep: 5, Offset: 3}))
		b.ok(tx.SetRecoveryCodes(b.ctx, t.ID, [][]byte{{1}}))
		b.ok(tx.PutEnrolmentCode(b.ctx, sallyport.EnrolmentCode{Technician: t.ID, Generation: later.Generation, ExpiresAt: b.Now().Add(time.Hour)}))
		for _, g := range []sallyport.Generation{t.Generation, later.Generation} {
			b.ok(tx.InsertLink(b.ctx, sallyport.Link{Hash: hash(fmt.Sprint("l", g)), Technician: t.ID, Generation: g, ExpiresAt: b.Now().Add(time.Hour)}))
			b.ok(tx.InsertReset(b.ctx, sallyport.PasswordReset{ID: fmt.Sprint("r", g), Technician: t.ID, Generation: g, Waiting: true, ExpiresAt: b.Now().Add(time.Hour)}))
		}
		b.ok(tx.PutMeta(b.ctx, "delivery.test.email", []byte("a code on its way")))
		return tx.InsertOutbox(b.ctx, sallyport.OutboxMessage{ID: "m", Channel: sallyport.ChannelEmail, Sealed: []byte("x"), ExpiresAt: b.Now().Add(time.Hour)})
	})
	b.write(func(tx *store.Tx) error {
		n, err := tx.EndAll(b.ctx)
		if n != 1 {
			b.Errorf("%d sessions ended", n)
		}
		return err
	})
	b.sessionLives(s.Hash, false)
	b.over(i.Hash)
	b.over(j.Hash)
	b.codeLives(c.ID, false)
	b.codeLives(d.ID, false)
	b.write(func(tx *store.Tx) error {
		step := b.Now().Unix() / 30
		for _, c := range []struct {
			step int64
			want bool
		}{{step + 3, false}, {step + 5, false}, {step + 6, true}} {
			if ok, err := tx.BurnStep(b.ctx, t.ID, c.step); ok != c.want || err != nil {
				b.Errorf("step %+d: %v %v", c.step-step, ok, err)
			}
		}
		used, err := tx.UseRecoveryCode(b.ctx, t.ID, []byte{1})
		b.ok(err)
		code, err := tx.EnrolmentCode(b.ctx, t.ID)
		b.ok(err)
		due, err := tx.DueOutbox(b.ctx, 10)
		b.ok(err)
		waiting, err := tx.WaitingResets(b.ctx)
		b.ok(err)
		for _, g := range []sallyport.Generation{t.Generation, later.Generation} {
			_, link := tx.Link(b.ctx, hash(fmt.Sprint("l", g)))
			_, reset := tx.Reset(b.ctx, fmt.Sprint("r", g))
			if link == nil || reset == nil {
				b.Errorf("of generation %d live: link %v, password reset %v", g, link == nil, reset == nil)
			}
		}
		now, err := tx.Technician(b.ctx, t.ID)
		b.ok(err)
		test, err := tx.Meta(b.ctx, "delivery.test.email")
		if used || code != nil || len(due) != 0 || len(waiting) != 0 || now.Generation != 2 || len(test) > 0 {
			b.Errorf("%v %+v %d %d %+v, the test %q", used, code, len(due), len(waiting), now, test)
		}
		return err
	})
})
