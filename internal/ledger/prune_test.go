package ledger_test

import (
	"testing"
	"time"
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
