package app

import "testing"

// What jobs leave behind is collected when it is worth it, and is then counted anew.
func TestGarbageIsCollectedWhenThereIsMuch(t *testing.T) {
	allocated := uint64(3 << 20)
	g := garbage{allocated: func() uint64 { return allocated }}
	for _, step := range []struct {
		more uint64
		want bool
	}{{0, true}, {0, false}, {muchGarbage - 1, false}, {1, true}, {500, false}, {19 << 20, true}, {500, false}} {
		allocated += step.more
		if got := g.much(); got != step.want {
			t.Errorf("%d bytes more: collected %v, want %v", step.more, got, step.want)
		}
	}
}

// The metric that it goes by is one of this Go, and counts.
func TestAllocatedBytes(t *testing.T) {
	bytes := allocatedBytes()
	before := bytes()
	kept := make([]byte, 4<<20)
	if grown := bytes() - before; grown < uint64(len(kept)) {
		t.Errorf("%d bytes were allocated, and %d counted", len(kept), grown)
	}
}
