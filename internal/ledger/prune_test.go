package ledger_test

import (
	"context"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/ledger"
	"sallyport/internal/store"
)

// A clock that was set years ahead, once or again and again, deletes nothing of the log, for as long as it goes wrong by less
// than a day; nor does it when it is set right.
func TestClockAheadDeletesNothing(t *testing.T) {
	w := newWorld(t)
	w.bulk(50)
	w.place()
	right := w.clock.Now()
	for range 3 {
		w.pass(500 * 24 * time.Hour)
		for range 23 {
			w.log = w.service() // it is started anew, too
			w.ok(w.log.Prune(w.ctx))
			w.pass(time.Hour)
		}
	}
	w.clock.Add(right.Sub(w.clock.Now()))
	w.ok(w.log.Prune(w.ctx))
	if tree := w.tree(); tree.Pruned != 0 {
		t.Errorf("deleted: %+v", tree)
	}
	w.whole("")
}

// A clock that was ahead once does not keep what is too old: it goes a day after the clock was set right, as ever. Nor does
// a server go by what it saw before it was stopped.
func TestDayBeginsAnew(t *testing.T) {
	for name, c := range map[string]struct{ first, then time.Duration }{
		"the clock is set right":  {500 * 24 * time.Hour, -98 * 24 * time.Hour},
		"the server was stopped":  {402 * 24 * time.Hour, 48 * time.Hour},
		"it was stopped for long": {402 * 24 * time.Hour, 30 * 24 * time.Hour},
	} {
		w := newWorld(t)
		w.bulk(5)
		w.place()
		w.pass(c.first)
		w.ok(w.log.Prune(w.ctx))
		w.pass(c.then)
		for _, want := range []int64{0, 5} {
			w.ok(w.log.Prune(w.ctx))
			if tree := w.tree(); tree.Pruned != want {
				t.Errorf("%s: %+v, want %d", name, tree, want)
			}
			w.pass(24 * time.Hour)
		}
	}
}

// racing is a store in which something else happens right before the n-th change.
type racing struct {
	store.Transactions[ledger.Tx]
	left int
	do   func()
}

func (r *racing) Write(ctx context.Context, change func(ledger.Tx) error) error {
	if r.left--; r.left == 0 {
		r.do()
	}
	return r.Transactions.Write(ctx, change)
}

// Of two processes that find the same events too old one deletes them, with one event.
func TestOneOfTwoProcessesDeletes(t *testing.T) {
	w := newWorld(t)
	w.bulk(5)
	w.place()
	w.pass(402 * 24 * time.Hour)
	w.ok(w.log.Prune(w.ctx))
	w.pass(24 * time.Hour)
	r := &racing{store.For[ledger.Tx](w.db), 1, func() { w.ok(w.log.Prune(w.ctx)) }}
	s, err := ledger.New(ledger.Options{Store: r, Key: w.keys.SigningKey("audit head"), Origin: "sallyport-audit-" + w.keys.ID()})
	w.ok(err)
	w.ok(s.Prune(w.ctx))
	w.place()
	if tree := w.tree(); tree.Pruned != 5 || tree.Size != 6 {
		t.Errorf("%+v", tree)
	}
	w.whole("")
}

// What is too old goes a day after it became so, one deletion a day, however often is looked.
func TestRetentionGoesOnOnceADay(t *testing.T) {
	w := newWorld(t)
	deletions := 0
	w.clock.Add(-400 * 24 * time.Hour)
	for range 3 * 24 {
		w.bulk(1)
		w.pass(time.Hour)
	}
	w.place()
	w.pass(397 * 24 * time.Hour)
	for before := int64(0); w.tree().Pruned < 3*24 && deletions < 9; w.pass(time.Hour) {
		w.ok(w.log.Prune(w.ctx))
		if now := w.tree().Pruned; now > before {
			before = now
			deletions++
		}
	}
	if deletions < 3 || deletions > 4 {
		t.Errorf("%d deletions of what became too old within three days", deletions)
	}
	w.whole("")
}

// Where every event is too old, the one that says so has a number of its own: none is given again.
func TestNumbersGoOnWhenAllIsDeleted(t *testing.T) {
	w := newWorld(t)
	w.bulk(5)
	w.place()
	newest := func() (e sallyport.Event) {
		w.ok(w.db.Read(w.ctx, func(tx *store.Tx) error {
			events, err := tx.Events(w.ctx, sallyport.EventFilter{Limit: 1})
			e = events[0]
			return err
		}))
		return e
	}
	before := newest()
	w.pass(402 * 24 * time.Hour)
	w.ok(w.log.Prune(w.ctx))
	w.pass(24 * time.Hour)
	w.ok(w.log.Prune(w.ctx))
	if after := newest(); after.Type != "audit.pruned" || after.ID <= before.ID {
		t.Errorf("event %d (%s) after event %d", after.ID, after.Type, before.ID)
	}
	w.place()
	w.whole("")
}
