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

// newHasher makes a hasher with a worker for each core. With a command the hashes are computed in a process of its own:
// what each leaves behind, 19 MiB that the library cannot use again, is then not this process's to clean up, and a page
// never waits for a hash to end.
func newHasher(command []string) (h *factor.Hasher, end func()) {
	cores := runtime.GOMAXPROCS(0)
	if len(command) == 0 {
		return factor.NewHasher(cores), func() {}
	}
	p := subprocess.New[factor.Work, []byte](command...)
	return factor.NewHasherOver(cores, p.Do), p.Close
}

// Hash computes password hashes for a server until its standard input ends. It leaves it to the server when that is.
// There is next to nothing else in its memory, so that collecting the garbage of each hash at once costs next to nothing,
// and never more memory is taken than the hashes under way need.
func Hash() error {
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	debug.SetGCPercent(-1)
	return subprocess.Serve(os.Stdin, os.Stdout, func(w factor.Work) []byte {
		defer runtime.GC()
		return w.Digest()
	})
}
