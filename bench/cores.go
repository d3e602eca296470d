package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// cores are the processors that something may run on.
type cores = unix.CPUSet

// halves splits processors: one half for a server, the other for who asks it and for its database, which in use are other
// machines. One alone is both.
func (b *bench) halves() (server, others cores) {
	all := b.cores
	if all.Count() < 2 {
		return all, all
	}
	for i := 0; server.Count()+others.Count() < all.Count(); i++ {
		switch {
		case !all.IsSet(i):
		case server.Count() < all.Count()/2:
			server.Set(i)
		default:
			others.Set(i)
		}
	}
	return server, others
}

// born runs f, and lets each program that f starts live on some cores alone.
func born(on cores, f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before cores
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	if err := unix.SchedSetaffinity(0, &on); err != nil {
		return err
	}
	defer func() { _ = unix.SchedSetaffinity(0, &before) }()
	return f()
}

// move lets this process run on some cores alone from now on, whatever threads it has.
func move(on cores) error {
	threads, err := filepath.Glob("/proc/self/task/*")
	if err != nil {
		return err
	}
	for _, path := range threads {
		id, err := strconv.Atoi(filepath.Base(path))
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, &on); err != nil && !os.IsNotExist(err) && err != unix.ESRCH {
			return err
		}
	}
	return nil
}
