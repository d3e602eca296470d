package storetest

import (
	"errors"
	"reflect"
	"strings"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

var _ = register("technician comes back whole", func(b *bench) {
	t := b.person("mira", func(t *sallyport.Technician) {
		t.Password, t.PasswordAt = []byte("sealed"), b.Now()
		t.Phone, t.SetupUntil, t.WaitUntil = "+15551230001", b.Now().Add(time.Hour), b.Now().Add(time.Second)
		t.FactorDisabled, t.WrongRun, t.RecoveryRun = true, 3, 2
		t.EmailChangedAt, t.EmailChangedBy, t.LastSignInAt = b.Now(), "someone", b.Now()
	})
	b.read(func(tx *store.Tx) error {
		for _, find := range []func() (sallyport.Technician, error){
			func() (sallyport.Technician, error) { return tx.Technician(b.ctx, "mira") },
			func() (sallyport.Technician, error) { return tx.TechnicianByKey(b.ctx, "mira") },
			func() (sallyport.Technician, error) { return tx.TechnicianBySkeleton(b.ctx, "mira") },
		} {
			got, err := find()
			b.ok(err)
			if !reflect.DeepEqual(got, t) {
				b.Errorf("got  %+v\nwant %+v", got, t)
			}
		}
		_, err := tx.Technician(b.ctx, "nobody")
		b.code(err, "not_found")
		return nil
	})
})

var _ = register("technician's user name is taken or looks alike", func(b *bench) {
	b.person("modern")
	b.person("modem", func(t *sallyport.Technician) { t.Skeleton = "modern" }) // both ASCII: allowed
	insert := func(t sallyport.Technician) error {
		t.Status, t.Method = sallyport.Active, sallyport.MethodApp
		return b.db.Write(b.ctx, func(tx *store.Tx) error { return tx.InsertTechnician(b.ctx, t) })
	}
	b.code(insert(sallyport.Technician{ID: "x", UserNameKey: "modern"}), "user_name_taken")
	b.code(insert(sallyport.Technician{ID: "x", UserNameKey: "mоdern", Skeleton: "modern"}), "user_name_look_alike")
	b.ok(insert(sallyport.Technician{ID: "y", UserNameKey: "кот", Skeleton: "kot"}))
	b.code(insert(sallyport.Technician{ID: "x", UserNameKey: "kot", Skeleton: "kot"}), "user_name_look_alike")
	err := b.db.Write(b.ctx, func(tx *store.Tx) error {
		t, err := tx.Technician(b.ctx, "modem")
		b.ok(err)
		t.UserNameKey = "modern"
		return tx.UpdateTechnician(b.ctx, t)
	})
	b.code(err, "user_name_taken")
})

var _ = register("technicians are found by email, role and need", func(b *bench) {
	b.person("a", func(t *sallyport.Technician) { t.Email = "Team@Example.com" })
	b.person("b", func(t *sallyport.Technician) { t.Email, t.Role = "team@example.COM", sallyport.Admin })
	b.person("c", func(t *sallyport.Technician) { t.Method = sallyport.MethodText })
	b.write(func(tx *store.Tx) error {
		return tx.PutFactor(b.ctx, sallyport.Factor{Technician: "a", Kind: sallyport.MethodText, Address: "+15551230001"})
	})
	b.read(func(tx *store.Tx) error {
		b.ids("email", "a b")(tx.TechniciansByEmail(b.ctx, "TEAM@example.com"))
		b.ids("role", "b")(tx.TechniciansByRole(b.ctx, sallyport.Admin))
		for most, want := range map[int]string{1: "a", 2: "a c", 9: "a c"} {
			first, all, err := tx.TechniciansNeeding(b.ctx, sallyport.MethodText, most)
			if b.ids("need", want)(first, err); all != 2 {
				b.Errorf("%d need it", all)
			}
		}
		return nil
	})
})

// ids returns a check that technicians are those, in that order.
func (b *bench) ids(what, want string) func([]sallyport.Technician, error) {
	return func(found []sallyport.Technician, err error) {
		b.Helper()
		b.ok(err)
		var got []string
		for _, t := range found {
			got = append(got, string(t.ID))
		}
		if s := strings.Join(got, " "); s != want {
			b.Errorf("%s: %q, want %q", what, s, want)
		}
	}
}

var _ = register("passwords are walked in the order of their ids", func(b *bench) {
	for _, id := range []string{"c", "a", "d", "b"} {
		b.person(id, func(t *sallyport.Technician) {
			if t.Password = []byte("sealed " + id); id == "b" {
				t.Password = nil
			}
		})
	}
	b.read(func(tx *store.Tx) error {
		b.ids("first", "a c")(tx.Passwords(b.ctx, "", 2))
		b.ids("second", "d")(tx.Passwords(b.ctx, "c", 2))
		b.ids("no more", "")(tx.Passwords(b.ctx, "d", 2))
		found, err := tx.Passwords(b.ctx, "c", 2)
		if err == nil && string(found[0].Password) != "sealed d" {
			b.Errorf("%q", found[0].Password)
		}
		return err
	})
})

var _ = register("technician saved twice from one page is stale", func(b *bench) {
	old := b.person("mira")
	save := func(name string) error {
		return b.db.Write(b.ctx, func(tx *store.Tx) error {
			t := old
			t.FirstName = name
			return tx.UpdateTechnician(b.ctx, t)
		})
	}
	b.ok(save("One"))
	if err := save("Two"); !errors.Is(err, sallyport.ErrStale) {
		b.Fatalf("second save: %v", err)
	}
	b.read(func(tx *store.Tx) error {
		t, err := tx.Technician(b.ctx, "mira")
		if t.FirstName != "One" || t.Version != 2 {
			b.Errorf("%+v", t)
		}
		return err
	})
})

var _ = register("technician's password and activation need the generation", func(b *bench) {
	b.person("mira", func(t *sallyport.Technician) { t.Status = sallyport.Invited })
	b.write(func(tx *store.Tx) error {
		b.code(tx.SetPassword(b.ctx, "mira", 2, []byte("x")), "conflict")
		b.code(tx.Activate(b.ctx, "mira", 2), "conflict")
		b.ok(tx.SetPassword(b.ctx, "mira", 1, []byte("sealed")))
		b.ok(tx.Activate(b.ctx, "mira", 1))
		b.code(tx.Activate(b.ctx, "mira", 1), "conflict")
		t, err := tx.Technician(b.ctx, "mira")
		if string(t.Password) != "sealed" || !t.PasswordAt.Equal(b.Now()) || t.Status != sallyport.Active {
			b.Errorf("%+v", t)
		}
		return err
	})
})

var _ = register("technician deleted leaves only his events", func(b *bench) {
	t, other := b.person("mira"), b.person("other")
	s := b.session(t, "s")
	b.sent(b.signIn(t, "i"), "c")
	b.write(func(tx *store.Tx) error {
		b.ok(tx.PutFactor(b.ctx, sallyport.Factor{Technician: t.ID, Kind: sallyport.MethodApp, Secret: []byte("s")}))
		b.ok(tx.SetRecoveryCodes(b.ctx, t.ID, [][]byte{{1}, {2}}))
		b.ok(tx.PutEnrolmentCode(b.ctx, sallyport.EnrolmentCode{Technician: t.ID, Generation: 1, ExpiresAt: b.Now().Add(time.Hour)}))
		b.ok(tx.InsertLink(b.ctx, sallyport.Link{Hash: hash("l"), Technician: t.ID, Generation: 1, ExpiresAt: b.Now().Add(time.Hour)}))
		b.ok(tx.InsertReset(b.ctx, sallyport.PasswordReset{ID: "r", Technician: t.ID, Generation: 1, ExpiresAt: b.Now().Add(time.Hour)}))
		b.ok(tx.NoteReset(b.ctx, t.ID))
		b.ok(tx.InsertHelp(b.ctx, sallyport.HelpRequest{ID: "h", Technician: t.ID}))
		b.ok(tx.InsertSend(b.ctx, "c", t.ID, "a@example.com"))
		b.ok(tx.PutDevice(b.ctx, hash("d"), t.ID))
		b.ok(tx.InsertNotice(b.ctx, sallyport.Notice{ID: "n"}))
		_, err := tx.AckNotice(b.ctx, "n", t.ID)
		b.ok(err)
		_, err = tx.CountAnswer(b.ctx, t, 100, false)
		b.ok(err)
		return tx.InsertEvent(b.ctx, sallyport.Event{Type: "technician.added", Target: t.ID})
	})
	change := b.lastChange(func() {
		b.write(func(tx *store.Tx) error { return tx.DeleteTechnician(b.ctx, t.ID) })
	})
	if len(change.Gone) != 1 || change.Gone[0] != t.ID || len(change.Ended) != 1 || change.Ended[0] != s.Hash {
		b.Errorf("change %+v", change)
	}
	b.write(func(tx *store.Tx) error {
		_, err := tx.Technician(b.ctx, t.ID)
		b.code(err, "not_found")
		b.code(tx.DeleteTechnician(b.ctx, t.ID), "not_found")
		_, err = tx.Technician(b.ctx, other.ID)
		b.ok(err)
		if reason, _, err := tx.EndedReason(b.ctx, s.Hash); reason != sallyport.EndedByDeletion || err != nil {
			b.Errorf("the session ended by %q, %v", reason, err)
		}
		events, err := tx.Events(b.ctx, sallyport.EventFilter{Target: t.ID})
		if len(events) != 1 {
			b.Errorf("%d events", len(events))
		}
		return err
	})
})

// lastChange returns what the hook was told while act ran; it must be told once.
func (b *bench) lastChange(act func()) sallyport.Change {
	b.Helper()
	var told []sallyport.Change
	b.db.OnCommit(func(c sallyport.Change) { told = append(told, c) }, func() { b.Error("forget was called") })
	act()
	if len(told) != 1 {
		b.Fatalf("the hook was called %d times: %+v", len(told), told)
	}
	return told[0]
}
