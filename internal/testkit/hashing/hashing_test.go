package hashing

import (
	"context"
	"testing"

	"sallyport/internal/factor"
)

// TestSameAnswers: what is remembered is what would be computed, for each password, salt and cost by itself.
func TestSameAnswers(t *testing.T) {
	ctx, plain, h := context.Background(), factor.NewHasher(1), New(1)
	const right, wrong = "plum harbor 42 violet tram", "plum harbor 43 violet tram"
	for range 2 { // hashes with salts of their own
		phc, err := plain.Hash(ctx, right)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // computed, and remembered
			if ok, _, err := h.Verify(ctx, phc, right, true); !ok || err != nil {
				t.Errorf("the right password: %v, %v", ok, err)
			}
			if ok, _, err := h.Verify(ctx, phc, wrong, true); ok || err != nil {
				t.Errorf("a wrong password: %v, %v", ok, err)
			}
		}
	}
	if h.Calls() != 8 {
		t.Errorf("%d hashes were asked for", h.Calls())
	}
}
