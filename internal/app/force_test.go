package app

import (
	"testing"
	"time"

	"sallyport"
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
