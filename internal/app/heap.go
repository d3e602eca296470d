package app

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// What a password hash leaves behind is garbage of its whole size, and the garbage collector's usual pace lets several of
// them pile up. The heap is therefore held to what the hashes under way take, as much again for those that are over,
// and twice of everything else that is live: on two cores 72 MiB for a small team. It is a pace, not a wall: a heap that
// needs more gets it, for more work of the collector.
const (
	hashMemory = 19 << 20
	perWorker  = 36 << 20
	smallHeap  = 10 << 20 // what is live in any server, within perWorker
	heapEvery  = 5 * time.Second
)

// paceHeap adjusts the pace to what is live until ctx ends. An operator's own GOMEMLIMIT stands.
func paceHeap(ctx context.Context, workers int) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	tick := time.NewTicker(heapEvery)
	defer tick.Stop()
	for {
		metrics.Read(live)
		debug.SetMemoryLimit(heapLimit(int64(live[0].Value.Uint64()), workers))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// heapLimit is the limit for a heap of which so many bytes were live when it was last looked through. All workers are
// taken to have been busy then, for nobody knows.
func heapLimit(live int64, workers int) int64 {
	others := max(0, live-int64(workers)*hashMemory-smallHeap)
	return int64(workers)*perWorker + 2*others
}
