// Command alone is the yardstick of sign-ins: the password hash by itself, one after the other by each of some workers, in a
// process that does nothing else.
//
// It owns nothing. It writes how many hashes were done, in what time, and with how much processor time.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"sallyport/internal/factor"
)

// result is what is written, as JSON; times are in nanoseconds.
type result struct {
	N         int64
	Took, CPU time.Duration
}

// password is hashed as one that is typed would be.
const password = "copper lantern drifts 7 otters"

// warmups are the hashes of each worker before anything is measured: they find the heap small.
const warmups = 3

func main() {
	workers := flag.Int("workers", 1, "how many at once")
	span := flag.Duration("span", time.Second, "for how long")
	flag.Parse()
	r, err := run(*workers, *span)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(r)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "alone:", err)
		os.Exit(1)
	}
}

func run(workers int, span time.Duration) (r result, err error) {
	h := factor.NewHasher(workers)
	phc, err := h.Hash(context.Background(), password)
	if err != nil {
		return r, err
	}
	if _, err := hashes(h, phc, workers, func(done int64) bool { return done < int64(warmups*workers) }); err != nil {
		return r, err
	}
	before, began := cpu(), time.Now()
	r.N, err = hashes(h, phc, workers, func(int64) bool { return time.Since(began) < span })
	r.Took, r.CPU = time.Since(began), cpu()-before
	return r, err
}

// hashes lets workers compute hashes as long as more says so, which is told how many are done.
func hashes(h *factor.Hasher, phc string, workers int, more func(done int64) bool) (int64, error) {
	var done atomic.Int64
	errs := make(chan error, workers)
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for more(done.Load()) {
				ok, _, err := h.Verify(context.Background(), phc, password, true)
				if err == nil && !ok {
					err = errors.New("the password is not right")
				}
				if err != nil {
					errs <- err
					return
				}
				done.Add(1)
			}
		})
	}
	wait.Wait()
	close(errs)
	return done.Load(), <-errs
}

// cpu is the processor time of this process.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it fails for wrong arguments alone
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
