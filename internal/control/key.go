package control

import (
	"context"
	"time"

	"sallyport"
)

// Keys are the keys of the installation as the host may handle them.
type Keys interface {
	ListKeys(ctx context.Context, actor sallyport.Actor) ([]Key, error)
	RotateKey(ctx context.Context, actor sallyport.Actor) (Rotated, error)
	DropKey(ctx context.Context, actor sallyport.Actor, id string) error
}

// Key is what is said of one key. It is never the key itself.
type Key struct {
	ID     string
	Made   time.Time // zero: not written down
	Seals  bool      // it is in force
	Values int       // sealed with it
	Held   bool      // it stands in this node's key file
}

// Rotated is what a rotation did.
type Rotated struct {
	Key      string // that is in force
	Values   int    // sealed again
	Finished bool   // an earlier rotation that had been broken off; no other key was put in force
	Stuck    int    // values that open with no key, and stay as they are
}

// KeyName names a key.
type KeyName struct{ ID string }

func (f *Face) keyList(ctx context.Context, actor sallyport.Actor, _ None) ([]Key, error) {
	return f.o.Keys.ListKeys(ctx, actor)
}

func (f *Face) keyRotate(ctx context.Context, actor sallyport.Actor, _ None) (Rotated, error) {
	return f.o.Keys.RotateKey(ctx, actor)
}

func (f *Face) keyDrop(ctx context.Context, actor sallyport.Actor, in KeyName) (None, error) {
	return None{}, f.o.Keys.DropKey(ctx, actor, in.ID)
}
