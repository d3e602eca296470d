package account

import (
	"context"
	"strings"
	"time"
)

// Keys makes the keyed hash under which a code is stored.
type Keys interface {
	// MAC returns a keyed hash of parts that holds for one purpose only.
	MAC(purpose string, parts ...[]byte) []byte
}

// Options are the parts a Service works with. The first four are needed.
type Options struct {
	Store     Store
	Keys      Keys
	Notices   Notices
	PublicURL string // without a path, like https://id.example.org
	Shared    bool   // other processes change the database too
	Wake      func() // lets the outbox look at once; called after each commit, must not block

	Nodes   Nodes            // the other servers on the same database; nil: there are none
	Refused func(Refusal)    // is told of each act that ended everything older of somebody; may be nil
	Now     func() time.Time // measures how long something took, nothing else; nil: time.Now

	HouseKept time.Duration // how long what stands at the door is taken for what it was, unless this Service changed it; 0: not at all
}

// Service carries out the use cases. Its methods may be called by many goroutines.
type Service struct {
	store     *refusing
	keys      Keys
	notices   Notices
	publicURL string
	shared    bool
	logo      logoMemory
	houseKept time.Duration
	now       func() time.Time
}

// New returns a Service over o.
func New(o Options) *Service {
	if o.Wake != nil {
		o.Store = waking{o.Store, o.Wake}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	store := &refusing{Store: o.Store, nodes: o.Nodes, told: o.Refused, now: o.Now}
	return &Service{store: store, keys: o.Keys, notices: o.Notices, publicURL: strings.TrimRight(o.PublicURL, "/"), shared: o.Shared,
		houseKept: o.HouseKept, now: o.Now}
}

// waking is a store that wakes the outbox after each commit: what was just written need not wait for its next round.
type waking struct {
	Store
	wake func()
}

// Write implements Store.
func (w waking) Write(ctx context.Context, f func(Tx) error) error {
	err := w.Store.Write(ctx, f)
	if err == nil {
		w.wake()
	}
	return err
}
