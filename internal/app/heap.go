package app

import (
	"context"
	"os"
	"runtime/debug"
	"sync"
	"time"
)

// What a password hash leaves behind is garbage of its whole size (19 MiB), and the garbage collector's usual pace lets
// several of them pile up. The heap is therefore held to what the hashes under way take and not much more, beside what
// sessions in memory need: 68 MiB on two cores for a small team. It is a pace, not a wall: a heap that needs more gets
// it, for more work of the collector.
const (
	heapPerWorker  = 34 << 20
	heapPerSession = 1 << 10 // twice of what one takes
	heapEvery      = 2 * time.Second
)

// quietStart keeps the garbage collector out of the start, once for the process: the heap grows by some 15 MiB then, and
// marking it several times over would take longer than everything else. The limit holds meanwhile.
var quietStart = sync.OnceFunc(func() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(heapLimit(processors(), 0))
	}
	pace := debug.SetGCPercent(-1)
	time.AfterFunc(startTime, func() { debug.SetGCPercent(pace) })
})

// paceHeap adjusts the pace to the number of sessions until ctx ends. An operator's own GOMEMLIMIT stands.
func (c *core) paceHeap(ctx context.Context) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	tick := time.NewTicker(heapEvery)
	defer tick.Stop()
	for {
		debug.SetMemoryLimit(heapLimit(processors(), c.session.Remembered()))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func heapLimit(workers, sessions int) int64 {
	return int64(workers)*heapPerWorker + int64(sessions)*heapPerSession
}
