package app

import (
	"bytes"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

// TestNoKeyIsNotPutInForce: a key that this node does not hold is never put in force, not even as no key at all.
func TestNoKeyIsNotPutInForce(t *testing.T) {
	ctx, c := t.Context(), testCore(t, time.Now)
	if err := (locksmith{c}).force(ctx, sallyport.Actor{Kind: sallyport.ActorHost}, "00000000"); sallyport.CodeOf(err) != "no_such_key" {
		t.Errorf("put in force: %v", err)
	}
	if check, _, err := storedCheck(ctx, c.db); err != nil || !c.keys.Matches(check) {
		t.Errorf("in force is another key than before: %x, %v", check, err)
	}
}

// TestOneRotationAtATime: where another node has put a key in force since this one looked, this one puts none in its place.
func TestOneRotationAtATime(t *testing.T) {
	ctx, c := t.Context(), testCore(t, time.Now)
	var ids [2]string
	for i := range ids {
		var err error
		if ids[i], err = c.keys.Add(c.cfg.Key); err != nil {
			t.Fatal(err)
		}
	}
	theirs := c.keys.CheckOf(ids[0])
	err := c.db.Write(ctx, func(tx *store.Tx) error { return tx.PutMeta(ctx, checkKey, theirs) })
	if err != nil {
		t.Fatal(err)
	}
	if err := (locksmith{c}).force(ctx, sallyport.Actor{Kind: sallyport.ActorHost}, ids[1]); sallyport.CodeOf(err) != "key_changed" {
		t.Errorf("put in force: %v", err)
	}
	if check, _, err := storedCheck(ctx, c.db); err != nil || !bytes.Equal(check, theirs) {
		t.Errorf("in force is another key than theirs: %x, %v", check, err)
	}
}
