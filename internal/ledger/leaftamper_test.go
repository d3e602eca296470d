package ledger_test

import (
	"fmt"
	"strings"
	"testing"

	"sallyport/internal/audit"
	"sallyport/internal/ledger"
	"sallyport/internal/store"
)

// withLeaf changes an event and its leaf in the tree, and none of the hashes above it.
func withLeaf(w *world, place int64) {
	w.Helper()
	w.behind(fmt.Sprintf(`UPDATE event SET outcome = 'wrong' WHERE leaf = %d`, place))
	var h audit.Hash
	w.ok(w.db.Read(w.ctx, func(tx *store.Tx) error {
		leaves, err := tx.Leaves(w.ctx, place, 1)
		w.ok(err)
		h = audit.LeafHash(leaves[0])
		return nil
	}))
	w.behind(fmt.Sprintf(`UPDATE audit_hash SET hash = x'%x' WHERE place = %d`, h[:], audit.LeafNumber(place)))
}

const noHeads = `DELETE FROM audit_head`

// D10.13: an event that is changed together with its stored leaf is not called unchanged; a hash that is changed alone is.
func TestD10_13_ChangedWithItsLeaf(t *testing.T) {
	for name, c := range map[string]struct {
		leaf   int64 // changed with its event, -1 for none
		tamper string
		kept   bool
		kind   ledger.Kind
		event  int64
		place  int64
		words  string
	}{
		"before a stored head":       {16, ``, false, ledger.Changed, 17, 16, "places 16 to 17"},
		"before a kept head":         {16, noHeads, true, ledger.Changed, 17, 16, "places 16 to 17"},
		"no head follows":            {16, noHeads, false, ledger.Changed, 17, 16, "nor does the stored root"},
		"between two heads":          {49, ``, false, ledger.Changed, 49, 48, "places 48 to 49"},
		"first one behind a head":    {40, ``, false, ledger.Changed, 41, 40, "places 40 to 41"},
		"last one, alone":            {60, ``, false, ledger.Changed, 61, 60, "no signed head holds"},
		"leaf gone, event changed":   {16, missing(16), false, ledger.Changed, 17, 16, "places 16 to 16"},
		"inner hash, a head follows": {-1, inner(0), true, ledger.Broken, 0, 0, "that was signed"},
		"inner hash, none follows":   {-1, noHeads + `; ` + inner(0), false, ledger.Broken, 0, 0, "no signed head holds yet"},
		"inner hash behind a head":   {-1, inner(40), false, ledger.Broken, 0, 40, "places 40 to 41"},
		"leaf gone alone":            {-1, missing(16), false, ledger.Broken, 0, 16, "places 16 to 16"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := filled(t)
			kept := ""
			if c.kept {
				kept = w.head()
			}
			w.bulk(1)
			w.place()
			if c.leaf >= 0 {
				withLeaf(w, c.leaf)
			}
			for s := range strings.SplitSeq(c.tamper, "; ") {
				w.behind(s)
			}
			r := w.verify(kept)
			if r.First == nil || r.First.Kind != c.kind || r.First.Event != c.event || r.First.Place != c.place || !strings.Contains(r.First.Words, c.words) {
				t.Errorf("%+v", r.First)
			}
		})
	}
}

// missing deletes the leaf of a place, inner changes the hash over a place and the next one.
func missing(place int64) string {
	return fmt.Sprintf(`DELETE FROM audit_hash WHERE place = %d`, audit.LeafNumber(place))
}

func inner(place int64) string {
	return fmt.Sprintf(`UPDATE audit_hash SET hash = zeroblob(32) WHERE place = %d`, audit.NumberOf(1, place/2))
}

// What a head holds is not among the places that a finding points at.
func TestHeadNarrowsTheFinding(t *testing.T) {
	w := worldWith(t, false)
	for _, n := range []int{41, 19} {
		w.bulk(n)
		w.head()
	}
	withLeaf(w, 41)
	if r := w.verify(""); r.First == nil || r.First.Kind != ledger.Changed || r.First.Event != 42 || r.First.Place != 41 {
		t.Errorf("%+v", r.First)
	}
}

// Where a later event is found first, what stands before it and is not certain is pointed at.
func TestUncertainHashBeforeAFinding(t *testing.T) {
	w := filled(t)
	withLeaf(w, 16)
	w.behind(`UPDATE event SET reason = '' WHERE id = 30`)
	r := w.verify("")
	if r.First == nil || r.First.Event != 30 || len(r.Doubts) != 1 || !strings.Contains(r.Doubts[0], "places 16 to 17") {
		t.Errorf("%+v %v", r.First, r.Doubts)
	}
}
