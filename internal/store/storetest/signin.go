package storetest

import (
	"errors"
	"reflect"
	"sync/atomic"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

var _ = register("sign-in comes back whole, for ten minutes", func(b *bench) {
	t := b.person("mira")
	s := sallyport.SignIn{Hash: hash("i"), Technician: t.ID, Generation: 1, Purpose: sallyport.PurposeStepUp,
		Proofs: sallyport.Proofs{Password: true, Enrolled: true}, Session: hash("s"), Pending: []byte("sealed"), PendingAt: b.Now(),
		OffsetStep: 7, Offset: -3, Wrong: 2, Return: "/admin", Address: "192.0.2.1", Browser: "Firefox", CreatedAt: b.Now(), ExpiresAt: b.Now().Add(10 * time.Minute)}
	b.write(func(tx *store.Tx) error { return tx.InsertSignIn(b.ctx, s) })
	b.read(func(tx *store.Tx) error {
		got, who, err := tx.SignIn(b.ctx, s.Hash)
		if !reflect.DeepEqual(got, s) || who.ID != t.ID {
			b.Errorf("got  %+v\nwant %+v", got, s)
		}
		return err
	})
	b.Add(10 * time.Minute)
	b.over(s.Hash)
})

// over fails unless a sign-in is over.
func (b *bench) over(h sallyport.Hash) {
	b.Helper()
	b.write(func(tx *store.Tx) error {
		_, _, err := tx.SignIn(b.ctx, h)
		b.code(err, "sign_in_over")
		b.code(tx.UpdateSignIn(b.ctx, sallyport.SignIn{Hash: h, ExpiresAt: b.Now().Add(time.Hour)}), "sign_in_over")
		b.code(tx.RotateSignIn(b.ctx, h, hash("elsewhere")), "sign_in_over")
		return nil
	})
}

var _ = register("sign-in without a technician lives by time alone", func(b *bench) {
	b.signIn(sallyport.Technician{}, "set-up")
	b.read(func(tx *store.Tx) error {
		s, t, err := tx.SignIn(b.ctx, hash("set-up"))
		if s.Technician != "" || t.ID != "" {
			b.Errorf("%+v %+v", s, t)
		}
		return err
	})
	b.over(hash("another"))
})

var _ = register("sign-in needs a technician who is not deactivated", func(b *bench) {
	t := b.person("mira")
	s := b.signIn(t, "i")
	t.Status = sallyport.Deactivated
	b.write(func(tx *store.Tx) error { return tx.UpdateTechnician(b.ctx, t) })
	b.over(s.Hash)
})

var _ = register("sign-in's proofs only become true", func(b *bench) {
	s := b.signIn(b.person("mira"), "i")
	b.write(func(tx *store.Tx) error {
		all := sallyport.Proofs{Password: true, Opener: true, Enrolment: true, Recovery: true, Factor: true, Enrolled: true}
		s.Proofs, s.Wrong = all, 2
		s.Proofs.Opener = false
		b.ok(tx.UpdateSignIn(b.ctx, s))
		s.Proofs, s.Wrong, s.Return = sallyport.Proofs{Opener: true}, 1, "/next"
		b.ok(tx.UpdateSignIn(b.ctx, s))
		got, _, err := tx.SignIn(b.ctx, s.Hash)
		if got.Proofs != all || got.Wrong != 2 || got.Return != "/next" {
			b.Errorf("%+v", got)
		}
		return err
	})
})

var _ = register("sign-in's new token takes its codes along", func(b *bench) {
	s := b.signIn(b.person("mira"), "old")
	c := b.sent(s, "c")
	b.write(func(tx *store.Tx) error { return tx.RotateSignIn(b.ctx, s.Hash, hash("new")) })
	b.over(s.Hash)
	b.write(func(tx *store.Tx) error {
		newest, err := tx.NewestCode(b.ctx, hash("new"))
		b.ok(err)
		if newest == nil || newest.ID != c.ID {
			b.Fatalf("%+v", newest)
		}
		was, err := tx.DeleteSignIn(b.ctx, hash("new"))
		b.ok(err)
		again, err := tx.DeleteSignIn(b.ctx, hash("new"))
		newest, _ = tx.NewestCode(b.ctx, hash("new"))
		if !was || again || newest != nil {
			b.Errorf("%v %v %+v", was, again, newest)
		}
		return err
	})
})

var _ = register("code is compared three times of a thousand", func(b *bench) {
	c := b.sent(b.signIn(b.person("mira"), "i"), "c")
	var most atomic.Int32
	n := b.parallel(1000, func(tx *store.Tx) (bool, error) {
		got, ok, err := tx.CountAttempt(b.ctx, c.ID)
		if ok {
			most.Store(max(most.Load(), int32(got.Attempts)))
		}
		return ok, err
	})
	if n != sallyport.CodeTries || most.Load() != sallyport.CodeTries {
		b.Errorf("%d compared, %d counted, want %d", n, most.Load(), sallyport.CodeTries)
	}
})

var _ = register("code is consumed once", func(b *bench) {
	c := b.sent(b.signIn(b.person("mira"), "i"), "c")
	b.once(func(tx *store.Tx) (bool, error) { return tx.ConsumeCode(b.ctx, c.ID) })
	b.codeLives(c.ID, false)
})

// codeLives fails unless both counting an attempt and consuming answer want. It undoes what it did.
func (b *bench) codeLives(id sallyport.CodeID, want bool) {
	b.Helper()
	_ = b.db.Write(b.ctx, func(tx *store.Tx) error {
		_, counted, err := tx.CountAttempt(b.ctx, id)
		b.ok(err)
		consumed, err := tx.ConsumeCode(b.ctx, id)
		b.ok(err)
		if counted != want || consumed != want {
			b.Errorf("counted %v, consumed %v, want %v", counted, consumed, want)
		}
		return errUndo
	})
}

var _ = register("code lives three minutes by the database's clock", func(b *bench) {
	c := b.sent(b.signIn(b.person("mira"), "i"), "c")
	b.Add(179900 * time.Millisecond)
	b.codeLives(c.ID, true)
	b.Add(100 * time.Millisecond)
	b.codeLives(c.ID, false)
	b.Add(100 * time.Millisecond)
	b.codeLives(c.ID, false)
})

var _ = register("code's time is read at the statement, not at the transaction's start", func(b *bench) {
	c := b.sent(b.signIn(b.person("mira"), "i"), "c")
	b.write(func(tx *store.Tx) error {
		before, err := tx.Now(b.ctx)
		b.ok(err)
		b.Add(181 * time.Second)
		after, err := tx.Now(b.ctx)
		b.ok(err)
		if after.Sub(before) != 181*time.Second {
			b.Errorf("the clock moved by %v", after.Sub(before))
		}
		ok, err := tx.ConsumeCode(b.ctx, c.ID)
		if ok {
			b.Error("a code that became too old meanwhile was consumed")
		}
		return err
	})
})

var _ = register("code is dead when a newer one was sent", func(b *bench) {
	s := b.signIn(b.person("mira"), "i")
	old, next := b.sent(s, "old"), b.sent(s, "new")
	elsewhere := b.sent(b.signIn(sallyport.Technician{ID: "mira", Generation: 1}, "other"), "other")
	b.codeLives(old.ID, false)
	b.codeLives(next.ID, true)
	b.codeLives(elsewhere.ID, true)
	b.write(func(tx *store.Tx) error {
		b.ok(tx.SetCodeState(b.ctx, next.ID, sallyport.Failed, "no such mailbox"))
		b.ok(tx.SetCodeState(b.ctx, "gone", sallyport.Sent, ""))
		got, err := tx.NewestCode(b.ctx, s.Hash)
		next.State, next.Detail = sallyport.Failed, "no such mailbox"
		if !reflect.DeepEqual(*got, next) {
			b.Errorf("got  %+v\nwant %+v", *got, next)
		}
		return err
	})
})

var _ = register("sends are counted, forgiven and succeed", func(b *bench) {
	t, other := b.person("mira"), b.person("other")
	begin := b.Now()
	limit := 2
	counts := func(want sallyport.SendCounts) {
		b.Helper()
		b.read(func(tx *store.Tx) error {
			got, err := tx.SendCounts(b.ctx, t.ID, "Box@example.com", limit, limit)
			if got != want {
				b.Errorf("got  %+v\nwant %+v", got, want)
			}
			return err
		})
	}
	counts(sallyport.SendCounts{})
	mine, others := b.signIn(t, "mine"), b.signIn(other, "others")
	b.sent(mine, "1")
	b.sent(others, "2")
	b.write(func(tx *store.Tx) error {
		b.ok(tx.InsertSend(b.ctx, "1", t.ID, "box@example.com"))
		b.Add(time.Minute)
		b.ok(tx.InsertSend(b.ctx, "2", other.ID, "bOx@example.com"))
		b.Add(time.Minute)
		return tx.InsertSend(b.ctx, "3", t.ID, "else@example.com")
	})
	counts(sallyport.SendCounts{Hour: 2, HourFull: begin, Day: 2, DayFull: begin, Last: begin.Add(2 * time.Minute)})
	limit = 1 // which was lowered: the newer one has to be over, not the oldest
	counts(sallyport.SendCounts{Hour: 2, HourFull: begin.Add(2 * time.Minute), Day: 2, DayFull: begin.Add(time.Minute), Last: begin.Add(2 * time.Minute)})
	limit = 3
	counts(sallyport.SendCounts{Hour: 2, Day: 2, Last: begin.Add(2 * time.Minute)})
	limit = 1
	b.write(func(tx *store.Tx) error { return tx.ForgiveSend(b.ctx, "3") })
	counts(sallyport.SendCounts{Hour: 1, HourFull: begin, Day: 2, DayFull: begin.Add(time.Minute), Last: begin})
	b.write(func(tx *store.Tx) error { return tx.SucceedSends(b.ctx, mine.Hash) }) // what somebody else was sent counts on
	counts(sallyport.SendCounts{Hour: 1, HourFull: begin, Day: 1, DayFull: begin.Add(time.Minute), Last: begin})
	b.write(func(tx *store.Tx) error { return tx.SucceedSends(b.ctx, others.Hash) })
	counts(sallyport.SendCounts{Hour: 1, HourFull: begin, Last: begin})
	b.Add(58 * time.Minute)
	counts(sallyport.SendCounts{Last: begin})
	again := b.Now()
	b.write(func(tx *store.Tx) error { return tx.InsertSend(b.ctx, "4", other.ID, "box@example.com") })
	b.Add(24*time.Hour - time.Microsecond)
	counts(sallyport.SendCounts{Day: 1, DayFull: again, Last: begin})
	b.Add(time.Microsecond)
	counts(sallyport.SendCounts{Last: begin})
})

var _ = register("a sign-in ends in time or not at all", func(b *bench) {
	gone := sallyport.E(sallyport.Gone, "gone", "gone")
	s := b.signIn(b.person("mira"), "i")
	b.Add(s.ExpiresAt.Sub(b.Now()))
	if err := b.db.Write(b.ctx, func(tx *store.Tx) error { return tx.EndSignIn(b.ctx, s.Hash, gone) }); !errors.Is(err, gone) {
		b.Error(err)
	}
})
