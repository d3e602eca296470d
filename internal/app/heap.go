package app

import (
	"os"
	"runtime/debug"
	"sync"
	"time"
)

// startHeap is how large the heap may grow during the start before the garbage collector looks at it.
const startHeap = 64 << 20

// quietStart keeps the garbage collector out of the start, once for the process: the heap grows by some 15 MiB then, and
// marking it several times over would take longer than everything else. An operator's own GOMEMLIMIT stands.
var quietStart = sync.OnceFunc(func() {
	limit := debug.SetMemoryLimit(-1)
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(startHeap)
	}
	pace := debug.SetGCPercent(-1)
	time.AfterFunc(startTime, func() {
		debug.SetGCPercent(pace)
		debug.SetMemoryLimit(limit)
	})
})
