package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

const idle = 30 * time.Minute

// sessionLives fails unless a session is usable, or not, as wanted; on PostgreSQL also by the look-up that checks share.
func (b *bench) sessionLives(h sallyport.Hash, want bool) {
	b.Helper()
	err := b.db.Read(b.ctx, func(tx *store.Tx) error {
		_, _, err := tx.Session(b.ctx, h, idle)
		return err
	})
	if (err == nil) != want || err != nil && !errors.Is(err, sallyport.ErrUnauthorized) {
		b.Errorf("session usable: %v, want %v", err, want)
	}
	if !b.db.Shared() {
		return
	}
	seen, most, err := b.db.LookUpSessions(b.ctx, []sallyport.Hash{h, hash("nobody's")})
	b.ok(err)
	if live := len(seen) == 1 && seen[0].Hash == h && seen[0].Since < most; live != want {
		b.Errorf("looked up as %+v of %s, want %v", seen, most, want)
	}
}

var _ = register("session comes back whole and notes the sign-in", func(b *bench) {
	t := b.person("mira")
	var s sallyport.Session
	change := b.lastChange(func() { s = b.session(t, "s") })
	if !reflect.DeepEqual(change.Created, []sallyport.Session{s}) {
		b.Errorf("change %+v", change)
	}
	b.read(func(tx *store.Tx) error {
		got, who, err := tx.Session(b.ctx, s.Hash, idle)
		if !reflect.DeepEqual(got, s) || !who.LastSignInAt.Equal(b.Now()) {
			b.Errorf("got  %+v\nwant %+v\n%+v", got, s, who)
		}
		return err
	})
})

var _ = register("session needs the technician's generation", func(b *bench) {
	t := b.person("mira")
	s := b.session(t, "s")
	b.write(func(tx *store.Tx) error {
		raised, err := tx.Raise(b.ctx, t.ID, sallyport.EndedBySave)
		if raised.Generation != 2 {
			b.Errorf("%+v", raised)
		}
		return err
	})
	b.sessionLives(s.Hash, false)
	err := b.db.Write(b.ctx, func(tx *store.Tx) error {
		_, err := tx.CreateSession(b.ctx, s, 0) // a sign-in that finished a moment after the Save
		return err
	})
	b.code(err, "sign_in_over")
	b.sessionLives(s.Hash, false)
})

var _ = register("session needs an active technician", func(b *bench) {
	t := b.person("mira")
	s := b.session(t, "s")
	change := b.lastChange(func() {
		b.write(func(tx *store.Tx) error {
			t, err := tx.Technician(b.ctx, t.ID)
			b.ok(err)
			t.Status = sallyport.Deactivated
			return tx.UpdateTechnician(b.ctx, t)
		})
	})
	if !slices.Equal(change.Gone, []sallyport.TechnicianID{t.ID}) {
		b.Errorf("change %+v", change)
	}
	b.sessionLives(s.Hash, false)
	invited := b.person("invited", func(t *sallyport.Technician) { t.Status = sallyport.Invited })
	err := b.db.Write(b.ctx, func(tx *store.Tx) error {
		_, err := tx.CreateSession(b.ctx, sallyport.Session{Hash: hash("x"), Technician: invited.ID, Generation: 1}, 0)
		return err
	})
	b.code(err, "sign_in_over")
})

var _ = register("session ends idle and with age, and says which", func(b *bench) {
	t := b.person("mira")
	s := b.session(t, "s")
	reason := func(want sallyport.EndReason) {
		b.Helper()
		b.read(func(tx *store.Tx) error {
			got, found, err := tx.EndedReason(b.ctx, s.Hash)
			if got != want || found != (want != "") {
				b.Errorf("reason %q %v, want %q", got, found, want)
			}
			return err
		})
	}
	b.Add(idle - time.Microsecond)
	b.sessionLives(s.Hash, true)
	reason("")
	b.Add(time.Microsecond)
	b.sessionLives(s.Hash, false)
	reason(sallyport.EndedByIdle)
	for b.Now().Before(s.ExpiresAt) {
		b.write(func(tx *store.Tx) error {
			return tx.TouchSessions(b.ctx, map[sallyport.Hash]time.Time{s.Hash: b.Now(), hash("gone"): b.Now()})
		})
		b.sessionLives(s.Hash, true)
		b.Add(15 * time.Minute)
	}
	b.sessionLives(s.Hash, false)
	reason(sallyport.EndedByAge)
})

var _ = register("session's last use never goes back", func(b *bench) {
	s := b.session(b.person("mira"), "s")
	b.write(func(tx *store.Tx) error {
		b.ok(tx.TouchSessions(b.ctx, map[sallyport.Hash]time.Time{s.Hash: b.Now().Add(-time.Minute)}))
		got, _, err := tx.Session(b.ctx, s.Hash, idle)
		if !got.UsedAt.Equal(s.UsedAt) {
			b.Errorf("used at %v", got.UsedAt)
		}
		return err
	})
})

var _ = register("session limit ends the oldest", func(b *bench) {
	t := b.person("mira")
	var all []sallyport.Session
	for i := range 4 {
		all = append(all, b.session(t, fmt.Sprint(i)))
		b.Add(time.Second)
	}
	newest := sallyport.Session{Hash: hash("new"), Technician: t.ID, Generation: 1, CreatedAt: b.Now(), UsedAt: b.Now(), ExpiresAt: b.Now().Add(time.Hour)}
	b.write(func(tx *store.Tx) error {
		ended, err := tx.CreateSession(b.ctx, newest, 2)
		if len(ended) != 3 {
			b.Errorf("%d ended", len(ended))
		}
		return err
	})
	for i, s := range append(all, newest) {
		b.sessionLives(s.Hash, i >= 3)
	}
	b.read(func(tx *store.Tx) error {
		reason, _, err := tx.EndedReason(b.ctx, all[0].Hash)
		if reason != sallyport.EndedByLimit {
			b.Errorf("reason %q", reason)
		}
		return err
	})
})

// A session that is in use may have a last use that is a minute old in the database: it is listed, ends with the others and is
// named among them.
var _ = register("session whose last use may not be written yet counts as live", func(b *bench) {
	for after, live := range map[time.Duration]bool{idle + 59*time.Second: true, idle + 61*time.Second: false} {
		saved, limited := b.person("saved "+after.String()), b.person("limited "+after.String())
		older, oldest := b.session(saved, "older "+after.String()), b.session(limited, "oldest "+after.String())
		b.Add(after)
		b.write(func(tx *store.Tx) error {
			listed, err := tx.SessionsOf(b.ctx, saved.ID)
			b.ok(err)
			raised, err := tx.Raise(b.ctx, saved.ID, sallyport.EndedBySave)
			b.ok(err)
			newest := sallyport.Session{Hash: hash("newest " + after.String()), Technician: limited.ID, Generation: 1, CreatedAt: b.Now(), UsedAt: b.Now(), ExpiresAt: b.Now().Add(time.Hour)}
			ended, err := tx.CreateSession(b.ctx, newest, 1)
			for what, got := range map[string][]sallyport.Session{"listed": listed, "ended by Save": raised.Sessions, "ended by the limit": ended} {
				want := older.Hash
				if what == "ended by the limit" {
					want = oldest.Hash
				}
				if (len(got) == 1 && got[0].Hash == want) != live || len(got) > 1 {
					b.Errorf("%s after its last written use: %s %+v, want it there: %v", after, what, got, live)
				}
			}
			return err
		})
	}
})

var _ = register("session's new token is the only one", func(b *bench) {
	t := b.person("mira")
	s := b.session(t, "old")
	next := s
	b.Add(time.Minute)
	next.Hash, next.ProvedAt = hash("new"), b.Now()
	change := b.lastChange(func() {
		b.write(func(tx *store.Tx) error { return tx.RotateSession(b.ctx, s.Hash, next) })
	})
	if !slices.Equal(change.Ended, []sallyport.Hash{s.Hash}) || len(change.Created) != 1 || change.Created[0].Hash != next.Hash {
		b.Errorf("change %+v", change)
	}
	b.sessionLives(s.Hash, false)
	b.sessionLives(next.Hash, true)
	rotate := func(to sallyport.Session) error {
		return b.db.Write(b.ctx, func(tx *store.Tx) error { return tx.RotateSession(b.ctx, s.Hash, to) })
	}
	b.code(rotate(next), "sign_in_over")
	next.Generation = 2
	s.Hash = hash("new")
	b.code(rotate(next), "sign_in_over")
})

var _ = register("sessions end one by one, all, or all but one", func(b *bench) {
	t, other := b.person("mira"), b.person("other")
	a, c, d := b.session(t, "a"), b.session(t, "c"), b.session(t, "d")
	foreign := b.session(other, "foreign")
	step := sallyport.SignIn{Hash: hash("step"), Technician: t.ID, Generation: 1, Purpose: sallyport.PurposeStepUp, Session: a.Hash, ExpiresAt: b.Now().Add(time.Hour)}
	b.write(func(tx *store.Tx) error {
		b.ok(tx.InsertSignIn(b.ctx, step))
		was, err := tx.EndSession(b.ctx, a.Hash, sallyport.EndedByOwner)
		b.ok(err)
		again, err := tx.EndSession(b.ctx, a.Hash, sallyport.EndedByAdmin)
		if !was || again {
			b.Errorf("ended %v, again %v", was, again)
		}
		return err
	})
	b.over(step.Hash)
	b.write(func(tx *store.Tx) error {
		reason, _, err := tx.EndedReason(b.ctx, a.Hash)
		b.ok(err)
		ended, err := tx.EndSessions(b.ctx, t.ID, d.Hash, sallyport.EndedByAdmin)
		if reason != sallyport.EndedByOwner || len(ended) != 1 || ended[0].Hash != c.Hash {
			b.Errorf("reason %q, ended %+v", reason, ended)
		}
		return err
	})
	b.sessionLives(d.Hash, true)
	b.sessionLives(foreign.Hash, true)
})

var _ = register("raise removes everything older", func(b *bench) {
	t, other := b.person("mira"), b.person("other")
	s, i := b.session(t, "s"), b.signIn(t, "i")
	c := b.sent(i, "c")
	later := b.Now().Add(time.Hour)
	b.write(func(tx *store.Tx) error {
		b.ok(tx.InsertLink(b.ctx, sallyport.Link{Hash: hash("l"), Kind: sallyport.LinkInvitation, Technician: t.ID, Generation: 1, ExpiresAt: later}))
		b.ok(tx.InsertLink(b.ctx, sallyport.Link{Hash: hash("l2"), Kind: sallyport.LinkReset, Technician: other.ID, Generation: 1, ExpiresAt: later}))
		b.ok(tx.InsertReset(b.ctx, sallyport.PasswordReset{ID: "r", Technician: t.ID, Generation: 1, Waiting: true, ExpiresAt: later}))
		b.ok(tx.NoteReset(b.ctx, t.ID))
		return tx.PutEnrolmentCode(b.ctx, sallyport.EnrolmentCode{Technician: t.ID, Generation: 1, ExpiresAt: later})
	})
	change := b.lastChange(func() {
		b.write(func(tx *store.Tx) error {
			r, err := tx.Raise(b.ctx, t.ID, sallyport.EndedBySave)
			if r.Generation != 2 || r.SignIns != 1 || r.Links != 1 || len(r.Sessions) != 1 || r.Sessions[0].Hash != s.Hash {
				b.Errorf("raised %+v", r)
			}
			return err
		})
	})
	if change.Raised[t.ID] != 2 || !slices.Equal(change.Ended, []sallyport.Hash{s.Hash}) {
		b.Errorf("change %+v", change)
	}
	b.sessionLives(s.Hash, false)
	b.over(i.Hash)
	b.codeLives(c.ID, false)
	b.write(func(tx *store.Tx) error {
		_, err := tx.Link(b.ctx, hash("l"))
		b.code(err, "link_over")
		_, err = tx.Link(b.ctx, hash("l2"))
		b.ok(err)
		_, err = tx.Reset(b.ctx, "r")
		b.code(err, "not_found")
		code, err := tx.EnrolmentCode(b.ctx, t.ID)
		b.ok(err)
		asked, err := tx.CountResets(b.ctx, t.ID, b.Now().Add(-time.Hour))
		b.ok(err)
		reason, _, err := tx.EndedReason(b.ctx, s.Hash)
		b.ok(err)
		if code != nil || asked != 1 || reason != sallyport.EndedBySave {
			b.Errorf("enrolment code %+v, %d resets asked for, reason %q", code, asked, reason)
		}
		_, err = tx.Raise(b.ctx, "nobody", sallyport.EndedBySave)
		return ignore(err, sallyport.ErrNotFound)
	})
})

func ignore(err, target error) error {
	if errors.Is(err, target) {
		return nil
	}
	return fmt.Errorf("%v, want %v", err, target)
}

var _ = register("what is of an older generation is dead even where it was left", func(b *bench) {
	t := b.person("mira", func(t *sallyport.Technician) { t.Generation = 2 })
	later := b.Now().Add(time.Hour)
	old := t
	old.Generation = 1
	i := b.signIn(old, "i")
	b.write(func(tx *store.Tx) error {
		b.ok(tx.InsertSession(b.ctx, sallyport.Session{Hash: hash("s"), Technician: t.ID, Generation: 1, UsedAt: b.Now(), ExpiresAt: later}))
		b.ok(tx.InsertLink(b.ctx, sallyport.Link{Hash: hash("l"), Kind: sallyport.LinkReset, Technician: t.ID, Generation: 1, ExpiresAt: later}))
		b.ok(tx.InsertReset(b.ctx, sallyport.PasswordReset{ID: "r", Technician: t.ID, Generation: 1, Waiting: true, ExpiresAt: later}))
		return tx.PutEnrolmentCode(b.ctx, sallyport.EnrolmentCode{Technician: t.ID, Generation: 1, Hash: []byte{1}, ExpiresAt: later})
	})
	b.over(i.Hash)
	b.sessionLives(hash("s"), false)
	b.write(func(tx *store.Tx) error {
		_, ok, err := tx.ConsumeLink(b.ctx, hash("l"))
		b.ok(err)
		live, err := tx.LiveLink(b.ctx, t.ID, sallyport.LinkReset)
		b.ok(err)
		waiting, err := tx.WaitingResets(b.ctx)
		b.ok(err)
		code, err := tx.EnrolmentCode(b.ctx, t.ID)
		b.ok(err)
		used, err := tx.UseEnrolmentCode(b.ctx, t.ID, 1, []byte{1})
		b.ok(err)
		loaded, err := tx.LoadSessions(b.ctx, sallyport.Hash{}, 10)
		if len(loaded) != 0 || ok || live != nil || len(waiting) != 0 || code != nil || used {
			b.Errorf("%v %+v %+v %+v %v", ok, live, waiting, code, used)
		}
		return err
	})
})

var _ = register("sessions fill memory in the order of their hashes", func(b *bench) {
	t := b.person("mira")
	for i := range 25 {
		b.session(t, fmt.Sprint(i))
	}
	dead := b.person("dead")
	b.session(dead, "dead")
	b.write(func(tx *store.Tx) error {
		d, err := tx.Technician(b.ctx, dead.ID)
		b.ok(err)
		d.Status = sallyport.Deactivated
		return tx.UpdateTechnician(b.ctx, d)
	})
	var after sallyport.Hash
	n := 0
	b.read(func(tx *store.Tx) error {
		for {
			page, err := tx.LoadSessions(b.ctx, after, 10)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, s := range page {
				if bytes.Compare(s.Hash[:], after[:]) <= 0 || s.Technician != t.ID {
					b.Errorf("out of order, or not usable: %+v", s)
				}
				after = s.Hash
			}
			n += len(page)
		}
	})
	if n != 25 {
		b.Errorf("%d sessions", n)
	}
})
