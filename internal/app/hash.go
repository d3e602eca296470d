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
// leaves behind, 19 MiB that the library cannot use again, is then not this process's to clean up, and a page never waits
// for a hash to end.
func newHasher(command []string) (h *factor.Hasher, end func()) {
	cores := runtime.GOMAXPROCS(0)
	if len(command) == 0 {
		return factor.NewHasher(cores), func() {}
	}
	crew := subprocess.NewCrew[factor.Work, []byte](cores, command...)
	return factor.NewHasherOver(cores, crew.Do), crew.Close
}

// Hash computes password hashes for a server, one after the other, until its standard input ends. It leaves it to the
// server when that is. The memory of a hash is made zero when its answer is out, and other processes come first meanwhile.
func Hash() error {
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(hashGarbage)
	useHugePages(hashMemory)
	arena := factor.NewArena()
	return subprocess.Serve(os.Stdin, os.Stdout, arena.Digest, func() {
		giveWay()
		arena.Clear(giveWay)
	})
}

const (
	hashMemory  = 32 << 20 // the heap of a hashing process, in bytes: the hash's 19 MiB and as much more as whole huge pages take
	hashGarbage = 10       // in the hundred of what is in use: after some 2 MiB, which are hundreds of hashes
)
