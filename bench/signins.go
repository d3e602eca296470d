package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// crowds say how many sign in at once, and how many in all.
var crowds = []struct{ atOnce, all int }{{1, 240}, {4, 480}, {64, 768}}

// warmups sign in before anything is measured.
const warmups = 16

// signInsAtOnce lets technicians sign in on both engines, 1, 4 and 64 at once, and compares how many a second get in with
// the password hash alone: one after the other for 1 at once, on all cores for more.
func (b *bench) signInsAtOnce() error {
	d, err := startDatabase()
	if err != nil {
		return err
	}
	defer d.Stop()
	address, err := d.create("signins")
	if err != nil {
		return err
	}
	none := func() (time.Duration, error) { return 0, nil }
	for _, e := range []struct {
		name string
		at   place
		cpu  clock
	}{{"SQLite", place{name: "signins-sqlite"}, none}, {"PostgreSQL", place{"signins-postgres", address}, d.cpu}} {
		if err := b.signInsOn(e.name, e.at, e.cpu); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	return nil
}

func (b *bench) signInsOn(engine string, at place, database clock) error {
	total := warmups
	for _, c := range crowds {
		total += b.less(c.all)
	}
	var members []team.Member
	s, err := b.serveAt(at, func(f *team.Folder) (err error) {
		members, err = f.Add(b.ctx, readers(total)...)
		return err
	})
	if err != nil {
		return err
	}
	defer s.Kill()
	var failed atomic.Int64
	signInAll(b.ctx, s, crowd{members[:warmups], 4}, &failed)
	members = members[warmups:]
	for _, c := range crowds {
		n := b.less(c.all)
		r, err := b.signInCrowd(s, database, crowd{members[:n], c.atOnce})
		if err != nil {
			return err
		}
		b.reportCrowd(engine, c.atOnce, r)
		members = members[n:]
	}
	return nil
}

// crowdRun is what one crowd's sign-ins took, each in milliseconds of processor time where nothing else is said.
type crowdRun struct {
	n, failed                      int
	rate, alone                    float64 // a second
	hash, server, database, client float64
}

func (b *bench) signInCrowd(s *server.Server, database clock, c crowd) (crowdRun, error) {
	workers := min(c.atOnce, runtime.NumCPU())
	if c.atOnce > 1 {
		workers = runtime.NumCPU()
	}
	before, err := hashesAlone(b.ctx, workers)
	if err != nil {
		return crowdRun{}, err
	}
	clocks := []clock{s.CPU, database, ownCPU}
	var used [3]time.Duration
	for i, c := range clocks {
		if used[i], err = c(); err != nil {
			return crowdRun{}, err
		}
	}
	var failed atomic.Int64
	began := time.Now()
	signInAll(b.ctx, s, c, &failed)
	took := time.Since(began)
	for i, c := range clocks {
		now, err := c()
		if err != nil {
			return crowdRun{}, err
		}
		used[i] = now - used[i]
	}
	after, err := hashesAlone(b.ctx, workers)
	r := crowdRun{n: len(c.members), failed: int(failed.Load()), alone: (before.rate + after.rate) / 2, hash: ms((before.each + after.each) / 2)}
	in := float64(max(r.n-r.failed, 1))
	r.rate, r.server, r.database, r.client = in/took.Seconds(), ms(used[0])/in, ms(used[1])/in, ms(used[2])/in
	return r, err
}

// ownCPU is the processor time of this process, the client, without the programs that it started.
func ownCPU() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}

func (b *bench) reportCrowd(engine string, atOnce int, r crowdRun) {
	share, part := r.rate/r.alone, r.hash/(r.server+r.database)
	b.add(finding{what: fmt.Sprintf("Sign-ins on %s, %d at once (%.0f a second), against the password hash alone (%.0f)", engine, atOnce, r.rate, r.alone),
		value: fmt.Sprintf("%.2f", share), goal: "≥ 0.90", within: share >= 0.9,
		how: fmt.Sprintf("%d, %d and %d whole sign-ins with password and authenticator digits over HTTP, against hashes a second just before and after: one after the other for 1 at once, on all %d cores for more. The cores are not the hash's alone: the client and PostgreSQL run on them too",
			b.less(crowds[0].all), b.less(crowds[1].all), b.less(crowds[2].all), runtime.NumCPU())})
	b.add(finding{what: fmt.Sprintf("The hash's part of their processor time on %s, %d at once (hash %.1f ms; server with it %.1f, PostgreSQL %.1f; the client %.1f beside)", engine, atOnce, r.hash, r.server, r.database, r.client),
		value: fmt.Sprintf("%.2f", part), goal: "≥ 0.90", within: part >= 0.9,
		how: "the same sign-ins in processor time of the server and PostgreSQL together, for each that got in: what is left of the line before it when the client runs elsewhere"})
	b.add(finding{what: fmt.Sprintf("Sign-ins of them that failed, %s, %d at once", engine, atOnce), value: fmt.Sprintf("%d of %d", r.failed, r.n), goal: "0", within: r.failed == 0, how: "counted in the same run"})
}
