package app

import (
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/config"
	"sallyport/internal/store"
	"sallyport/internal/store/storetest"
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
