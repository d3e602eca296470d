package app

import (
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
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
