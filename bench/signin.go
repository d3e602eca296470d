package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"sallyport"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

const (
	atOnce     = 64
	signInsAll = 768
	hashMiB    = 19 // the setting of the password hash
)

// signIns lets 64 technicians sign in at once, password and digits, until 768 are in, and looks at a signed-in page
// meanwhile.
func (b *bench) signIns() error {
	var members []team.Member
	var tokens []sallyport.Token
	s, err := b.serve("signin", func(f *team.Folder) (err error) {
		specs := make([]team.Spec, signInsAll+1)
		for i := range specs {
			specs[i] = team.Spec{Name: fmt.Sprintf("tech%04d", i), Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp}
		}
		if members, err = f.Add(b.ctx, specs...); err == nil {
			tokens, err = f.SignIn(b.ctx, members[signInsAll])
		}
		return err
	})
	if err != nil {
		return err
	}
	defer s.Kill()
	alone, err := b.hashesAlone(b.cores, b.cores.Count(), 4*time.Second)
	if err != nil {
		return err
	}
	rest, err := pages(b.ctx, s, tokens[0], func(n int) bool { return n < 100 })
	if err != nil {
		return err
	}
	var failed atomic.Int64
	var busy atomic.Bool
	busy.Store(true)
	watched := make(chan []time.Duration, 1)
	go func() {
		took, err := pages(b.ctx, s, tokens[0], func(int) bool { return busy.Load() })
		if err != nil {
			failed.Add(1)
		}
		watched <- took
	}()
	began := time.Now()
	before, err := s.CPU()
	if err != nil {
		return err
	}
	signInAll(s, crowd{members[:signInsAll], atOnce}, &failed)
	in := float64(signInsAll - failed.Load())
	rate := in / time.Since(began).Seconds()
	after, err := s.CPU()
	if err != nil {
		return err
	}
	each := time.Duration(float64(after-before) / max(in, 1))
	busy.Store(false)
	under := <-watched
	again, err := b.hashesAlone(b.cores, b.cores.Count(), 4*time.Second)
	if err != nil {
		return err
	}
	alone.add(again)
	hash := alone.each()
	b.add(finding{what: fmt.Sprintf("The password hash's part of a sign-in's processor time (%.1f of %.1f ms)", ms(hash), ms(each)), value: fmt.Sprintf("%.2f", float64(hash)/float64(each)),
		goal: "≥ 0.80", within: float64(hash)/float64(each) >= 0.8, how: "processor time of the server for each technician who got in, against that of a hash alone just before and after: the line after this one, but for what else the machine does and for the cost of asking"})
	return b.reportSignIns(s, rate/alone.rate(), rate, failed.Load(), [2]time.Duration{p95(rest), p95(under)})
}

func (b *bench) reportSignIns(s *server.Server, share, rate float64, failed int64, page [2]time.Duration) error {
	b.add(finding{what: fmt.Sprintf("64 sign-ins at once (%.0f a second), against the password hash alone", rate), value: fmt.Sprintf("%.2f", share), goal: "≥ 0.80",
		within: share >= 0.8, how: fmt.Sprintf("%d whole sign-ins with password and authenticator digits over HTTP, against hashes a second on the same cores just before and after; the asking takes its part of the cores too", signInsAll)})
	b.add(finding{what: "Sign-ins that failed meanwhile", value: fmt.Sprint(failed), goal: "0", within: failed == 0, how: "counted in the same run"})
	most, err := server.Peak(s.PID())
	limit := float64(2*hashMiB*b.cores.Count() + 40)
	b.add(finding{what: "Memory at most meanwhile", value: fmt.Sprintf("%.0f MiB", float64(most)/(1<<20)), goal: fmt.Sprintf("≤ %.0f MiB", limit),
		within: float64(most)/(1<<20) <= limit, how: "the most resident memory that the server and its hashing processes ever had, each by itself, with what they share counted once; the goal is twice the hash's memory times its workers, plus 40 MiB"})
	b.atMost(fmt.Sprintf("A signed-in page meanwhile, p95 (%.1f ms), against at rest (%.1f ms)", ms(page[1]), ms(page[0])), float64(page[1])/float64(page[0]), 10,
		"GET /me of one signed-in technician, 10 times a second")
	return err
}

func ms(d time.Duration) float64 { return float64(d) / 1e6 }

// crowd are technicians who sign in, so many at once.
type crowd struct {
	members []team.Member
	atOnce  int
}

// pageEvery is how often the own page is asked for: often enough for a 95th percentile, and not so often that the
// asking is a load of its own.
const pageEvery = 100 * time.Millisecond

// pages asks for the own page while more says so, and returns how long each took.
func pages(ctx context.Context, s *server.Server, token sallyport.Token, more func(n int) bool) ([]time.Duration, error) {
	c := s.Client()
	c.HoldSession(token.Reveal())
	var took []time.Duration
	pace := time.NewTicker(pageEvery)
	defer pace.Stop()
	for n := 0; more(n); n++ {
		<-pace.C
		began := time.Now()
		a, err := c.Get(ctx, "/me")
		if err != nil || a.Status != 200 {
			return took, fmt.Errorf("GET /me answered %d: %w", a.Status, err)
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

func p95(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)*95/100]
}

// hashing is what the hash alone does: how many, in what time, and with how much processor time.
type hashing struct {
	N         int
	Took, CPU time.Duration
}

func (h *hashing) add(o hashing) { h.N, h.Took, h.CPU = h.N+o.N, h.Took+o.Took, h.CPU+o.CPU }

// rate is how many a second, each the processor time of one.
func (h hashing) rate() float64       { return float64(h.N) / h.Took.Seconds() }
func (h hashing) each() time.Duration { return h.CPU / time.Duration(max(h.N, 1)) }

// hashesAlone computes hashes for a time on some cores, so many at once. That is done in a process of its own, anew each
// time: where a process's memory happens to lie makes a hash faster or slower by some parts in a hundred for all its life.
func (b *bench) hashesAlone(on cores, workers int, span time.Duration) (h hashing, err error) {
	var out []byte
	err = born(on, func() (err error) {
		cmd := exec.CommandContext(b.ctx, b.alone, "-workers", strconv.Itoa(workers), "-span", span.String())
		cmd.Stderr = os.Stderr
		out, err = cmd.Output()
		return err
	})
	if err == nil {
		err = json.Unmarshal(out, &h)
	}
	return h, err
}
