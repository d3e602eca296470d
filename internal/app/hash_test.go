package app

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// What jobs leave behind is collected when it is worth it, and is then counted anew.
func TestGarbageIsCollectedWhenThereIsMuch(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // nobody else collects meanwhile
	allocated := uint64(3 << 20)
	g := garbage{allocated: func() uint64 { return allocated }}
	for _, step := range []struct {
		more uint64
		want uint32
	}{{0, 1}, {0, 0}, {muchGarbage - 1, 0}, {1, 1}, {500, 0}, {19 << 20, 1}, {500, 0}} {
		allocated += step.more
		before := collections()
		g.collect()
		if got := collections() - before; got != step.want {
			t.Errorf("%d bytes more: collected %d times, want %d", step.more, got, step.want)
		}
	}
}

// collections is how often this process has collected its garbage.
func collections() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumGC
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
