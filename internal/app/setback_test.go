package app

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/config"
	"sallyport/internal/store"
	"sallyport/internal/store/storetest"
	"sallyport/internal/testkit/clock"
	"sallyport/internal/testkit/postgres"
)

// TestClockSetBack: when a clock that was ahead is set right, no session goes on for longer by that, neither one that began
// meanwhile nor one that was used; and who is active is not signed out.
func TestClockSetBack(t *testing.T) {
	ctx, at := t.Context(), time.Now()
	c := testCore(t, func() time.Time { return at })
	before, late := sallyport.Hash{1}, sallyport.Hash{2}
	begin := func(hash sallyport.Hash) {
		t.Helper()
		err := c.db.Write(ctx, func(tx *store.Tx) error {
			return tx.InsertSession(ctx, sallyport.Session{Hash: hash, Technician: "dana", Generation: 1, CreatedAt: at, UsedAt: at, ProvedAt: at, ExpiresAt: at.Add(12 * time.Hour)})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	usable := func(hash sallyport.Hash) bool {
		t.Helper()
		usable, err := c.session.Usable(ctx, hash)
		if err != nil {
			t.Fatal(err)
		}
		return usable
	}
	err := c.db.Write(ctx, func(tx *store.Tx) error {
		return tx.InsertTechnician(ctx, sallyport.Technician{ID: "dana", UserName: "dana", UserNameKey: "dana", Skeleton: "dana", Role: sallyport.Admin,
			Status: sallyport.Active, Method: sallyport.MethodApp, Generation: 1, Version: 1, CreatedAt: at})
	})
	if err != nil {
		t.Fatal(err)
	}
	begin(before)
	const ahead = 20 * time.Minute
	at = at.Add(ahead)
	begin(late)
	if !usable(before) || !usable(late) {
		t.Fatal("not usable")
	}
	at = at.Add(-ahead)
	if err := c.clockJumped(ctx, -ahead); err != nil {
		t.Fatal(err)
	}
	c.session.Flush(ctx)
	if !usable(before) {
		t.Error("the one that was in use is over")
	}
	if usable(late) {
		t.Error("the one that began at a time that is not yet goes on")
	}
	at = at.Add(31 * time.Minute)
	if usable(before) || usable(late) {
		t.Error("let in after half an hour without use")
	}
}

// told does something at each line of the log.
type told struct {
	slog.Handler
	do func()
}

func (told) Enabled(context.Context, slog.Level) bool        { return true }
func (h told) Handle(_ context.Context, _ slog.Record) error { h.do(); return nil }

// TestUsesOfTheFutureComeBackNoWay: what the memory of sessions held when the clock was set right is not written afterwards, and
// what it read meanwhile is not kept.
func TestUsesOfTheFutureComeBackNoWay(t *testing.T) {
	for _, way := range []string{"written", "read"} {
		t.Run(way, func(t *testing.T) {
			var during atomic.Pointer[func()] // the transaction that sets right what is stored
			turned := clock.New(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
			c := testCore(t, func() time.Time {
				if do := during.Swap(nil); do != nil {
					(*do)()
				}
				return turned.Now()
			})
			ctx, stop := context.WithCancel(t.Context())
			var running sync.WaitGroup
			defer running.Wait()
			defer stop()
			session := sallyport.Session{Hash: sallyport.Hash{1}, Technician: "dana", Generation: 1, UsedAt: turned.Now(), ExpiresAt: turned.Now().Add(12 * time.Hour)}
			err := c.db.Write(ctx, func(tx *store.Tx) error {
				err := tx.InsertTechnician(ctx, sallyport.Technician{ID: "dana", UserNameKey: "dana", Role: sallyport.Admin, Status: sallyport.Active,
					Method: sallyport.MethodApp, Generation: 1, Version: 1})
				if err != nil {
					return err
				}
				return tx.InsertSession(ctx, session)
			})
			if err != nil {
				t.Fatal(err)
			}
			usable := func() bool {
				usable, err := c.session.Usable(ctx, session.Hash)
				if err != nil {
					t.Fatal(err)
				}
				return usable
			}
			const ahead = 20 * time.Minute
			turned.Add(ahead)
			if !usable() {
				t.Fatal("not usable")
			}
			if way == "written" {
				c.log = slog.New(told{slog.DiscardHandler, func() { c.session.Flush(ctx) }})
			} else {
				c.session.Flush(ctx)
				load := func() {
					running.Go(func() { c.session.Run(ctx) })
					for c.session.Remembered() == 0 {
						runtime.Gosched()
					}
				}
				during.Store(&load)
			}
			turned.Add(-ahead)
			if err := c.clockJumped(ctx, -ahead); err != nil {
				t.Fatal(err)
			}
			if turned.Add(31 * time.Minute); usable() {
				t.Error("let in after half an hour without use")
			}
		})
	}
}

// TestKeyOfTheFutureCanBeDropped: a key that was put out of force while the clock was ahead can be dropped a minute after that is
// set right.
func TestKeyOfTheFutureCanBeDropped(t *testing.T) {
	ctx, at := t.Context(), time.Now()
	c := testCore(t, func() time.Time { return at })
	host, old := sallyport.Actor{Kind: sallyport.ActorHost, Name: "root"}, c.keys.ID()
	const ahead = 24 * time.Hour
	at = at.Add(ahead)
	if _, err := (locksmith{c}).RotateKey(ctx, host); err != nil {
		t.Fatal(err)
	}
	at = at.Add(-ahead)
	if err := c.clockJumped(ctx, -ahead); err != nil {
		t.Fatal(err)
	}
	if err := (locksmith{c}).DropKey(ctx, host, old); sallyport.CodeOf(err) != "key_recent" {
		t.Errorf("at once: %v", err)
	}
	at = at.Add(dropAfter)
	if err := (locksmith{c}).DropKey(ctx, host, old); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

// TestKeyThatANodeSealsWithIsNotDropped: what seals nothing any more stays while a node that runs would still seal with it.
func TestKeyThatANodeSealsWithIsNotDropped(t *testing.T) {
	ctx, at := t.Context(), time.Now()
	c := testCore(t, func() time.Time { return at })
	host, old := sallyport.Actor{Kind: sallyport.ActorHost, Name: "root"}, c.keys.ID()
	if _, err := (locksmith{c}).RotateKey(ctx, host); err != nil {
		t.Fatal(err)
	}
	at = at.Add(dropAfter)
	raw, err := sql.Open("sqlite", filepath.Join(c.folder.path, "sallyport.db"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = raw.ExecContext(ctx, `INSERT INTO node (id, seen_at, keys, sealing) VALUES ('late', $1, $2, $2)`, at.UnixMicro(), old)
	if err = errors.Join(err, raw.Close()); err != nil {
		t.Fatal(err)
	}
	if err := (locksmith{c}).DropKey(ctx, host, old); sallyport.CodeOf(err) != "key_late" || !c.keys.Holds(old) {
		t.Errorf("while a node seals with it: %v", err)
	}
	at = at.Add(store.NodeLife)
	if err := (locksmith{c}).DropKey(ctx, host, old); err != nil {
		t.Errorf("when that has ended: %v", err)
	}
}

// TestJumpOfAllNodesIsNotedOnce: of two nodes that notice one jump of the database's clock the first ends the sign-ins, and those
// that begin afterwards go on. Another jump is another, whoever was first before, and to the same time too.
func TestJumpOfAllNodesIsNotedOnce(t *testing.T) {
	ctx, address, clock := t.Context(), postgres.Database(t), storetest.NewClock()
	postgres.Follow(t, address, clock)
	o := Options{Now: clock.Now}
	one := config.Config{Data: t.TempDir(), Database: address}
	one.Key = one.Data + "/key"
	a := coreOf(t, one, o)
	b := coreOf(t, config.Config{Data: t.TempDir(), Database: address, Key: one.Key}, o)
	hash := sallyport.Hash{1}
	begin := func() {
		t.Helper()
		err := a.db.Write(ctx, func(tx *store.Tx) error {
			return tx.InsertSignIn(ctx, sallyport.SignIn{Hash: hash, Purpose: sallyport.PurposeSetup, CreatedAt: clock.Now(), ExpiresAt: clock.Now().Add(time.Hour)})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	const second = time.Second
	for n, step := range []struct {
		node   *core
		passes time.Duration // on the clock, before it is noticed
		by     time.Duration
		events int
	}{
		{a, 3600 * second, 3600 * second, 1},
		{b, second, 3600*second + 300*time.Millisecond, 1}, // the same
		{b, -3600 * second, -3600 * second, 2},
		{a, second, -3600 * second, 2}, // the same
		{a, 0, -3600 * second, 3},      // again to the same time
		{b, second, -3600 * second, 3}, // the same
		{a, 0, 30 * second, 4},         // another
		{b, 6 * second, 30 * second, 5},
	} {
		clock.Add(step.passes)
		begin()
		before := jumpsNoted(t, a)
		if err := step.node.clockJumped(ctx, step.by); err != nil {
			t.Fatal(err)
		}
		err := a.db.Read(ctx, func(tx *store.Tx) error { _, _, err := tx.SignIn(ctx, hash); return err })
		if got := jumpsNoted(t, a); got != step.events || (sallyport.KindOf(err) == sallyport.Gone) != (got > before) {
			t.Errorf("step %d: %d events, want %d; the sign-in: %v", n, got, step.events, err)
		}
		hash[0]++
	}
}

func jumpsNoted(t *testing.T, c *core) (n int) {
	t.Helper()
	err := c.db.Read(t.Context(), func(tx *store.Tx) error {
		events, err := tx.Events(t.Context(), sallyport.EventFilter{Type: "clock.jumped"})
		n = len(events)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
