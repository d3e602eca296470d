package main

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"sallyport"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

const (
	flatSmall    = 1000
	flatRounds   = 11
	flatWarmups  = 2
	flatChecks   = 5000 // in a round
	flatSignIns  = 12
	flatSaves    = 16
	flatActors   = (flatRounds + flatWarmups) * (flatSignIns + flatSaves) // who sign in or are saved, each once
	flatAtOnce   = 16
	flatLongest  = 10 * time.Minute // that a server may take to come to rest after its start
	flatRestStep = 500 * time.Millisecond
)

// flat asks whether a check, a sign-in and a Save cost more in a team of a million than in one of a thousand, on both
// engines, in processor time of the server and the database. The small and the large team take turns.
func (b *bench) flat() error {
	d, err := startDatabase("autovacuum = off", "shared_buffers = '2GB'", "max_wal_size = '4GB'", "checkpoint_timeout = '30min'")
	if err != nil {
		return err
	}
	defer d.Stop()
	none := func() (time.Duration, error) { return 0, nil }
	if err := b.flatOn("SQLite", none, func(name string) (place, error) { return place{name: name}, nil }); err != nil {
		return fmt.Errorf("SQLite: %w", err)
	}
	err = b.flatOn("PostgreSQL", d.cpu, func(name string) (place, error) {
		address, err := d.create("flat_" + name[len("flat-"):])
		return place{name + "-postgres", address}, err
	})
	if err != nil {
		return fmt.Errorf("PostgreSQL: %w", err)
	}
	return nil
}

func (b *bench) flatOn(engine string, database clock, at func(name string) (place, error)) error {
	var sides [2]*side
	for i, n := range []int{flatSmall, b.people} {
		p, err := at([]string{"flat-small", "flat-large"}[i])
		if err != nil {
			return err
		}
		if sides[i], err = b.side(p, n, database); err != nil {
			return err
		}
		defer sides[i].server.Kill()
	}
	var costs [2][len(flatActs)][]time.Duration
	for round := range flatRounds + flatWarmups {
		for turn := range sides {
			i := (turn + round) % 2
			for a := range flatActs {
				cost, err := sides[i].act(b, a)
				if err != nil {
					return fmt.Errorf("%s among %d: %w", flatActs[a], sides[i].n, err)
				}
				if round >= flatWarmups {
					costs[i][a] = append(costs[i][a], cost)
				}
			}
		}
	}
	how := fmt.Sprintf("processor time of the server and PostgreSQL together, medians of %d rounds in turn, in each %d checks of up to %d sessions spread over all, %d sign-ins and %d Saves of technicians with one session each, all over HTTP; each technician has his row, an authenticator app, a session and a known browser. PostgreSQL's tables were vacuumed and analysed after the filling, its own vacuum is off meanwhile, and its shared_buffers are 2 GB, so that the larger team's tables have room in them",
		flatRounds, flatChecks, someMost, flatSignIns, flatSaves)
	for a, name := range flatActs {
		small, large := median(costs[0][a]), median(costs[1][a])
		b.atMost(fmt.Sprintf("%s on %s with %d technicians and sessions (%.3f ms), against %d (%.3f ms)", name, engine, b.people, ms(large), flatSmall, ms(small)), float64(large)/float64(small), flatWithin, how)
	}
	return nil
}

var flatActs = [...]string{"A session check", "A sign-in", "A sign-in without its hash", "A Save"}

// side is one of the two teams with its server.
type side struct {
	n        int
	server   *server.Server
	admin    *server.Client
	cpu      clock         // of the server and the database
	tokens   []string      // to check
	members  []team.Member // who have not acted yet
	database clock
	rest     time.Duration // of the last sign-ins, without the hash
}

func (b *bench) side(at place, n int, database clock) (*side, error) {
	s := &side{n: n, database: database}
	var super sallyport.Token
	var err error
	s.server, err = b.serveAt(at, func(f *team.Folder) error {
		admin, err := f.Add(b.ctx, team.Spec{Name: "super", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp})
		if err != nil {
			return err
		}
		signedIn, err := f.SignIn(b.ctx, admin...)
		if err != nil {
			return err
		}
		super = signedIn[0]
		if err := f.Set(b.ctx, func(set *sallyport.Settings) { set.StepUpAfter = time.Hour }); err != nil {
			return err
		}
		kept, err := b.fillTeam(f, at, n)
		if err == nil && len(kept.members) <= flatActors {
			err = fmt.Errorf("%d technicians are too few: %d act", n, flatActors)
		}
		if err != nil {
			return err
		}
		s.choose(kept)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.admin = s.server.Client()
	s.admin.HoldSession(super.Reveal())
	s.cpu = together(s.server.CPU, database)
	if err := s.settle(b); err != nil {
		s.server.Kill()
		return nil, err
	}
	return s, nil
}

// choose takes those who will act evenly from all, and the sessions of the others for the checks.
func (s *side) choose(from some) {
	every := len(from.members) / flatActors
	for i, m := range from.members {
		if i%every == 0 && len(s.members) < flatActors {
			s.members = append(s.members, m)
		} else {
			s.tokens = append(s.tokens, from.tokens[i])
		}
	}
}

// settle waits until what a server does after its start is done: it reads sessions into memory and looks at all hashes.
func (s *side) settle(b *bench) error {
	pace := time.NewTicker(flatRestStep)
	defer pace.Stop()
	began, quiet := time.Now(), 0
	last, err := s.cpu()
	for quiet < 6 {
		if err != nil {
			return err
		}
		select {
		case <-pace.C:
		case <-b.ctx.Done():
			return b.ctx.Err()
		}
		var now time.Duration
		if now, err = s.cpu(); now-last < flatRestStep/25 {
			quiet++
		} else {
			quiet = 0
		}
		last = now
		if time.Since(began) > flatLongest {
			return fmt.Errorf("a server with %d technicians does not come to rest", s.n)
		}
	}
	return err
}

// act does one kind of act of a round and returns what each cost.
func (s *side) act(b *bench, kind int) (time.Duration, error) {
	switch kind {
	case 0:
		l, err := newLoadOf(flatAtOnce, s.server.Port, s.cpu)
		if err != nil {
			return 0, err
		}
		defer l.close()
		return l.ask(flatChecks, s.tokens, http.StatusNoContent)
	case 1:
		return s.signIns(b)
	case 2:
		return s.rest, nil
	}
	before, err := s.cpu()
	if err != nil {
		return 0, err
	}
	for _, m := range s.take(flatSaves) {
		if _, err := save(b.ctx, s.admin, &m); err != nil {
			return 0, err
		}
	}
	after, err := s.cpu()
	return (after - before) / flatSaves, err
}

// take takes n technicians who have not acted yet.
func (s *side) take(n int) []team.Member {
	taken := s.members[:n]
	s.members = s.members[n:]
	return taken
}

func (s *side) signIns(b *bench) (time.Duration, error) {
	clocks := []clock{s.cpu, together(func() (time.Duration, error) { return server.CPUAlone(s.server.PID()) }, s.database)}
	var used [2]time.Duration
	var err error
	for i, c := range clocks {
		if used[i], err = c(); err != nil {
			return 0, err
		}
	}
	var failed atomic.Int64
	signInAll(s.server, crowd{s.take(flatSignIns), 1}, &failed)
	if failed.Load() > 0 {
		return 0, fmt.Errorf("%d failed", failed.Load())
	}
	for i, c := range clocks {
		now, err := c()
		if err != nil {
			return 0, err
		}
		used[i] = (now - used[i]) / flatSignIns
	}
	s.rest = used[1]
	return used[0], nil
}
