package app

import (
	"runtime"
	"sync"
)

// processors is how many password hashes run at once: one for each core. Each holds one of Go's processors for its
// whole time, some 20 ms, so two more are made beside them: whatever else is asked meanwhile then waits for the kernel's
// scheduler, which lets short work in at once, and not for a hash to end.
var processors = sync.OnceValue(func() int {
	cores := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(cores + 2)
	return cores
})
