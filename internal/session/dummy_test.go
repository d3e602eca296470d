package session_test

import (
	"fmt"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/factor"
	"sallyport/internal/keyring"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// olderPHC is a hash of nobody's password with cheaper parameters than new ones have.
const olderPHC = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$bm9ib2R5IGhhcyB0aGlzIG9uZQ"

// holding gives t another stored hash.
func (w *world) holding(t sallyport.Technician, phc string) {
	place := keyring.Place{Table: "technician", Row: string(t.ID), Column: "password"}
	w.write(func(tx *store.Tx) error {
		return tx.SetPassword(ctx, t.ID, t.Generation, w.keys.Seal([]byte(phc), place))
	})
}

// restarted is a second process over the same database.
func (w *world) restarted() *session.Service {
	w.t.Helper()
	o := w.options(store.For[session.Tx](w.db))
	o.Hasher = factor.NewHasher(1)
	s := session.New(o)
	if err := s.LoadDummy(ctx); err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) sealedDummy() []byte {
	w.t.Helper()
	return look(w, func(tx *store.Tx) ([]byte, error) { return tx.Meta(ctx, "dummy_password") })
}

// TestDummyFollowsTheTeam: the work for a name that nobody has is that of most stored hashes, also after a restart.
func TestDummyFollowsTheTeam(t *testing.T) {
	w := newWorld(t)
	if err := w.s.TuneDummy(ctx); err != nil { // nobody has a password: the parameters of new ones
		t.Fatal(err)
	}
	first := w.s.DummyHash()
	if !like(first, goodPHC()) || w.restarted().DummyHash() != first {
		t.Errorf("with no hash stored: %q", first)
	}
	var team []sallyport.Technician
	for i := range 5 {
		team = append(team, w.technician(fmt.Sprintf("t%d", i), sallyport.MethodOff))
	}
	steps := []struct {
		older int
		like  string
	}{{2, goodPHC()}, {3, olderPHC}, {2, goodPHC()}}
	for _, c := range steps {
		for i, p := range team {
			if i < c.older {
				w.holding(p, olderPHC)
			} else {
				w.holding(p, goodPHC())
			}
		}
		if err := w.s.TuneDummy(ctx); err != nil {
			t.Fatal(err)
		}
		again := w.restarted()
		if got := w.s.DummyHash(); !like(got, c.like) || again.DummyHash() != got {
			t.Errorf("%d of 5 have older parameters: %q, after a restart %q", c.older, got, again.DummyHash())
		}
		before := w.sealedDummy()
		if err := again.TuneDummy(ctx); err != nil {
			t.Fatal(err)
		}
		if string(w.sealedDummy()) != string(before) {
			t.Error("the same dummy was stored again")
		}
	}
	if strings.Contains(string(w.sealedDummy()), "argon2id") {
		t.Error("the dummy is stored unsealed")
	}
}

// TestDummyIsOneForAllNodes: a second process that began before there was a dummy comes to have the stored one.
func TestDummyIsOneForAllNodes(t *testing.T) {
	w := newWorld(t)
	early := w.restarted()
	if err := w.s.TuneDummy(ctx); err != nil {
		t.Fatal(err)
	}
	before := w.sealedDummy()
	if err := early.TuneDummy(ctx); err != nil {
		t.Fatal(err)
	}
	if early.DummyHash() != w.s.DummyHash() || string(w.sealedDummy()) != string(before) {
		t.Error("each of two nodes has its own dummy")
	}
}

// TestDummyThatDoesNotOpen: a start goes on with a new one, which takes its place.
func TestDummyThatDoesNotOpen(t *testing.T) {
	w := newWorld(t)
	for _, bad := range [][]byte{[]byte("garbled"), w.keys.Seal([]byte("no hash"), keyring.Place{Table: "meta", Row: "dummy_password", Column: "value"})} {
		w.write(func(tx *store.Tx) error { return tx.PutMeta(ctx, "dummy_password", bad) })
		s := w.restarted()
		if err := s.TuneDummy(ctx); err != nil {
			t.Fatal(err)
		}
		if got := w.restarted().DummyHash(); got != s.DummyHash() || !like(got, goodPHC()) {
			t.Errorf("%q, after a restart %q", s.DummyHash(), got)
		}
	}
}

// TestDummyPassesByWhatDoesNotOpen: a password that was copied from another row hinders its owner alone.
func TestDummyPassesByWhatDoesNotOpen(t *testing.T) {
	w := newWorld(t)
	dana, ilya, mara := w.technician("dana", sallyport.MethodOff), w.technician("ilya", sallyport.MethodOff), w.technician("mara", sallyport.MethodOff)
	w.holding(dana, olderPHC)
	w.holding(mara, olderPHC)
	w.copyPassword(dana, ilya)
	if err := w.s.TuneDummy(ctx); err != nil || !like(w.s.DummyHash(), olderPHC) {
		t.Errorf("%v, %q", err, w.s.DummyHash())
	}
}

// like reports whether two hashes cost the same.
func like(a, b string) bool {
	x, errX := factor.Parameters(a)
	y, errY := factor.Parameters(b)
	return errX == nil && errY == nil && x == y
}

// TestDummyIsWhatIsChecked: a name that nobody has takes the memory of the tuned hash, not of new ones.
func TestDummyIsWhatIsChecked(t *testing.T) {
	w := newWorld(t)
	var memory []uint32 // in KiB
	o := w.options(store.For[session.Tx](w.db))
	o.Hasher = factor.NewHasherOver(1, func(work factor.Work) ([]byte, error) {
		memory = append(memory, work.Memory)
		return work.Digest(), nil
	})
	s := session.New(o)
	defer s.Close()
	costs := func(want uint32) {
		t.Helper()
		memory = nil
		if _, err := s.Password(ctx, session.Attempt{UserName: "nobody", Password: "wrong", Client: browser}); err != session.ErrWrongPassword {
			t.Errorf("%v", err)
		}
		if len(memory) != 1 || memory[0] != want {
			t.Errorf("hashes of %d KiB, want one of %d", memory, want)
		}
	}
	costs(19 << 10)
	w.holding(w.technician("dana", sallyport.MethodOff), olderPHC)
	if err := s.TuneDummy(ctx); err != nil {
		t.Fatal(err)
	}
	costs(64)
}
