package main

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// crowds say how many sign in at once, how many in all, and in how many turns with the hash alone: a machine that becomes
// slower meanwhile does so for both, and some do for a second or two at a time. A turn is so long that its first and last
// ones are a small part of it.
var crowds = []crowdSize{{1, 1600, 32}, {4, 1600, 16}, {64, 1536, 8}}

type crowdSize struct{ atOnce, all, turns int }

// warmups sign in before anything is measured.
const warmups = 32

// signInsAtOnce lets technicians sign in on both engines, 1, 4 and 64 at once, and compares how many a second get in with
// the password hash alone on the server's cores: one after the other for 1 at once, on all of them for more. In use who
// asks and the database are other machines, so that they get other cores; then all of it together on the same ones.
func (b *bench) signInsAtOnce() error {
	apart := arrangement{crowds: crowds, goal: true}
	apart.server, apart.others = b.halves()
	together := arrangement{name: ", all on the same cores", crowds: crowds[2:], server: b.cores, others: b.cores}
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		for _, a := range []arrangement{apart, together} {
			if err := b.signInsOn(engine, a); err != nil {
				return fmt.Errorf("%s%s: %w", engine, a.name, err)
			}
		}
	}
	return nil
}

// arrangement says on which cores the server is, and on which its database and who asks.
type arrangement struct {
	name           string
	crowds         []crowdSize
	server, others cores
	goal           bool
}

// engineRun is one engine in one arrangement.
type engineRun struct {
	arrangement
	name string
	at   place
	cpu  clock
}

func (b *bench) signInsOn(engine string, a arrangement) error {
	e := engineRun{arrangement: a, name: engine + a.name, at: place{name: fmt.Sprintf("signins-%s-%v", engine, a.goal)}, cpu: func() (time.Duration, error) { return 0, nil }}
	if engine == "SQLite" {
		return b.signInsIn(e)
	}
	var d *database
	if err := born(a.others, func() (err error) { d, err = startDatabase(); return err }); err != nil {
		return err
	}
	defer d.Stop()
	var err error
	if e.at.address, err = d.create("signins"); err != nil {
		return err
	}
	e.cpu = d.cpu
	return b.signInsIn(e)
}

func (b *bench) signInsIn(e engineRun) error {
	total := warmups
	for _, c := range e.crowds {
		total += b.less(c.all)
	}
	var members []team.Member
	var s *server.Server
	err := born(e.server, func() (err error) {
		s, err = b.serveAt(e.at, func(f *team.Folder) (err error) {
			members, err = f.Add(b.ctx, readers(total)...)
			return err
		})
		return err
	})
	if err != nil {
		return err
	}
	defer s.Kill()
	var failed atomic.Int64
	signInAll(s, crowd{members[:warmups], 4}, &failed)
	members = members[warmups:]
	for _, c := range e.crowds {
		n := b.less(c.all)
		r, err := b.signInCrowd(s, e, crowd{members[:n], c.atOnce}, b.less(c.turns))
		if err != nil {
			return err
		}
		b.reportCrowd(e, c, r)
		members = members[n:]
	}
	return nil
}

// crowdRun is what one crowd's sign-ins took, each in milliseconds of processor time where nothing else is said.
type crowdRun struct {
	n, failed, turns               int
	rate, alone                    float64 // a second
	hash, server, database, client float64
	hashing                        float64 // the part of server that its hashing processes use
}

func (b *bench) signInCrowd(s *server.Server, e engineRun, c crowd, turns int) (r crowdRun, err error) {
	atOnce := min(c.atOnce, e.server.Count())
	alone, err := b.hashesAlone(e.server, atOnce, time.Second)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, move(b.cores)) }()
	clocks := [4]clock{s.CPU, e.cpu, ownCPU, func() (time.Duration, error) { return server.CPUAlone(s.PID()) }}
	var used [4]time.Duration
	var took time.Duration
	var failed atomic.Int64
	for turn := range turns {
		part := crowd{c.members[len(c.members)*turn/turns : len(c.members)*(turn+1)/turns], c.atOnce}
		spent, lasted, err := b.measured(e.others, clocks, func() { signInAll(s, part, &failed) })
		if err != nil {
			return r, err
		}
		for i := range used {
			used[i] += spent[i]
		}
		took += lasted
		again, err := b.hashesAlone(e.server, atOnce, time.Second)
		if err != nil {
			return r, err
		}
		alone.add(again)
	}
	r = crowdRun{n: len(c.members), turns: turns, failed: int(failed.Load()), alone: alone.rate(), hash: ms(alone.each())}
	in := float64(max(r.n-r.failed, 1))
	r.rate, r.server, r.database, r.client = in/took.Seconds(), ms(used[0])/in, ms(used[1])/in, ms(used[2])/in
	r.hashing = r.server - ms(used[3])/in
	return r, nil
}

// measured runs f with this process on some cores from then on, and returns how far each clock went and how long it took.
func (b *bench) measured(on cores, clocks [4]clock, f func()) (spent [4]time.Duration, took time.Duration, err error) {
	if err := move(on); err != nil {
		return spent, 0, err
	}
	for i, c := range clocks {
		if spent[i], err = c(); err != nil {
			return spent, 0, err
		}
	}
	began := time.Now()
	f()
	took = time.Since(began)
	for i, c := range clocks {
		now, err := c()
		if err != nil {
			return spent, 0, err
		}
		spent[i] = now - spent[i]
	}
	return spent, took, nil
}

// ownCPU is the processor time of this process, the client, without the programs that it started.
func ownCPU() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}

func (b *bench) reportCrowd(e engineRun, c crowdSize, r crowdRun) {
	share, goal := r.rate/r.alone, "≥ 0.90"
	if !e.goal {
		goal = "none"
	}
	b.add(finding{what: fmt.Sprintf("Sign-ins on %s, %d at once (%.0f a second), against the password hash alone (%.0f)", e.name, c.atOnce, r.rate, r.alone),
		value: fmt.Sprintf("%.2f", share), goal: goal, within: share >= 0.9 || !e.goal,
		how: fmt.Sprintf("%d whole sign-ins with password and authenticator digits over HTTP, in %d turns with the hash alone, on the server's cores (%d of %d; who asks and PostgreSQL are on %d). In processor time each took %.1f ms of the server, of which %.1f in its hashing processes, whose memory is in huge pages and is cleared after the answer (a hash alone is as the library does it, in small pages and memory that is cleared within it: %.1f), %.1f of PostgreSQL and %.1f of who asks",
			r.n, r.turns, e.server.Count(), b.cores.Count(), e.others.Count(), r.server, r.hashing, r.hash, r.database, r.client)})
	b.add(finding{what: fmt.Sprintf("Sign-ins of them that failed, %s, %d at once", e.name, c.atOnce), value: fmt.Sprintf("%d of %d", r.failed, r.n), goal: "0", within: r.failed == 0, how: "counted in the same run"})
}
