package app

import (
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"syscall"

	"sallyport/internal/factor"
	"sallyport/internal/subprocess"
)

// newHasher makes a hasher with a worker for each core. With a command each worker is a process of its own: what a hash
// works in, 19 MiB, is then not this process's to clean up, and a page never waits for a hash to end. Whoever signs in is
// told to come back when such a process fails, as in a crowd; the log says what it was.
func newHasher(o Options, log *slog.Logger) (h *factor.Hasher, end func()) {
	cores := runtime.GOMAXPROCS(0)
	switch {
	case o.Derive != nil:
		return factor.NewHasherOver(cores, o.Derive), func() {}
	case len(o.HashCommand) == 0:
		return factor.NewHasher(cores), func() {}
	}
	crew := subprocess.NewCrew[factor.Work, []byte](cores, o.HashCommand...)
	return factor.NewHasherOver(cores, func(w factor.Work) ([]byte, error) {
		digest, err := crew.Do(w)
		if err != nil && !errors.Is(err, os.ErrClosed) {
			log.Error("a password hash could not be computed", "error", err)
		}
		return digest, err
	}), crew.Close
}

// Hash computes password hashes for a server, one after the other, until its standard input ends. It leaves it to the
// server when that is. When an answer is out, its password and what it was computed in are made zero.
func Hash() error {
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	useHugePages(hashMemory)
	arena := factor.NewArena()
	garbage := garbage{allocated: allocatedBytes()}
	return subprocess.Serve(os.Stdin, os.Stdout, arena.Digest, func() {
		giveWay()
		arena.Clear()
		garbage.collect()
	})
}

// garbage is what jobs left behind since it was last collected. A job that the arena serves leaves some hundred bytes, for
// which a collection would keep the core from the server for a millisecond, at the moment at which it goes on.
type garbage struct {
	allocated func() uint64 // by this process so far, in bytes
	collected uint64        // of them
}

// muchGarbage is how many bytes are worth a collection.
const muchGarbage = 1 << 20

// collect collects it where there is much of it.
func (g *garbage) collect() {
	if now := g.allocated(); now-g.collected >= muchGarbage {
		g.collected = now
		runtime.GC()
	}
}

// allocatedBytes returns a function that says what this process has allocated so far.
func allocatedBytes() func() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	return func() uint64 {
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
}

// hashMemory is the heap of a hashing process, in bytes: the hash's 19 MiB and as much more as whole huge pages take.
const hashMemory = 32 << 20
