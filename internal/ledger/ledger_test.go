package ledger_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/keyring"
	"sallyport/internal/ledger"
	"sallyport/internal/store"
	"sallyport/internal/testkit/clock"
	"sallyport/internal/testkit/database"
)

// naive is the tree hash by the words of RFC 6962 section 2.1, as an oracle for the tree that grows in steps.
func naive(leaves [][32]byte) [32]byte {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	left, right := naive(leaves[:k]), naive(leaves[k:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

// Every event that existed before the tree, and every one after, gets a place; the tree is that of RFC 6962.
func TestTreeIsThatOfRFC6962(t *testing.T) {
	w := newWorld(t)
	for i, n := range []int{1, 1, 5, 200, 193, 401} {
		w.bulk(n)
		w.place()
		var hashes [][32]byte
		w.ok(w.db.Read(w.ctx, func(tx *store.Tx) error {
			leaves, err := tx.Leaves(w.ctx, 0, 10000)
			for place, l := range leaves {
				if l.Place != int64(place) || place > 0 && l.ID <= leaves[place-1].ID {
					t.Fatalf("event %d stands at place %d", l.ID, l.Place)
				}
				hashes = append(hashes, audit.LeafHash(l))
			}
			return err
		}))
		want := naive(hashes)
		if tree := w.tree(); tree.Size != int64(len(hashes)) || string(tree.Root) != string(want[:]) {
			t.Fatalf("step %d: size %d of %d, root %x, want %x", i, tree.Size, len(hashes), tree.Root, want)
		}
	}
	if r := w.whole(w.head()); r.Events != 801 || r.Size != 801 || r.Heads != 1 || r.Kept != 1 {
		t.Errorf("%+v", r)
	}
}

// failing is a store whose n-th transaction from now breaks before its commit.
type failing struct {
	store.Transactions[ledger.Tx]
	left int
}

var errBroken = errors.New("the power went out")

func (f *failing) Write(ctx context.Context, do func(ledger.Tx) error) error {
	return f.Transactions.Write(ctx, func(tx ledger.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		if f.left--; f.left < 0 {
			return errBroken
		}
		return nil
	})
}

// A process that dies between two batches, or within one, leaves a whole tree, from which the next one goes on.
func TestKilledBetweenBatchesGoesOn(t *testing.T) {
	w := newWorld(t)
	w.bulk(700)
	for cut := range 5 {
		f := &failing{store.For[ledger.Tx](w.db), cut % 2}
		s, err := ledger.New(ledger.Options{Store: f, Key: w.keys.SigningKey("audit head"), Origin: "sallyport-audit-" + w.keys.ID()})
		w.ok(err)
		if err := s.Place(w.ctx); !errors.Is(err, errBroken) {
			t.Fatalf("%v", err)
		}
		w.bulk(400) // whatever is placed, something is left
	}
	w.place()
	if r := w.whole(w.head()); r.Size != 2700 {
		t.Errorf("%+v", r)
	}
}

// Several processes place at once, while events are written: each event gets one place.
func TestManyProcessesPlaceAtOnce(t *testing.T) {
	w := newWorld(t)
	w.bulk(900)
	var all sync.WaitGroup
	for range 4 {
		s := w.service()
		all.Go(func() {
			if err := s.Place(w.ctx); err != nil {
				t.Error(err)
			}
		})
	}
	all.Go(func() {
		for range 20 {
			w.bulk(5)
		}
	})
	all.Wait()
	w.place()
	if r := w.whole(w.head()); r.Size != 1000 || r.Events != 1000 {
		t.Errorf("%+v", r)
	}
}

// overtaken is a store in which the tree has been grown by somebody else in the midst of the first append.
type overtaken struct {
	store.Transactions[ledger.Tx]
	grown int
}

func (o *overtaken) Write(ctx context.Context, do func(ledger.Tx) error) error {
	return o.Transactions.Write(ctx, func(tx ledger.Tx) error { return do(overtakenTx{tx, o}) })
}

type overtakenTx struct {
	ledger.Tx
	store *overtaken
}

func (t overtakenTx) GrowTree(ctx context.Context, from int64, to sallyport.Tree) (bool, error) {
	if t.store.grown++; t.store.grown == 1 {
		return false, nil
	}
	return t.Tx.GrowTree(ctx, from, to)
}

// Whoever finds that the tree was grown meanwhile undoes all of his batch, whichever events it held, and computes another.
func TestOvertakenBatchIsUndone(t *testing.T) {
	w := newWorld(t)
	w.bulk(5)
	o := &overtaken{store.For[ledger.Tx](w.db), 0}
	s, err := ledger.New(ledger.Options{Store: o, Key: w.keys.SigningKey("audit head"), Origin: "sallyport-audit-" + w.keys.ID()})
	w.ok(err)
	w.ok(s.Place(w.ctx))
	if tree := w.tree(); tree.Size != 5 || o.grown != 2 {
		t.Errorf("%d places after %d appends", tree.Size, o.grown)
	}
	w.whole("")
}

// A head is signed at most once a minute while the log grows, and old heads are thinned to one a day.
func TestHeads(t *testing.T) {
	w := newWorld(t)
	w.bulk(1)
	first := w.head()
	for range 2 {
		if again := w.head(); again != first {
			t.Error("a head was signed again for the same tree")
		}
		w.log = w.service()
		w.pass(time.Second)
	}
	for range 30 {
		w.bulk(1)
		w.pass(6 * time.Hour)
		w.head()
	}
	w.ok(w.db.Read(w.ctx, func(tx *store.Tx) error {
		heads, err := tx.Heads(w.ctx, 0, 1000)
		if len(heads) != 28+1 && len(heads) != 28+2 { // 7 days of four, and what is left of one or two before
			t.Errorf("%d heads", len(heads))
		}
		return err
	}))
	w.whole(first)
}

// While the log grows a head is signed a minute after the last one, or when the clock was set.
func TestHeadsWhileTheLogGrows(t *testing.T) {
	w := newWorld(t)
	for i, c := range []struct {
		pass time.Duration
		due  bool
	}{{0, true}, {59 * time.Second, false}, {time.Second, true}, {time.Second, false}, {-time.Hour, true}} {
		w.bulk(1)
		w.pass(c.pass)
		w.ok(w.log.KeepUp(w.ctx))
		w.ok(w.db.Read(w.ctx, func(tx *store.Tx) error {
			h, _, err := tx.LastHead(w.ctx)
			if (h.Size == int64(i+1)) != c.due {
				t.Errorf("look %d: a head of %d", i, h.Size)
			}
			return err
		}))
	}
}

// A tree whose edge or root was touched grows no further.
func TestTouchedTreeDoesNotGrow(t *testing.T) {
	edge := audit.Edge(60)
	for name, touch := range map[string]string{
		"edge": fmt.Sprintf(`UPDATE audit_hash SET hash = zeroblob(32) WHERE place = %d`, edge[0]),
		"gone": fmt.Sprintf(`DELETE FROM audit_hash WHERE place = %d`, edge[len(edge)-1]),
		"root": `UPDATE audit_tree SET root = zeroblob(32)`,
	} {
		w := filled(t)
		w.behind(touch)
		w.bulk(1)
		if err := w.log.Place(w.ctx); err == nil || w.tree().Size != 60 {
			t.Errorf("%s: %v, %d events", name, err, w.tree().Size)
		}
	}
}

// A clock that was set back does not keep what is new from being signed.
func TestHeadAfterTheClockWasSetBack(t *testing.T) {
	w := newWorld(t)
	w.bulk(1)
	first := w.head()
	w.bulk(1)
	w.pass(-time.Hour)
	if w.head() == first {
		t.Error("no head holds the second event")
	}
	w.whole(first)
}

// Proving and exporting need a permission, erasing needs a shell on the host.
func TestRights(t *testing.T) {
	w := newWorld(t)
	w.bulk(1)
	w.ok(w.db.Write(w.ctx, func(tx *store.Tx) error {
		for id, role := range map[sallyport.TechnicianID]sallyport.RoleID{"root": sallyport.SuperAdmin, "apps": sallyport.AppsAndReportsManager, "reader": sallyport.ReadOnlyTechnician, "left": sallyport.SuperAdmin} {
			name, status := string(id), sallyport.Active
			if id == "left" {
				status = sallyport.Deactivated
			}
			if err := tx.InsertTechnician(w.ctx, sallyport.Technician{ID: id, UserName: name, UserNameKey: name, Skeleton: name, Role: role, Status: status, Method: sallyport.MethodApp, Version: 1}); err != nil {
				return err
			}
		}
		return nil
	}))
	first := w.nth(1)
	if _, err := w.log.Status(w.ctx, sallyport.Actor{Kind: sallyport.ActorNobody, ID: "root"}); sallyport.KindOf(err) != sallyport.Forbidden {
		t.Errorf("nobody, by the id of somebody: %v", err)
	}
	for id, may := range map[sallyport.TechnicianID][5]bool{"root": {true, true, false, true, true}, "apps": {true, false, false, true, true}, "reader": {}, "left": {}, "gone": {}} {
		actor := sallyport.Actor{Kind: sallyport.ActorTechnician, ID: id}
		over := actor
		over.Session, _ = sallyport.NewToken().Hash() // he was signed out since
		if _, err := w.log.Prove(w.ctx, over, first); sallyport.KindOf(err) != sallyport.Unauthorized {
			t.Errorf("%s, through a session that is over: %v", id, err)
		}
		_, status := w.log.Status(w.ctx, actor)
		_, prove := w.log.Prove(w.ctx, actor, first)
		_, erase := w.log.Erase(w.ctx, actor, "dana", "")
		_, verify := w.log.Verify(w.ctx, actor, nil)
		_, head := w.log.Head(w.ctx, actor)
		want := 0 // whom the log names was refused by it
		for _, err := range []error{prove, erase} {
			if sallyport.KindOf(err) == sallyport.Forbidden {
				want++
			}
		}
		var refusals []sallyport.Event
		w.ok(w.db.Read(w.ctx, func(tx *store.Tx) (err error) {
			refusals, err = tx.Events(w.ctx, sallyport.EventFilter{Type: string(audit.SaveRefused), Actor: id})
			return err
		}))
		if len(refusals) != want {
			t.Errorf("%s: %d of %d refusals stand in the log", id, len(refusals), want)
		}
		for i, err := range []error{status, prove, erase, verify, head} {
			if kind := sallyport.KindOf(err); (err == nil) != may[i] || err != nil && kind != sallyport.Forbidden && kind != sallyport.Unauthorized {
				t.Errorf("%s, act %d: %v", id, i, err)
			}
		}
	}
}

// Appending and proving touch a number of hashes that grows with the logarithm of the log alone: counted, not timed.
func TestAppendAndProofAreLogarithmic(t *testing.T) {
	stored := map[int64]audit.Hash{}
	reads := 0
	read := func(n int64) (audit.Hash, error) {
		reads++
		return stored[n], nil
	}
	grow := audit.Grow(0, nil)
	const size = 1 << 17
	for i := range size {
		w := sha256.Sum256(fmt.Append(nil, i))
		if err := grow.Add(w); err != nil {
			t.Fatal(err)
		}
	}
	stored = grow.Made
	root, err := audit.Root(size, read)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := audit.NewSigner("x", newWorld(t).keys.SigningKey("x"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int64{100, 1000, 10_000, 100_000, size} {
		most := 2
		for m := int64(1); m < n; m *= 2 {
			most += 2
		}
		reads = 0
		g := audit.Grow(n, read)
		for i := range 200 {
			if err := g.Add(sha256.Sum256(fmt.Append(nil, -i))); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := g.Root(); err != nil || reads > most || len(g.Made) > 400+most {
			t.Errorf("200 appends at %d: %d hashes read, %d made, %v; at most %d", n, reads, len(g.Made), err, most)
		}
		reads = 0
		h, err := signer.SignHead(n, root, time.Unix(0, 0))
		if err == nil {
			_, err = audit.Prove(sallyport.Leaf{Place: n / 3}, h, read)
		}
		if err != nil || reads > 2*most {
			t.Errorf("a proof at %d: %d hashes read, %v; at most %d", n, reads, err, 2*most)
		}
	}
}

// The use cases themselves run a number of statements that does not grow with the log.
func TestStatementsOfAppendAndProof(t *testing.T) {
	w := newWorld(t)
	var fifth int64
	cost := func() (place, prove uint64) {
		w.head()
		w.bulk(10)
		before := w.db.Stats().Statements
		w.place()
		middle := w.db.Stats().Statements
		w.head()
		signed := w.db.Stats().Statements
		_, err := w.log.Prove(w.ctx, host, fifth)
		w.ok(err)
		return middle - before, w.db.Stats().Statements - signed
	}
	w.bulk(20)
	fifth = w.nth(5)
	smallPlace, smallProve := cost()
	w.bulk(5000)
	bigPlace, bigProve := cost()
	if bigPlace > smallPlace+20 || bigProve > smallProve+140 {
		t.Errorf("placing 10: %d then %d statements; proving one: %d then %d", smallPlace, bigPlace, smallProve, bigProve)
	}
}

// The events of a database from before the tree get their places at the first start.
func TestEventsFromBeforeTheTree(t *testing.T) {
	database.OnlySQLite(t, "PostgreSQL came with the tree")
	folder := t.TempDir()
	raw, err := sql.Open("sqlite", filepath.Join(folder, "sallyport.db"))
	if err != nil {
		t.Fatal(err)
	}
	steps, err := goose.NewProvider(goose.DialectSQLite3, raw, os.DirFS("../store/migrations/sqlite"))
	if err == nil {
		_, err = steps.UpTo(t.Context(), 1)
	}
	for i := 0; i < 250 && err == nil; i++ {
		_, err = raw.Exec(`INSERT INTO event (at, type, actor_kind, actor, actor_name, target, target_name, old_values, new_values, address, browser, request, reason, outcome, search)
			VALUES (?, 'signin.finished', 'technician', 'dana', 'Dana', '', '', '', '{"a":"b"}', '', '', '', '', 'ok', '')`, i)
	}
	if err = errors.Join(err, raw.Close()); err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, ctx: t.Context(), folder: folder, keys: keyring.Generate(), clock: clock.New(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))}
	w.open()
	defer w.db.Close()
	if r := w.whole(w.head()); r.Size != 250 || r.Events != 250 {
		t.Errorf("%+v", r)
	}
}
