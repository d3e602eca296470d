// Package hashing computes the password hashes of tests, each once.
//
// It owns a memory of what Argon2id answered, so that a test with a thousand sign-ins of one technician waits for one hash;
// whatever is asked for the first time is computed as the product computes it. It knows nothing of what is measured: a test of
// how long a hash takes uses factor.NewHasher. Begin with New, or with Derive for a whole server.
package hashing

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"sallyport/internal/factor"
)

var answers sync.Map // of this process's tests

// Derive is a factor.Derive that remembers.
func Derive(w factor.Work) ([]byte, error) {
	once, _ := answers.LoadOrStore(fmt.Sprintf("%q %q %d %d %d %d", w.Password, w.Salt, w.Memory, w.Passes, w.Threads, w.Size),
		sync.OnceValue(w.Digest))
	return slices.Clone(once.(func() []byte)()), nil
}

// New makes a hasher with so many workers that remembers, and lets everybody wait as long as it takes.
func New(workers int) *factor.Hasher {
	return factor.NewHasherOver(workers, Derive).Patient(time.Hour)
}
