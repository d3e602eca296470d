package store_test

import (
	"slices"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

// What is said of nobody's account is found in a long log a piece at a time, not in the numbers that no event has any more.
func TestLeavesOfNobodyInPieces(t *testing.T) {
	defer store.LookAtFewLeaves(3)()
	db := open(t, t.TempDir(), time.Now)
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		for id := int64(1); id <= 30; id++ {
			e := sallyport.Event{Type: "x.y"}
			if id%4 == 0 {
				e.After = map[string]string{"to": "dana@example.com"}
			}
			if err := tx.InsertEvent(t.Context(), e); err != nil {
				return err
			}
			if err := tx.PlaceEvent(t.Context(), sallyport.Leaf{Event: sallyport.Event{ID: id}, Place: id - 1}, nil); err != nil {
				return err
			}
		}
		if _, err := tx.GrowTree(t.Context(), 0, sallyport.Tree{Size: 30}); err != nil {
			return err
		}
		_, err := tx.PruneEvents(t.Context(), 0, 19)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	reads := 0
	for after := int64(0); reads == 0 || after > 0; reads++ {
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			found, next, err := tx.LeavesOfNobody(t.Context(), after)
			for _, l := range found {
				got = append(got, l.ID)
			}
			after = next
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if want := []int64{20, 24, 28}; !slices.Equal(got, want) || reads != 5 {
		t.Errorf("found %v in %d reads, want %v in 5", got, reads, want)
	}
}
