package storetest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

// team stores five technicians who differ in everything that the list sorts and filters by.
func (b *bench) team() {
	b.Helper()
	add := func(id, name string, role sallyport.RoleID, status sallyport.Status, method sallyport.Method) sallyport.Technician {
		return b.person(id, func(t *sallyport.Technician) {
			t.FirstName, t.LastName, t.Role, t.Status, t.Method, t.Phone = name, "", role, status, method, "+15551230001"
		})
	}
	a := add("a", "Ärna", sallyport.SuperAdmin, sallyport.Active, sallyport.MethodApp)
	c := add("c", "bea_x", sallyport.Admin, sallyport.Active, sallyport.MethodEmail)
	add("d", "Bea 100%", sallyport.Admin, sallyport.Invited, sallyport.MethodText)
	add("e", "Zoe", sallyport.ReadOnlyTechnician, sallyport.Deactivated, sallyport.MethodOff)
	add("f", "beaXx", sallyport.ReadOnlyTechnician, sallyport.Active, sallyport.MethodApp)
	b.write(func(tx *store.Tx) error {
		b.ok(tx.PutFactor(b.ctx, sallyport.Factor{Technician: "a", Kind: sallyport.MethodApp, Secret: []byte("s")}))
		b.ok(tx.PutFactor(b.ctx, sallyport.Factor{Technician: "c", Kind: sallyport.MethodEmail, Address: "c@example.com"}))
		b.ok(tx.PutFactor(b.ctx, sallyport.Factor{Technician: "f", Kind: sallyport.MethodText, Address: "+15551230001"})) // another method's
		b.ok(tx.SetRecoveryCodes(b.ctx, "c", [][]byte{{1}, {2}, {3}}))
		_, err := tx.UseRecoveryCode(b.ctx, "c", []byte{1})
		b.ok(err)
		return tx.InsertHelp(b.ctx, sallyport.HelpRequest{ID: "h", Technician: "c", CreatedAt: b.Now()})
	})
	b.session(c, "c1")
	b.session(c, "c2")
	b.Add(time.Minute)
	b.session(a, "a1")
}

var _ = register("list searches, filters and sorts", func(b *bench) {
	b.team()
	rows := func(f sallyport.Filter, want string, total int) {
		b.Helper()
		if f.Size == 0 {
			f.Size = 50
		}
		b.read(func(tx *store.Tx) error {
			list, n, err := tx.Rows(b.ctx, f)
			var ids []string
			for _, r := range list {
				ids = append(ids, string(r.ID))
			}
			if got := strings.Join(ids, " "); got != want || n != total {
				b.Errorf("%+v: %q of %d, want %q of %d", f, got, n, want, total)
			}
			b.ok(err)
			if f.Page > 1 || n > f.Size {
				return nil
			}
			matching, err := tx.Matching(b.ctx, f, 50)
			if got := fmt.Sprint(matching); got != "["+want+"]" {
				b.Errorf("%+v: %s match, want %s", f, got, want)
			}
			return err
		})
	}
	rows(sallyport.Filter{}, "d c f e a", 5)
	rows(sallyport.Filter{Sort: "-name"}, "a e f c d", 5)
	rows(sallyport.Filter{Sort: "username"}, "a c d e f", 5)
	rows(sallyport.Filter{Sort: "nonsense"}, "d c f e a", 5)
	rows(sallyport.Filter{Sort: "-last"}, "a c e f d", 5)
	rows(sallyport.Filter{Sort: "-sessions"}, "c a e f d", 5)
	rows(sallyport.Filter{Sort: "-setup"}, "a c e f d", 5)
	rows(sallyport.Filter{Sort: "role"}, "d c f e a", 5)
	rows(sallyport.Filter{Sort: "status"}, "c f a e d", 5)
	rows(sallyport.Filter{Sort: "method"}, "f a c e d", 5)
	rows(sallyport.Filter{Search: "ÄRN"}, "a", 1)
	rows(sallyport.Filter{Search: "c@EXAMPLE"}, "c", 1)
	rows(sallyport.Filter{Search: "%"}, "d", 1)
	rows(sallyport.Filter{Search: "bea_"}, "c", 1)
	rows(sallyport.Filter{Search: "!"}, "", 0)
	rows(sallyport.Filter{Search: "bea", Size: 2}, "d c", 3)
	rows(sallyport.Filter{Search: "bea", Size: 2, Page: 2}, "f", 3)
	rows(sallyport.Filter{Search: "bea", Size: 2, Page: 3}, "", 3)
	rows(sallyport.Filter{Page: 1 << 60, Size: 1 << 60}, "", 5)
	rows(sallyport.Filter{Role: sallyport.Admin}, "d c", 2)
	rows(sallyport.Filter{Status: sallyport.Active, Method: sallyport.MethodApp}, "f a", 2)
	rows(sallyport.Filter{SetUp: "yes"}, "c a", 2)
	rows(sallyport.Filter{SetUp: "no", Sort: "setup"}, "d f", 2)
	rows(sallyport.Filter{SetUp: "yes", Sort: "-sessions", Search: "example", Role: sallyport.Admin}, "c", 1)
	b.read(func(tx *store.Tx) error {
		list, _, err := tx.Rows(b.ctx, sallyport.Filter{Search: "bea_x", Size: 1})
		if r := list[0]; !r.SetUp || r.FactorKind != sallyport.MethodEmail || r.LiveSessions != 2 || r.RecoveryLeft != 2 || !r.HelpRequested {
			b.Errorf("%+v", r)
		}
		return err
	})
	b.read(func(tx *store.Tx) error {
		n, err := tx.TeamCounts(b.ctx)
		if n.Total != 5 || n.SetUp != 2 || n.Active != 3 || n.Invited != 1 || n.Deactivated != 1 || n.HelpRequests != 1 || n.LiveSessions != 3 ||
			n.ByMethod[sallyport.MethodApp] != 2 || n.ByMethod[sallyport.MethodOff] != 1 || n.Shares[sallyport.MethodApp] == (sallyport.Share{}) {
			b.Errorf("%+v", n)
		}
		return err
	})
})

// Who is not set up is as many as the shares lack: neither those of whom no second factor is asked, nor the deactivated,
// unless they alone are asked for.
var _ = register("list counts who is not set up as the shares do", func(b *bench) {
	b.team()
	b.person("g", func(t *sallyport.Technician) { t.Status = sallyport.Deactivated })
	b.person("h", func(t *sallyport.Technician) { t.Method = sallyport.MethodOff })
	b.read(func(tx *store.Tx) error {
		counts, err := tx.TeamCounts(b.ctx)
		b.ok(err)
		lack := 0
		for method, share := range counts.Shares {
			if method != sallyport.MethodOff {
				lack += share.All - share.Ready
			}
		}
		_, n, err := tx.Rows(b.ctx, sallyport.Filter{SetUp: "no"})
		b.ok(err)
		off, some, err := tx.Rows(b.ctx, sallyport.Filter{SetUp: "no", Status: sallyport.Deactivated, Size: 9})
		if n != lack || n != 2 || some != 1 || off[0].ID != "g" {
			b.Errorf("%d in the list, %d in the shares; %+v of the deactivated", n, lack, off)
		}
		return err
	})
})

var _ = register("list does not run a statement per row", func(b *bench) {
	cost := func() uint64 {
		before := b.db.Stats().Statements
		b.read(func(tx *store.Tx) error { _, _, err := tx.Rows(b.ctx, sallyport.Filter{Size: 200}); return err })
		return b.db.Stats().Statements - before
	}
	none := cost()
	for i := range 50 {
		b.person(fmt.Sprint("t", i))
	}
	if many := cost(); many != none {
		b.Errorf("%d statements for 50 rows, %d for none", many, none)
	}
})

var _ = register("sessions of everybody are listed and searched", func(b *bench) {
	b.team()
	list := func(f sallyport.SessionFilter, want, total int) {
		b.Helper()
		b.read(func(tx *store.Tx) error {
			rows, n, err := tx.Sessions(b.ctx, f)
			if len(rows) != want || n != total {
				b.Errorf("%+v: %d of %d, want %d of %d", f, len(rows), n, want, total)
			}
			return err
		})
	}
	list(sallyport.SessionFilter{Size: 50}, 3, 3)
	list(sallyport.SessionFilter{Size: 2, Page: 2}, 1, 3)
	list(sallyport.SessionFilter{Size: 50, Technician: "c"}, 2, 2)
	b.read(func(tx *store.Tx) error {
		own, err := tx.SessionsOf(b.ctx, "c")
		b.ok(err)
		rows, n, err := tx.Sessions(b.ctx, sallyport.SessionFilter{Size: 50, Technician: "c", Except: own[0].Hash})
		if len(rows) != 1 || n != 1 || rows[0].Hash != own[1].Hash {
			b.Errorf("all but one: %d of %d", len(rows), n)
		}
		return err
	})
	list(sallyport.SessionFilter{Size: 50, Search: "ärna"}, 1, 1)
	list(sallyport.SessionFilter{Size: 50, Search: "192.0.2.1"}, 3, 3)
	list(sallyport.SessionFilter{Size: 50, Search: "firefox"}, 3, 3)
	list(sallyport.SessionFilter{Size: 50, Search: "192_0"}, 0, 0)
	b.Add(idle + time.Minute - time.Second)
	list(sallyport.SessionFilter{Size: 50}, 1, 1)
})

var _ = register("sweep deletes what is over, and nothing else", func(b *bench) {
	t := b.person("mira")
	live := b.session(t, "live")
	b.session(t, "old")
	b.sent(b.signIn(t, "i"), "c")
	b.write(func(tx *store.Tx) error {
		b.guess(tx, "k", 1)
		b.ok(tx.InsertEvent(b.ctx, sallyport.Event{Type: "x.y"}))
		b.ok(tx.InsertSend(b.ctx, "c", t.ID, "a"))
		_, err := tx.CountAnswer(b.ctx, t, 100, false)
		b.ok(err)
		return tx.InsertOutbox(b.ctx, sallyport.OutboxMessage{ID: "o", Channel: sallyport.ChannelEmail, Sealed: []byte("sealed"), NextAt: b.Now(), ExpiresAt: b.Now().Add(time.Hour)})
	})
	sweep := func() {
		b.Helper()
		b.write(func(tx *store.Tx) error { _, err := tx.Sweep(b.ctx, false); return err })
	}
	sweep()
	b.sessionLives(live.Hash, true)
	b.Add(25 * time.Minute)
	b.write(func(tx *store.Tx) error {
		return tx.TouchSessions(b.ctx, map[sallyport.Hash]time.Time{live.Hash: b.Now()})
	})
	b.Add(11 * time.Minute)
	change := b.lastChange(sweep)
	if len(change.Ended) != 1 || change.Ended[0] != hash("old") {
		b.Errorf("change %+v", change)
	}
	b.sessionLives(live.Hash, true)
	b.over(hash("i"))
	b.read(func(tx *store.Tx) error {
		reason, _, err := tx.EndedReason(b.ctx, hash("old"))
		b.ok(err)
		code, err := tx.NewestCode(b.ctx, hash("i"))
		b.ok(err)
		guess, err := tx.Guess(b.ctx, "k")
		b.ok(err)
		if reason != sallyport.EndedByIdle || code != nil || guess.Wrong != 1 {
			b.Errorf("%q %+v %+v", reason, code, guess)
		}
		return err
	})
	b.wrongYear(t, 1)
	b.Add(1000 * 24 * time.Hour)
	sweep()
	b.read(func(tx *store.Tx) error {
		list, err := tx.Events(b.ctx, sallyport.EventFilter{})
		if len(list) != 1 {
			b.Errorf("%d events, want 1: they go with PruneEvents alone", len(list))
		}
		return err
	})
})

// remembered has counts and a known browser of a year, and returns what is left of them later.
func (b *bench) remembered() (left func() string) {
	t := b.person("mira")
	b.write(func(tx *store.Tx) error {
		b.guess(tx, "k", 1)
		b.ok(tx.PutDevice(b.ctx, hash("d"), t.ID))
		_, err := tx.CountAnswer(b.ctx, t, 100, false)
		return err
	})
	return func() (text string) {
		s := b.signIn(t, fmt.Sprint("remembered at ", b.Now()))
		b.write(func(tx *store.Tx) error {
			guess, err := tx.Guess(b.ctx, "k")
			b.ok(err)
			_, known, err := tx.Device(b.ctx, hash("d"))
			b.ok(err)
			asked, err := tx.Asked(b.ctx, s.Hash)
			text = fmt.Sprint(guess.Wrong, known, asked.WrongYear)
			return errors.Join(err, tx.EndSignIn(b.ctx, s.Hash, err))
		})
		return text
	}
}

var _ = register("sweep deletes what is a year old", func(b *bench) {
	left := b.remembered()
	b.Add(367 * 24 * time.Hour)
	b.write(func(tx *store.Tx) error { _, err := tx.Sweep(b.ctx, false); return err })
	b.Add(-367 * 24 * time.Hour)
	if got := left(); got != "0 false 0" {
		b.Errorf("left: %s", got)
	}
})

var _ = register("sweep keeps what a limit still counts", func(b *bench) {
	t := b.person("mira")
	b.write(func(tx *store.Tx) error {
		b.ok(tx.InsertSend(b.ctx, "c", t.ID, "box@example.com"))
		return tx.NoteReset(b.ctx, t.ID)
	})
	b.Add(24*time.Hour - time.Second)
	b.write(func(tx *store.Tx) error { _, err := tx.Sweep(b.ctx, false); return err })
	b.read(func(tx *store.Tx) error {
		sent, err := tx.SendCounts(b.ctx, t.ID, "box@example.com", 5, 10)
		b.ok(err)
		asked, err := tx.CountResets(b.ctx, t.ID, b.Now().Add(-24*time.Hour))
		if sent.Day != 1 || asked != 1 {
			b.Errorf("%d sends and %d resets of the last day are left", sent.Day, asked)
		}
		return err
	})
})

var _ = register("sweep waits for last uses that are written late", func(b *bench) {
	s := b.session(b.person("mira"), "a")
	swept := func(gone bool) {
		b.Helper()
		b.write(func(tx *store.Tx) error { _, err := tx.Sweep(b.ctx, false); return err })
		b.read(func(tx *store.Tx) error {
			_, _, err := tx.Session(b.ctx, s.Hash, sallyport.AnyIdle)
			if (err != nil) != gone {
				b.Errorf("after %s without a use that was written: %v", b.Now().Sub(s.UsedAt), err)
			}
			return nil
		})
	}
	late := sallyport.DefaultSettings().SessionIdle + 5*time.Minute
	b.Add(late - time.Second)
	swept(false)
	b.Add(time.Second)
	swept(true)
})

var _ = register("sweep follows a clock that was set slowly", func(b *bench) {
	left := b.remembered()
	sweeps := func(n int) {
		for range n {
			b.write(func(tx *store.Tx) error { _, err := tx.Sweep(b.ctx, false); return err })
		}
	}
	sweeps(1)
	b.Add(4 * 365 * 24 * time.Hour)
	sweeps(60)
	b.Add(-4 * 365 * 24 * time.Hour)
	if got := left(); got != "1 true 1" {
		b.Errorf("after a clock that was ahead for an hour there is left: %s", got)
	}
	sweeps(1)
	b.Add(25 * time.Hour)
	sweeps(25 * 6)
	b.Add(-25 * time.Hour)
	if got := left(); got != "0 true 1" {
		b.Errorf("a day later there is left: %s", got)
	}
})
