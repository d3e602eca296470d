package app

import (
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"sallyport/internal/factor"
	"sallyport/internal/subprocess"
)

// newHasher makes a hasher with a worker for each core. With a command each worker is a process of its own: what a hash
// works in, 19 MiB, is then not this process's to clean up, and a page never waits for a hash to end.
func newHasher(command []string) (h *factor.Hasher, end func()) {
	cores := runtime.GOMAXPROCS(0)
	if len(command) == 0 {
		return factor.NewHasher(cores), func() {}
	}
	crew := subprocess.NewCrew[factor.Work, []byte](cores, command...)
	return factor.NewHasherOver(cores, crew.Do), crew.Close
}

// Hash computes password hashes for a server, one after the other, until its standard input ends. It leaves it to the
// server when that is. When an answer is out, its password and what it was computed in are made zero, and what else the job
// left behind is collected: there is next to nothing else in this memory.
func Hash() error {
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	useHugePages(hashMemory)
	arena := factor.NewArena()
	return subprocess.Serve(os.Stdin, os.Stdout, arena.Digest, func() {
		giveWay()
		arena.Clear()
		runtime.GC()
	})
}

// hashMemory is the heap of a hashing process, in bytes: the hash's 19 MiB and as much more as whole huge pages take.
const hashMemory = 32 << 20
