package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

var _ = register("settings are the contract's until stored", func(b *bench) {
	s := sallyport.DefaultSettings()
	s.Organisation, s.PermitOff, s.SessionIdle = "Acme", true, 5*time.Minute
	change := b.lastChange(func() {
		b.write(func(tx *store.Tx) error {
			got, err := tx.Settings(b.ctx)
			if got != sallyport.DefaultSettings() {
				b.Errorf("%+v", got)
			}
			b.ok(err)
			return tx.PutSettings(b.ctx, s)
		})
	})
	if change.Policy == nil || *change.Policy != s {
		b.Errorf("change %+v", change)
	}
	b.write(func(tx *store.Tx) error {
		if got, err := tx.Settings(b.ctx); got != s || err != nil {
			b.Errorf("%+v, %v", got, err)
		}
		s.SessionIdle = 0
		b.code(tx.PutSettings(b.ctx, s), "invalid")
		return nil
	})
})

var _ = register("sign-ins are counted by day and method", func(b *bench) {
	finished := func(method string, times int) {
		for range times {
			b.write(func(tx *store.Tx) error {
				b.ok(tx.InsertEvent(b.ctx, sallyport.Event{Type: "signin.password.right"}))
				return tx.InsertEvent(b.ctx, sallyport.Event{Type: "signin.finished", After: map[string]string{"method": method}})
			})
		}
	}
	finished("app", 1) // too old to count
	b.Add(24 * time.Hour)
	today := b.Now().Truncate(24 * time.Hour)
	b.Add(today.Add(24*time.Hour - time.Microsecond).Sub(b.Now())) // the last moment of the day
	finished("app", 2)
	finished("recovery", 1)
	b.Add(time.Microsecond)
	finished("app", 3)
	b.read(func(tx *store.Tx) error {
		got, err := tx.SignIns(b.ctx, today)
		next := today.Add(24 * time.Hour)
		want := []sallyport.SignInCount{{Day: today, Method: "app", Count: 2}, {Day: today, Method: "recovery", Count: 1}, {Day: next, Method: "app", Count: 3}}
		if !reflect.DeepEqual(got, want) {
			b.Errorf("%+v, want %+v", got, want)
		}
		b.ok(err)
		if none, err := tx.SignIns(b.ctx, next.Add(24*time.Hour)); len(none) != 0 || err != nil {
			b.Errorf("after all of them: %+v, %v", none, err)
		}
		return nil
	})
})

var _ = register("meta and emptiness", func(b *bench) {
	empty := func(tx *store.Tx, want bool) {
		b.Helper()
		if got, err := tx.IsEmpty(b.ctx); got != want || err != nil {
			b.Errorf("empty %v, %v", got, err)
		}
	}
	b.write(func(tx *store.Tx) error {
		empty(tx, true)
		v, err := tx.Meta(b.ctx, "k")
		if v != nil || err != nil {
			b.Errorf("%v %v", v, err)
		}
		b.ok(tx.PutMeta(b.ctx, "k", []byte("one")))
		b.ok(tx.PutMeta(b.ctx, "k", []byte("two")))
		if v, _ = tx.Meta(b.ctx, "k"); string(v) != "two" {
			b.Errorf("%s", v)
		}
		empty(tx, true)
		return nil
	})
	b.person("first")
	b.write(func(tx *store.Tx) error {
		empty(tx, false)
		b.ok(tx.DeleteTechnician(b.ctx, "first"))
		empty(tx, false) // set-up never opens again
		return nil
	})
})

var _ = register("gateway has a live and a draft slot", func(b *bench) {
	g := sallyport.Gateway{Channel: sallyport.ChannelSMS, Slot: "draft", Kind: sallyport.GatewayKannel, Settings: map[string]string{"host": "a", "note": `"x"`},
		Sealed: []byte("sealed"), SecretsSet: []string{"password"}, Version: 3, ChangedAt: b.Now(), ChangedBy: "boss"}
	b.write(func(tx *store.Tx) error {
		b.ok(tx.PutGateway(b.ctx, g))
		g.Slot, g.ProvedAt = "live", b.Now()
		b.ok(tx.PutGateway(b.ctx, g))
		for _, slot := range []string{"live", "draft"} { // those of another channel stand beside them
			b.ok(tx.PutGateway(b.ctx, sallyport.Gateway{Channel: sallyport.ChannelEmail, Slot: slot, Kind: sallyport.GatewaySMTP, ChangedAt: b.Now()}))
		}
		b.ok(tx.DeleteGateway(b.ctx, "sms", "draft"))
		email, err := tx.Gateway(b.ctx, "email", "draft")
		b.ok(err)
		live, err := tx.Gateway(b.ctx, "sms", "live")
		b.ok(err)
		draft, err := tx.Gateway(b.ctx, "sms", "draft")
		if !reflect.DeepEqual(*live, g) || draft != nil || email == nil || email.Kind != sallyport.GatewaySMTP {
			b.Errorf("%+v %+v %+v", live, draft, email)
		}
		return err
	})
})

var _ = register("facts are the clock, the settings and the proved channels", func(b *bench) {
	facts := func(tx *store.Tx, want ...sallyport.Channel) {
		b.Helper()
		f, err := tx.Facts(b.ctx)
		b.ok(err)
		now, err := tx.Now(b.ctx)
		b.ok(err)
		set, err := tx.Settings(b.ctx)
		b.ok(err)
		slices.Sort(f.Proved)
		if f.Now.After(now) || now.Sub(f.Now) > time.Minute || f.Settings != set || !slices.Equal(f.Proved, want) {
			b.Errorf("%+v", f)
		}
	}
	b.write(func(tx *store.Tx) error {
		facts(tx)
		set := sallyport.DefaultSettings()
		set.Organisation = "Acme"
		b.ok(tx.PutSettings(b.ctx, set))
		email := sallyport.Gateway{Channel: sallyport.ChannelEmail, Slot: "live", Kind: sallyport.GatewaySMTP, ChangedAt: b.Now()}
		text := sallyport.Gateway{Channel: sallyport.ChannelSMS, Slot: "draft", Kind: sallyport.GatewayKannel, ProvedAt: b.Now(), ChangedAt: b.Now()}
		b.ok(tx.PutGateway(b.ctx, email)) // lives, not proved
		b.ok(tx.PutGateway(b.ctx, text))  // proved, lives not
		facts(tx)
		email.ProvedAt, text.Slot = b.Now(), "live"
		b.ok(tx.PutGateway(b.ctx, email))
		facts(tx, sallyport.ChannelEmail)
		b.ok(tx.PutGateway(b.ctx, text))
		facts(tx, sallyport.ChannelEmail, sallyport.ChannelSMS)
		return nil
	})
})

var _ = register("outbox keeps what is due and erases what was sent", func(b *bench) {
	message := func(id string, next, expires time.Duration) {
		b.write(func(tx *store.Tx) error {
			return tx.InsertOutbox(b.ctx, sallyport.OutboxMessage{ID: id, Channel: sallyport.ChannelEmail, To: "a@example.com", Sealed: []byte("sealed"),
				NextAt: b.Now().Add(next), ExpiresAt: b.Now().Add(expires), CreatedAt: b.Now(), Event: "technician.added"})
		})
	}
	due := func(want string) {
		b.Helper()
		b.read(func(tx *store.Tx) error {
			list, err := tx.DueOutbox(b.ctx, 10)
			var ids []string
			for _, m := range list {
				ids = append(ids, m.ID)
			}
			if got := strings.Join(ids, " "); got != want {
				b.Errorf("due %q, want %q", got, want)
			}
			return err
		})
	}
	message("later", time.Minute, time.Hour)
	message("now", 0, time.Hour)
	message("first", -time.Minute, time.Hour)
	message("old", -time.Minute, 0)
	due("first now")
	b.once(func(tx *store.Tx) (bool, error) { return tx.ClaimOutbox(b.ctx, "first", time.Minute) })
	due("now")
	b.Add(time.Minute)
	due("now first later")
	b.Add(-time.Minute)
	due("now")
	b.write(func(tx *store.Tx) error { return tx.RetryOutbox(b.ctx, "now", b.Now().Add(time.Hour), "refused") })
	b.write(func(tx *store.Tx) error { return tx.HurryOutbox(b.ctx, time.Minute) })
	due("now") // and neither what is being sent nor what is due soon
	expired := func() (ids string) {
		b.read(func(tx *store.Tx) error {
			list, err := tx.ExpiredOutbox(b.ctx, 10)
			for _, m := range list {
				ids += m.ID + " "
			}
			return err
		})
		return ids
	}
	message("older", time.Minute, -time.Hour)
	b.write(func(tx *store.Tx) error { _, err := tx.Sweep(b.ctx, false); return err })
	if got := expired(); got != "older old " {
		b.Errorf("past their end, and not swept away unsaid, are %q", got)
	}
	b.once(func(tx *store.Tx) (bool, error) { return tx.DropOutbox(b.ctx, "older", "too old") })
	if got := expired(); got != "old " {
		b.Errorf("past their end after one was given up are %q", got)
	}
	b.write(func(tx *store.Tx) error {
		b.ok(tx.FinishOutbox(b.ctx, "first"))
		b.ok(tx.RetryOutbox(b.ctx, "now", b.Now().Add(2*time.Minute), "refused"))
		_, err := tx.DropOutbox(b.ctx, "later", "no such mailbox")
		return err
	})
	due("")
	b.Add(2 * time.Minute)
	due("now")
	b.read(func(tx *store.Tx) error {
		list, err := tx.DueOutbox(b.ctx, 10)
		if m := list[0]; m.Attempts != 2 || m.LastError != "refused" || string(m.Sealed) != "sealed" {
			b.Errorf("%+v", m)
		}
		return err
	})
})

var _ = register("a message is withdrawn with the link that it brings", func(b *bench) {
	mira, noor := b.person("mira"), b.person("noor")
	brought := func(id string, of sallyport.Technician, kind sallyport.LinkKind) {
		l := sallyport.Link{Hash: hash(id), Kind: kind, Technician: of.ID, Generation: of.Generation, CreatedAt: b.Now(), ExpiresAt: b.Now().Add(time.Hour)}
		m := sallyport.OutboxMessage{ID: id, Channel: sallyport.ChannelEmail, To: of.Email, Sealed: []byte("sealed"), Link: l.Hash,
			NextAt: b.Now(), CreatedAt: b.Now(), ExpiresAt: b.Now().Add(time.Hour)}
		b.write(func(tx *store.Tx) error {
			b.ok(tx.InsertLink(b.ctx, l))
			return tx.InsertOutbox(b.ctx, m)
		})
	}
	waiting := func(after, want string) {
		b.Helper()
		b.read(func(tx *store.Tx) error {
			due, err := tx.DueOutbox(b.ctx, 10)
			ids := ""
			for _, m := range due {
				if ids += m.ID + " "; m.Link != hash(m.ID) {
					b.Errorf("%s brings %x", m.ID, m.Link)
				}
			}
			sealed, counted := tx.SealedCounts(b.ctx)
			kept := 0
			for _, n := range sealed {
				kept += n
			}
			if ids != want || kept != len(due) {
				b.Errorf("after %s %q wait, want %q; %d say something", after, ids, want, kept)
			}
			return errors.Join(err, counted)
		})
	}
	for _, id := range []string{"again", "used", "other"} {
		kind := map[string]sallyport.LinkKind{"again": sallyport.LinkInvitation}[id]
		brought(id, mira, cmp.Or(kind, sallyport.LinkReset))
	}
	brought("raised", noor, sallyport.LinkReset)
	brought("sending", noor, sallyport.LinkReset)
	brought("tried", noor, sallyport.LinkReset)
	waiting("nothing", "again other raised sending tried used ")
	b.write(func(tx *store.Tx) error {
		_, err := tx.DeleteLinks(b.ctx, mira.ID, sallyport.LinkInvitation)
		return err
	})
	waiting("an invitation in its place", "other raised sending tried used ")
	b.write(func(tx *store.Tx) error { _, _, err := tx.ConsumeLink(b.ctx, hash("used")); return err })
	waiting("its use", "other raised sending tried ")
	b.write(func(tx *store.Tx) error { return tx.RetryOutbox(b.ctx, "tried", b.Now(), "refused") })
	b.once(func(tx *store.Tx) (bool, error) { return tx.ClaimOutbox(b.ctx, "sending", time.Minute) })
	b.write(func(tx *store.Tx) error {
		r, err := tx.Raise(b.ctx, noor.ID, sallyport.EndedBySave)
		if r.Links != 3 || r.Withdrawn != 1 {
			b.Errorf("%d links ended, and %d of them had not left", r.Links, r.Withdrawn)
		}
		return err
	})
	b.write(func(tx *store.Tx) error { return tx.RetryOutbox(b.ctx, "sending", b.Now(), "refused") })
	waiting("a Save", "other ")
})

var _ = register("events come newest first, page by page, filtered", func(b *bench) {
	full := sallyport.Event{Type: "technician.changed", ActorKind: sallyport.ActorTechnician, Actor: "boss", ActorName: "Boss", Target: "mira",
		TargetName: "Mira 100%", Before: map[string]string{"method": "app"}, After: map[string]string{"method": "text"}, Address: "192.0.2.1",
		Browser: "Firefox", RequestID: "req-1", Reason: "phone lost", Outcome: "ok"}
	b.write(func(tx *store.Tx) error { return tx.InsertEvent(b.ctx, full) })
	full.At, full.ID = b.Now(), 1
	for i := range 10 {
		b.Add(time.Minute)
		b.write(func(tx *store.Tx) error {
			return tx.InsertEvent(b.ctx, sallyport.Event{Type: "signin.finished", Actor: sallyport.TechnicianID(fmt.Sprint("t", i%2)), TargetName: "1000"})
		})
	}
	b.read(func(tx *store.Tx) error {
		n := func(f sallyport.EventFilter) int {
			list, err := tx.Events(b.ctx, f)
			b.ok(err)
			return len(list)
		}
		for i, f := range []struct {
			filter sallyport.EventFilter
			want   int
		}{
			{sallyport.EventFilter{}, 11}, {sallyport.EventFilter{Type: "signin."}, 10}, {sallyport.EventFilter{Type: "signin"}, 0},
			{sallyport.EventFilter{Type: "technician.changed"}, 1}, {sallyport.EventFilter{Actor: "t1"}, 5}, {sallyport.EventFilter{Target: "mira"}, 1},
			{sallyport.EventFilter{Search: "100%"}, 1}, {sallyport.EventFilter{Search: "MIRA"}, 1}, {sallyport.EventFilter{Search: "req-1"}, 1}, {sallyport.EventFilter{Search: "1_00"}, 0},
			{sallyport.EventFilter{From: full.At.Add(time.Minute), Until: full.At.Add(3 * time.Minute)}, 2}, {sallyport.EventFilter{Before: 4, Limit: 2}, 2},
			{sallyport.EventFilter{Before: 4, Actor: "t0", Search: "signin", From: full.At}, 1},
		} {
			if got := n(f.filter); got != f.want {
				b.Errorf("filter %d: %d events, want %d", i, got, f.want)
			}
		}
		page, err := tx.Events(b.ctx, sallyport.EventFilter{Before: 2})
		b.ok(err)
		if len(page) != 1 || !reflect.DeepEqual(page[0], full) {
			b.Errorf("got  %+v\nwant %+v", page, full)
		}
		page, err = tx.Events(b.ctx, sallyport.EventFilter{Limit: 3})
		if page[0].ID != 11 || page[2].ID != 9 {
			b.Errorf("%+v", page)
		}
		return err
	})
})
