package app

import "testing"

func TestHeapLimit(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		live    int64
		workers int
		want    int64
	}{
		{live: 8 * mib, workers: 2, want: 72 * mib},    // a small team at rest
		{live: 48 * mib, workers: 2, want: 72 * mib},   // two hashes under way
		{live: 108 * mib, workers: 2, want: 192 * mib}, // 60 MiB of sessions beside them
		{live: 30 * mib, workers: 1, want: 38 * mib},
	} {
		if got := heapLimit(c.live, c.workers); got != c.want {
			t.Errorf("live %d MiB, %d workers: %d MiB, want %d", c.live/mib, c.workers, got/mib, c.want/mib)
		}
	}
}
