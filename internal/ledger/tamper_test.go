package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/ledger"
	"sallyport/internal/store"
	"sallyport/internal/testkit/database"
)

// filled is a log of 60 events with a head signed at 40 and one at the end.
func filled(t *testing.T, sinks ...ledger.Sink) *world {
	w := worldWith(t, false, sinks...) // so that the n-th event has the number n
	for _, n := range []int{40, 20} {
		w.pass(time.Second)
		w.bulk(n)
		w.head()
	}
	w.whole("")
	return w
}

// D10.13: what is done to the database behind the server's back is noticed, and the first event that it concerns is named.
func TestD10_13(t *testing.T) {
	for name, c := range map[string]struct {
		tamper []string
		kind   ledger.Kind
		event  int64
		place  int64
	}{
		"changed time":    {[]string{`UPDATE event SET at = at + 1 WHERE id = 17`}, ledger.Changed, 17, 16},
		"changed type":    {[]string{`UPDATE event SET type = 'technician.added' WHERE id = 1`}, ledger.Changed, 1, 0},
		"changed outcome": {[]string{`UPDATE event SET outcome = 'wrong' WHERE id = 60`}, ledger.Changed, 60, 59},
		"changed actor":   {[]string{`UPDATE event SET actor = 'x' WHERE id = 5`}, ledger.Changed, 5, 4},
		"changed name":    {[]string{`UPDATE event SET actor_name = 'eve' WHERE id = 17`}, ledger.Changed, 17, 16},
		"changed address": {[]string{`UPDATE event SET address = '192.0.2.1' WHERE id = 17`}, ledger.Changed, 17, 16},
		"changed value":   {[]string{`UPDATE event SET new_values = '{"phone":"+3"}' WHERE id IN (17, 18)`}, ledger.Changed, 17, 16},
		"changed reason":  {[]string{`UPDATE event SET reason = '' WHERE id = 17`}, ledger.Changed, 17, 16},
		"broken value":    {[]string{`UPDATE event SET new_values = 'no JSON' WHERE id = 17`}, ledger.Changed, 0, 16},
		"no text":         {[]string{`UPDATE event SET reason = CAST(x'ff' AS TEXT) WHERE id = 17`}, ledger.Changed, 17, 16},
		"changed leaf":    {[]string{`UPDATE audit_hash SET hash = zeroblob(32) WHERE place = (SELECT place FROM audit_hash ORDER BY place LIMIT 1 OFFSET 0)`}, ledger.Changed, 1, 0},
		"changed number":  {[]string{`UPDATE event SET id = 1000 WHERE id = 17`}, ledger.Changed, 1000, 16},
		"quietly erased":  {[]string{`UPDATE event SET actor_name = '', address = '', browser = '', request = '', actor_salt = x'' WHERE id = 17`}, ledger.Changed, 17, 16},
		"quietly erased two": {[]string{`UPDATE event SET actor_name = '', address = '', browser = '', request = '', actor_salt = x'' WHERE id = 30`,
			`UPDATE event SET target_name = '', old_values = '', new_values = '', reason = '', target_salt = x'' WHERE id = 17`}, ledger.Changed, 17, 16},
		"quietly erased target":  {[]string{`UPDATE event SET target_name = '', old_values = '', new_values = '', reason = '', target_salt = x'' WHERE id = 17`}, ledger.Changed, 17, 16},
		"cut":                    {[]string{`DELETE FROM event WHERE id = 17`}, ledger.Cut, 0, 16},
		"cut first":              {[]string{`DELETE FROM event WHERE id = 1`}, ledger.Cut, 0, 0},
		"cut last":               {[]string{`DELETE FROM event WHERE id = 60`}, ledger.Cut, 0, 59},
		"cut many":               {[]string{`DELETE FROM event WHERE id > 20`}, ledger.Cut, 0, 20},
		"cut as if by retention": {[]string{`DELETE FROM event WHERE id <= 20`, `UPDATE audit_tree SET pruned = 20`}, ledger.Cut, 0, 0},
		"added beyond":           {[]string{copyEvent(17, 9000, 60)}, ledger.Added, 9000, 60},
		"added at a place":       {[]string{`DROP INDEX event_leaf`, copyEvent(17, 9000, 16)}, ledger.Added, 9000, 16},
		"reordered": {[]string{`UPDATE event SET leaf = 1000 WHERE id = 17`, `UPDATE event SET leaf = 16 WHERE id = 30`,
			`UPDATE event SET leaf = 29 WHERE id = 17`}, ledger.Changed, 30, 16},
		"inner hash":              {[]string{`UPDATE audit_hash SET hash = zeroblob(32) WHERE place = 2`}, ledger.Broken, 0, 0},
		"missing hash":            {[]string{`DELETE FROM audit_hash WHERE place = 3`}, ledger.Broken, 0, 2},
		"missing inner":           {[]string{`DELETE FROM audit_hash WHERE place = 2`}, ledger.Broken, 0, 0},
		"cut with its leaf":       {[]string{`DELETE FROM event WHERE id = 17`, missing(16)}, ledger.Cut, 0, 16},
		"last cut with its leaf":  {[]string{`DELETE FROM event WHERE id = 60`, missing(59)}, ledger.Cut, 0, 59},
		"pruned by word, changed": {[]string{`UPDATE audit_tree SET pruned = 20`, wrong17}, ledger.Changed, 17, 16},
		"added before one":        {[]string{`DROP INDEX event_leaf`, copyEvent(17, -5, 16)}, ledger.Added, -5, 16},
		"head of another size":    {[]string{`UPDATE audit_head SET size = 59 WHERE size = 60`}, ledger.Forged, 0, 59},
		"root":                    {[]string{`UPDATE audit_tree SET root = zeroblob(32)`}, ledger.Broken, 0, 60},
		"tree gone":               {[]string{`DELETE FROM audit_tree`}, ledger.Added, 1, 0},
		"truncated": {[]string{`DELETE FROM event WHERE leaf >= 50`, fmt.Sprintf(`DELETE FROM audit_hash WHERE place >= %d`, audit.HashCount(50)),
			`UPDATE audit_tree SET size = 50`}, ledger.Cut, 0, 50},
		"forged head":        {[]string{`UPDATE audit_head SET note = replace(note, 'at 2026', 'at 2025') WHERE size = 60`}, ledger.Forged, 0, 60},
		"next hash":          {[]string{addedHash(60)}, ledger.Broken, 0, 60},
		"next hash, changed": {[]string{addedHash(60), wrong17}, ledger.Changed, 17, 16},
		"beyond, changed":    {[]string{copyEvent(17, 9000, 60), wrong17}, ledger.Changed, 17, 16},
		"no JSON":            {noJSON, ledger.Stuck, 9000, 61},
		"two without JSON":   {append(slices.Clone(noJSON), copyEvent(17, 9001, -1), `UPDATE event SET new_values = 'no JSON' WHERE id = 9001`), ledger.Stuck, 9000, 61},
		"no JSON, changed":   {append(slices.Clone(noJSON), wrong17), ledger.Changed, 17, 16},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "no text" {
				database.OnlySQLite(t, "PostgreSQL stores no such text")
			}
			w := filled(t)
			w.behind(c.tamper...)
			w.bulk(1) // as on any living system, something waits for its place
			r := w.verify("")
			if r.First == nil {
				t.Fatalf("nothing was noticed: %+v", r)
			}
			if r.First.Kind != c.kind || r.First.Event != c.event || r.First.Place != c.place || r.First.Words == "" {
				t.Errorf("%+v", *r.First)
			}
			if c.kind == ledger.Stuck && !strings.Contains(fmt.Sprint(r.Doubts), "could not be placed: ") {
				t.Errorf("nothing says why: %v", r.Doubts)
			}
		})
	}
}

const wrong17 = `UPDATE event SET outcome = 'wrong' WHERE id = 17`

// noJSON is a new event that cannot be read.
var noJSON = []string{copyEvent(17, 9000, -1), `UPDATE event SET new_values = 'no JSON' WHERE id = 9000`}

// addedHash is a hash where the next leaf has to go.
func addedHash(place int64) string {
	return fmt.Sprintf(`INSERT INTO audit_hash (place, hash) VALUES (%d, zeroblob(32))`, audit.LeafNumber(place))
}

// copyEvent copies an event to another number and place.
func copyEvent(from, to, leaf int) string {
	const rest = `at, type, actor_kind, actor, actor_name, target, target_name, old_values, new_values, address, browser, request, reason, outcome, search, actor_salt, actor_mark, target_salt, target_mark`
	return fmt.Sprintf(`INSERT INTO event (id, leaf, %s) SELECT %d, %d, %s FROM event WHERE id = %d`, rest, to, leaf, rest, from)
}

// rewritten makes the whole tree anew over a changed event, as somebody can who owns the database but not the key.
func rewritten(w *world, id int64) {
	w.Helper()
	w.behind(fmt.Sprintf(`UPDATE event SET outcome = 'wrong' WHERE id = %d`, id))
	var rebuilt map[int64]audit.Hash
	w.ok(w.db.Write(w.ctx, func(tx *store.Tx) error {
		old, err := tx.Leaves(w.ctx, 0, 1000)
		w.ok(err)
		g := audit.Grow(0, nil)
		for _, l := range old {
			w.ok(g.Add(audit.LeafHash(l)))
		}
		root, err := g.Root()
		w.ok(err)
		tree, err := tx.Tree(w.ctx)
		w.ok(err)
		tree.Root = root[:]
		_, err = tx.GrowTree(w.ctx, tree.Size, tree)
		rebuilt = g.Made
		return err
	}))
	var s []string
	for number, h := range rebuilt {
		s = append(s, fmt.Sprintf(`UPDATE audit_hash SET hash = x'%x' WHERE place = %d`, h[:], number))
	}
	w.behind(s...)
}

// D10.13: a tree that was made anew does not fit what was signed, and nothing more is signed over it.
func TestD10_13_Rewritten(t *testing.T) {
	for _, c := range []struct{ id, from int64 }{{17, 0}, {50, 40}} {
		w := filled(t)
		before := w.head()
		rewritten(w, c.id)
		r := w.verify("")
		if r.First == nil || r.First.Kind != ledger.Changed || r.First.Place != c.from || r.First.Event != c.from+1 {
			t.Errorf("event %d: %+v", c.id, r.First)
		}
		w.bulk(1)
		if _, err := w.log.Head(w.ctx, host); err == nil {
			t.Error("a head was signed over a tree that was made anew")
		}
		// Not even when the heads are gone too: the copy that was kept elsewhere says it.
		w.behind(`DELETE FROM audit_head`)
		if r := w.verify(before); r.First == nil || r.First.Kind != ledger.Changed {
			t.Errorf("event %d, with a head kept elsewhere: %+v", c.id, r.First)
		}
		// Nor when others were signed since, with the key.
		w.head()
		w.whole("")
		if r := w.verify(before); r.First == nil || r.First.Kind != ledger.Changed {
			t.Errorf("event %d, with a head kept elsewhere and one that was signed since: %+v", c.id, r.First)
		}
	}
}

// D10.13: an older database in the place of the newer one is whole in itself; a head that was kept elsewhere tells.
func TestD10_13_Replay(t *testing.T) {
	w := filled(t)
	old := w.snapshot()
	w.bulk(5)
	kept := w.head()
	w.restore(old)
	w.whole("")
	r := w.verify(kept)
	if r.First == nil || r.First.Kind != ledger.Cut || r.First.Place != 60 || !strings.Contains(r.First.Words, "after event 60") {
		t.Errorf("%+v", r.First)
	}
	// It grows on, past the size that was signed: another history.
	w.bulk(20)
	if r := w.verify(kept); r.First == nil || r.First.Kind != ledger.Changed || r.First.Place != 60 {
		t.Errorf("after it grew on: %+v", r.First)
	}
}

// With the lines of a sink the very event is named, though the whole tree was made anew and all heads are gone.
func TestD10_13_SinkNamesTheEvent(t *testing.T) {
	sink := &memorySink{name: "m"}
	w := filled(t, sink)
	w.ok(w.log.Deliver(w.ctx, "m"))
	rewritten(w, 50)
	w.behind(`DELETE FROM audit_head`)
	r := w.verify(sink.text())
	if r.First == nil || r.First.Event != 50 || r.First.Place != 49 {
		t.Errorf("%+v", r.First)
	}
}

func TestHeadOfAnotherLogIsRefused(t *testing.T) {
	w, other := filled(t), filled(t)
	if _, err := w.log.Verify(w.ctx, host, []byte(other.head())); err == nil {
		t.Error("a head of another key was taken")
	}
	if _, err := w.log.Verify(w.ctx, host, []byte("hello\n")); err == nil {
		t.Error("any file was taken")
	}
}

// An event that is slipped in with a time of the past gets its place at the end, and is pointed at.
func TestBackdatedEventIsPointedAt(t *testing.T) {
	w := filled(t)
	w.behind(strings.Replace(copyEvent(17, 9000, -1), "SELECT 9000, -1, at,", "SELECT 9000, -1, at - 86400000000,", 1))
	r := w.whole("")
	if len(r.Doubts) != 1 || !strings.Contains(r.Doubts[0], "Event 9000") {
		t.Errorf("%v", r.Doubts)
	}
	w.write(audit.New(audit.ClockJumped, host).Event())
	w.pass(-time.Hour)
	w.write(audit.New(audit.ClockJumped, host).Event())
	w.bulk(1)
	if r := w.whole(""); len(r.Doubts) != 1 {
		t.Errorf("a clock that was set: %v", r.Doubts)
	}
}

// beside does to the open database what somebody with a shell could do.
func (w *world) beside(statements ...string) {
	w.Helper()
	w.statements(statements)
}

// shortened makes the tree that of its first 50 events, whole in itself.
func shortened(w *world) []string {
	w.Helper()
	return shortenedTo(w, 50)
}

func shortenedTo(w *world, size int64) []string {
	w.Helper()
	var root audit.Hash
	w.ok(w.db.Read(w.ctx, func(tx *store.Tx) (err error) {
		root, err = audit.Root(size, func(number int64) (h audit.Hash, err error) {
			b, err := tx.TreeHash(w.ctx, number)
			copy(h[:], b)
			return h, err
		})
		return err
	}))
	return []string{fmt.Sprintf(`DELETE FROM event WHERE leaf >= %d`, size), fmt.Sprintf(`DELETE FROM audit_hash WHERE place >= %d`, audit.HashCount(size)),
		fmt.Sprintf(`UPDATE audit_tree SET size = %d, root = x'%x'`, size, root[:])}
}

// What was signed is remembered by the database and by the process that signed it: each alone keeps it from signing a log
// that was shortened, or one that grew on from there.
func TestShortenedLogIsNotSigned(t *testing.T) {
	for name, shorten := range map[string]func(w *world, s []string){
		"the database remembers": func(w *world, s []string) { w.behind(s...) },
		"the process remembers":  func(w *world, s []string) { w.beside(append(s, noHeads)...) },
	} {
		w := filled(t)
		shorten(w, shortened(w))
		for _, c := range []struct {
			more int
			says string
		}{{1, "smaller than one that was signed"}, {20, "does not begin with the one"}} {
			w.bulk(c.more)
			if _, err := w.log.Head(w.ctx, host); sallyport.CodeOf(err) != "audit_tree" {
				t.Errorf("%s, %d more: %v", name, c.more, err)
			}
			w.looks(1)
			if status, err := w.log.Status(w.ctx, host); err != nil || !strings.Contains(status.Trouble, c.says) {
				t.Errorf("%s, %d more: %q %v", name, c.more, status.Trouble, err)
			}
		}
	}
}

// Nor does a process forget what it has signed where somebody puts an older head beside the log that he has shortened.
func TestOlderHeadIsNotTakenForTheLast(t *testing.T) {
	w := filled(t)
	w.beside(append(shortenedTo(w, 40), `DELETE FROM audit_head WHERE size > 40`)...)
	w.looks(1)
	w.bulk(1)
	if _, err := w.log.Head(w.ctx, host); sallyport.CodeOf(err) != "audit_tree" {
		t.Errorf("a log that was cut back to an older head is signed: %v", err)
	}
}

// What stands in the way of new events is shown to administrators, once it is not a passing failure; what can be placed
// is placed.
func TestPlacingTroubleIsShown(t *testing.T) {
	for name, c := range map[string]struct {
		tamper, mend []string
		size         int64
	}{
		"next leaf": {[]string{copyEvent(17, 9000, 60)}, []string{`DELETE FROM event WHERE id = 9000`}, 60},
		"next hash": {[]string{addedHash(60)}, []string{fmt.Sprintf(`DELETE FROM audit_hash WHERE place = %d`, audit.LeafNumber(60))}, 60},
		"no JSON":   {noJSON, []string{`DELETE FROM event WHERE id = 9000`}, 63},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := filled(t)
			w.behind(c.tamper...)
			w.bulk(3)
			w.looks(5)
			status, err := w.log.Status(w.ctx, host)
			if err != nil || status.Trouble == "" || status.Size != c.size {
				t.Errorf("%+v %v", status, err)
			}
			w.beside(c.mend...)
			w.looks(1)
			status, err = w.log.Status(w.ctx, host)
			if err != nil || status.Trouble != "" || status.Size != 63 {
				t.Errorf("mended: %+v %v", status, err)
			}
			w.whole("")
		})
	}
}

// looks lets the server look for new events n times, as it does at its end.
func (w *world) looks(n int) {
	ended, end := context.WithCancel(w.ctx)
	end()
	for range n {
		w.log.Run(ended)
	}
}
