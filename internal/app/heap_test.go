package app

import "testing"

func TestHeapLimit(t *testing.T) {
	for _, c := range []struct {
		workers, sessions int
		want              int64
	}{
		{workers: 1, want: 34 << 20},
		{workers: 2, want: 68 << 20},
		{workers: 2, sessions: 100_000, want: 68<<20 + 100_000<<10},
	} {
		if got := heapLimit(c.workers, c.sessions); got != c.want {
			t.Errorf("%d workers, %d sessions: %d, want %d", c.workers, c.sessions, got, c.want)
		}
	}
}
