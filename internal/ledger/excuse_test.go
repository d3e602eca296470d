package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/ledger"
	"sallyport/internal/store"
)

// allPruned deletes all events as if retention had done so, with an event that says so.
func allPruned(at string) []string {
	return []string{copyEvent(17, 9000, -1), fmt.Sprintf(`UPDATE event SET type = 'audit.pruned', at = %s, new_values = '{"below":"60","until":"2026-03-02T09:00:00Z"}' WHERE id = 9000`, at),
		`DELETE FROM event WHERE leaf >= 0`, `UPDATE audit_tree SET pruned = 60`}
}

// Events that retention cannot have deleted yet are cut, whatever an event says, and whatever time it gives itself.
func TestForgedRetentionIsCut(t *testing.T) {
	for name, at := range map[string]string{"now": "at", "long ago": "1", "in ten years": "at + 315360000000000"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := &memorySink{name: "m"}
			w := filled(t, sink)
			w.ok(w.log.Deliver(w.ctx, "m"))
			kept := w.head()
			w.behind(allPruned(at)...)
			if r := w.verify(kept); r.First == nil || r.First.Kind != ledger.Cut || r.First.Place != 40 || !strings.Contains(r.First.Words, "Event 9000 (audit.pruned)") {
				t.Errorf("by the heads: %+v", r.First)
			}
			if strings.Contains(at, "+") { // what it gives itself tells nothing, but when it was signed does
				w.head()
			}
			w.pass(100 * 24 * time.Hour)
			if r := w.verify(kept); r.First == nil || r.First.Kind != ledger.Cut || r.First.Place != 40 {
				t.Errorf("by the heads, much later: %+v", r.First)
			}
			w.pass(-100 * 24 * time.Hour)
			w.behind(noHeads)
			if r := w.verify(sink.text()); r.First == nil || r.First.Kind != ledger.Cut || r.First.Place != 0 {
				t.Errorf("by the lines of a sink: %+v", r.First)
			}
		})
	}
}

// Retention at its shortest, to the second, is never taken for a cut, and is told.
func TestShortestRetentionIsWhole(t *testing.T) {
	key, _ := sallyport.SettingByName("audit-keep")
	settings := sallyport.Settings{}
	if key.Set(&settings, "89") == nil || key.Set(&settings, "90") != nil {
		t.Fatal("the shortest retention is another one")
	}
	sink := &memorySink{name: "m"}
	w := newWorld(t, sink)
	w.ok(w.db.Write(w.ctx, func(tx *store.Tx) error {
		now, err := tx.Settings(w.ctx)
		w.ok(err)
		now.AuditKeep = settings.AuditKeep
		return tx.PutSettings(w.ctx, now)
	}))
	for range 8 {
		w.bulk(1)
		w.place()
		w.ok(w.log.Prune(w.ctx))
		late := audit.New(audit.SignInFinished, as(dana)).Event()
		late.At = w.clock.Now()
		w.pass(time.Second)
		w.head()
		w.write(late) // it waited for its commit, and is older than the head that does not hold it
		w.pass(29*24*time.Hour - 2*time.Second)
		w.ok(w.log.Prune(w.ctx)) // finds what is too old
		w.pass(24 * time.Hour)
	}
	w.ok(w.log.Deliver(w.ctx, "m"))
	r := w.whole(sink.text())
	if r.Pruned == 0 || len(r.Acts) != 1 || !strings.Contains(r.Acts[0], fmt.Sprintf("below place %d, up to 2026-", r.Pruned)) {
		t.Errorf("%d: %v", r.Pruned, r.Acts)
	}
}

// Retention after a long time without events is no cut, though the last head before it is as old as they are.
func TestRetentionAfterALongTime(t *testing.T) {
	w := newWorld(t)
	var last time.Time
	for _, n := range []int{3, 2} {
		w.pass(25 * time.Hour) // of each day a head is kept
		w.bulk(n)
		last = w.clock.Now()
		w.head()
	}
	w.pass(402 * 24 * time.Hour)
	w.ok(w.log.Prune(w.ctx))
	w.pass(24 * time.Hour)
	w.ok(w.log.Prune(w.ctx))
	if r := w.whole(w.head()); r.Pruned != 5 || len(r.Acts) != 1 || !strings.Contains(r.Acts[0], "below place 5, up to "+last.Format(time.RFC3339)) {
		t.Errorf("%+v", r)
	}
}

// An event of an erasure that comes while the log is verified, and says more than it did when it was placed, excuses nothing.
func TestForgedExcuseWhileVerified(t *testing.T) {
	for n := 2; n <= 6; n++ {
		w := newWorld(t)
		life(w)
		sixth := w.nth(6)
		w.behind(fmt.Sprintf(`UPDATE event SET target_name = '', old_values = '', new_values = '', target_salt = x'' WHERE id = %d`, sixth))
		m := &meddling{store.For[ledger.Tx](w.db), n, func() {
			w.write(audit.New(audit.AuditErased, host).On(sallyport.Technician{ID: "gone"}).Event())
			w.place()
			w.ok(w.db.Write(w.ctx, func(tx *store.Tx) error {
				leaves, err := tx.Leaves(w.ctx, 7, 1)
				w.ok(err)
				leaves[0].After = map[string]string{"also": "5"}
				return tx.RewriteEvent(w.ctx, leaves[0])
			}))
		}}
		s, err := ledger.New(ledger.Options{Store: m, Key: w.keys.SigningKey("audit head"), Origin: "sallyport-audit-" + w.keys.ID()})
		w.ok(err)
		r, err := s.Verify(w.ctx, host, nil)
		if err != nil || r.First == nil || r.First.Kind != ledger.Changed {
			t.Errorf("before look %d: %+v %v", n, r.First, err)
		}
	}
}

// An event of an erasure excuses nothing of an account that exists, and is told where there is no event of its deletion.
func TestForgedErasureIsNoExcuse(t *testing.T) {
	w := filled(t)
	w.ok(w.db.Write(w.ctx, func(tx *store.Tx) error {
		return tx.InsertTechnician(w.ctx, sallyport.Technician{ID: mara.ID, UserName: "m", UserNameKey: "m", Skeleton: "m", Role: sallyport.SuperAdmin, Status: sallyport.Active, Method: sallyport.MethodApp, Version: 1})
	}))
	w.behind(copyEvent(17, 9000, -1), `UPDATE event SET type = 'audit.erased', target = 'mara-id' WHERE id = 9000`,
		`UPDATE event SET actor_name = '', address = '', browser = '', request = '', actor_salt = x'' WHERE leaf >= 0`)
	if r := w.verify(""); r.First == nil || r.First.Kind != ledger.Changed || r.First.Event != 1 {
		t.Errorf("%+v", r.First)
	}
	w.ok(w.db.Write(w.ctx, func(tx *store.Tx) error { return tx.DeleteTechnician(w.ctx, mara.ID) }))
	if r := w.whole(""); len(r.Acts) != 1 || !strings.Contains(r.Acts[0], "mara-id, of whose deletion no event is there, was erased: by event 9000") {
		t.Errorf("%v", r.Acts)
	}
}

// meddling is a store in which something else happens right before the n-th look.
type meddling struct {
	store.Transactions[ledger.Tx]
	left int
	do   func()
}

func (m *meddling) Read(ctx context.Context, look func(ledger.Tx) error) error {
	if m.left--; m.left == 0 {
		m.do()
	}
	return m.Transactions.Read(ctx, look)
}

// An erasure, or retention, that runs while the log is verified is no finding, whenever it comes.
func TestNoAlarmWhileThingsAreTakenOut(t *testing.T) {
	for name, act := range map[string]func(*world) error{
		"erased":                 func(w *world) error { _, err := w.log.Erase(w.ctx, host, dana.UserName, ""); return err },
		"pruned":                 func(w *world) error { return w.log.Prune(w.ctx) },
		"erased, not yet placed": eraseOnly,
	} {
		for n := 2; n <= 6; n++ {
			t.Run(fmt.Sprint(name, " before look ", n), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				life(w)
				kept := w.head()
				w.pass(402 * 24 * time.Hour)
				w.bulk(5)
				w.place()
				w.ok(w.log.Prune(w.ctx)) // finds what is too old, for the next one to delete
				w.pass(24 * time.Hour)
				m := &meddling{store.For[ledger.Tx](w.db), n, func() { w.ok(act(w)) }}
				s, err := ledger.New(ledger.Options{Store: m, Key: w.keys.SigningKey("audit head"), Origin: "sallyport-audit-" + w.keys.ID()})
				w.ok(err)
				r, err := s.Verify(w.ctx, host, []byte(kept))
				if err != nil || r.First != nil {
					t.Errorf("%+v %v", r.First, err)
				}
				if len(r.Doubts) > 0 {
					t.Errorf("%v", r.Doubts)
				}
				w.whole(kept)
			})
		}
	}
}

// Events that somebody deletes as retention does, but without its event, while the log is verified, are cut.
func TestCutWhileVerified(t *testing.T) {
	w := filled(t)
	m := &meddling{store.For[ledger.Tx](w.db), 4, func() {
		w.ok(w.db.Write(w.ctx, func(tx *store.Tx) error {
			_, err := tx.PruneEvents(w.ctx, 0, 5)
			return err
		}))
	}}
	s, err := ledger.New(ledger.Options{Store: m, Key: w.keys.SigningKey("audit head"), Origin: "sallyport-audit-" + w.keys.ID()})
	w.ok(err)
	r, err := s.Verify(w.ctx, host, nil)
	if err != nil || r.First == nil || r.First.Kind != ledger.Cut || r.First.Place != 0 {
		t.Errorf("%+v %v", r.First, err)
	}
}

// eraseOnly is an erasure whose process dies before its event has a place.
func eraseOnly(w *world) error {
	return w.db.Write(w.ctx, func(tx *store.Tx) error {
		leaves, err := tx.LeavesOf(w.ctx, mara.ID, 0, 1)
		if err != nil {
			return err
		}
		audit.EraseActor(&leaves[0])
		if err := tx.RewriteEvent(w.ctx, leaves[0]); err != nil {
			return err
		}
		return tx.InsertEvent(w.ctx, audit.New(audit.AuditErased, host).On(sallyport.Technician{ID: mara.ID}).Event())
	})
}

// regrown makes the tree anew over the first events, as somebody can who owns the database but not the key.
func regrown(w *world, size int64) {
	w.Helper()
	w.behind(fmt.Sprintf(`DELETE FROM event WHERE leaf >= %d`, size), fmt.Sprintf(`DELETE FROM audit_hash WHERE place >= %d`, audit.HashCount(size)))
	w.ok(w.db.Write(w.ctx, func(tx *store.Tx) error {
		root, err := audit.Root(size, func(number int64) (h audit.Hash, err error) {
			b, err := tx.TreeHash(w.ctx, number)
			copy(h[:], b)
			return h, err
		})
		w.ok(err)
		tree, err := tx.Tree(w.ctx)
		w.ok(err)
		_, err = tx.GrowTree(w.ctx, tree.Size, sallyport.Tree{Size: size, Root: root[:]})
		return err
	}))
}

// half is a log of 60 events with a head at 40, all of it in a sink.
func half(t *testing.T) (*world, *memorySink) {
	sink := &memorySink{name: "m"}
	w := worldWith(t, false, sink)
	w.bulk(40)
	w.head()
	w.bulk(20)
	w.place()
	w.ok(w.log.Deliver(w.ctx, "m"))
	w.whole(sink.text())
	return w, sink
}

// What a sink was handed shows that the end was cut, though no head was signed over it.
func TestSinkShowsACutEnd(t *testing.T) {
	w, sink := half(t)
	regrown(w, 50)
	if r := w.verify(sink.text()); r.First == nil || r.First.Kind != ledger.Cut || r.First.Place != 50 {
		t.Errorf("%+v", r.First)
	}
	w.bulk(1) // others take the places
	if r := w.verify(sink.text()); r.First == nil || r.First.Kind != ledger.Changed || r.First.Place != 50 {
		t.Errorf("grown on: %+v", r.First)
	}
}

// A sink that is made to take forged events for places that it had shows both.
func TestSinkWasHandedTwoEvents(t *testing.T) {
	w, sink := half(t)
	rewritten(w, 50)
	w.behind(`UPDATE audit_sink SET next = 40, held_until = 0`)
	w.head()
	w.ok(w.log.Deliver(w.ctx, "m"))
	r := w.verify(sink.text())
	if r.First == nil || r.First.Kind != ledger.Changed || r.First.Place != 49 || !strings.Contains(r.First.Words, "two different events for place 49") {
		t.Errorf("%+v", r.First)
	}
}

// A clock that is set back for a while, after retention has deleted something, leaves no alarm behind. One that was ahead for
// so long that retention went by it does: what it deleted was too young.
func TestRetentionAndAWrongClock(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for name, c := range map[string]struct {
		before, then time.Duration // the clock is set, before retention goes by it and afterwards
		back         time.Duration // and set right
		whole        bool
	}{
		"set back for a while": {0, -2 * year, 2 * year, true},
		"it was ahead":         {402 * 24 * time.Hour, -402 * 24 * time.Hour, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.bulk(3)
			w.head()
			w.pass(25 * time.Hour) // of each day a head is kept
			w.bulk(2)
			w.head()
			if c.whole {
				w.pass(402 * 24 * time.Hour)
			}
			w.pass(c.before)
			w.ok(w.log.Prune(w.ctx))
			w.pass(24 * time.Hour)
			w.ok(w.log.Prune(w.ctx))
			kept := w.head()
			for i, by := range []time.Duration{c.then, c.back} {
				w.pass(by)
				w.write(audit.New(audit.ClockJumped, host).Event())
				w.head()
				if r := w.verify(kept); i == 0 && (r.First == nil || !strings.Contains(r.First.Words, "where the clock is wrong now")) {
					t.Errorf("while it is behind: %+v", r.First)
				}
			}
			if r := w.verify(kept); (r.First == nil) != c.whole || w.tree().Pruned != 5 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// An event of an erasure stands for nothing that no erasure takes: not for whose doing on the host something was, nor for
// events that were placed after it, of the person or of nobody.
func TestWhatAnErasureDoesNotExcuse(t *testing.T) {
	const actor = `UPDATE event SET actor_name = '', address = '', browser = '', request = '', actor_salt = x'' WHERE leaf = %d`
	const target = `UPDATE event SET target_name = '', old_values = '', new_values = '', reason = '', target_salt = x'' WHERE leaf = %d`
	gone := sallyport.Technician{ID: "gone"}
	act := audit.New(audit.AuditErased, host).On(gone).Changed(nil, map[string]string{"also": "0 1 3 4"}).Event()
	for name, c := range map[string]struct {
		wipe  string
		place int64
		whole bool
	}{
		"the host's half":              {actor, 0, false},
		"nobody's event":               {target, 1, true},
		"nobody's event, after it":     {target, 3, false},
		"the person's event, after it": {target, 4, false},
		"and before a further one":     {target, 5, true},
	} {
		w := newWorld(t)
		to := map[string]string{"to": "x@example.org"}
		w.write(audit.New(audit.RescueIssued, host).On(mara).Event(),
			audit.New(audit.DeliveryFailed, sallyport.Actor{Kind: sallyport.ActorSystem}).Changed(nil, to).Event(), act,
			audit.New(audit.DeliveryFailed, sallyport.Actor{Kind: sallyport.ActorSystem}).Changed(nil, to).Event(),
			audit.New(audit.SessionEnded, as(mara)).On(gone).Because("x").Event())
		if c.place == 5 {
			w.write(audit.New(audit.SessionEnded, as(mara)).On(gone).Because("x").Event(), act)
		}
		w.head()
		w.behind(fmt.Sprintf(c.wipe, c.place))
		if r := w.verify(""); (r.First == nil) != c.whole || r.First != nil && (r.First.Kind != ledger.Changed || r.First.Place != c.place) {
			t.Errorf("%s: %+v", name, r.First)
		}
	}
}

// Of several halves of a person, those before the erasure and those after it are told apart, and the first that is not excused
// is named.
func TestHalvesBeforeAndAfterAnErasure(t *testing.T) {
	gone := sallyport.Technician{ID: "gone"}
	ended, act := audit.New(audit.SessionEnded, as(mara)).On(gone).Because("x").Event(), audit.New(audit.AuditErased, host).On(gone).Event()
	for name, c := range map[string]struct {
		events []sallyport.Event
		from   int // the places whose halves are wiped
	}{
		"all after it":         {[]sallyport.Event{ended, act, ended, ended}, 2},
		"before it, and after": {[]sallyport.Event{ended, act, ended}, 0},
	} {
		w := newWorld(t)
		w.write(c.events...)
		w.head()
		w.behind(fmt.Sprintf(`UPDATE event SET target_name = '', old_values = '', new_values = '', reason = '', target_salt = x''
			WHERE leaf >= %d AND type = '%s'`, c.from, ended.Type))
		if r := w.verify(""); r.First == nil || r.First.Kind != ledger.Changed || r.First.Place != 2 {
			t.Errorf("%s: %+v", name, r.First)
		}
	}
}
