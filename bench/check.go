package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"sallyport"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

const (
	checkRounds   = 13
	checkRequests = 10_000
	flatWithin    = 1.2 // what is called flat, here and for the large team
)

// checks measures GET /session in processor time of the server for each answer, against a bare handler that looks the
// token up in a map, with 10 and with 100,000 technicians and sessions.
func (b *bench) checks() error {
	var sizes [2]*pair
	var tokens [2][]string
	for i, n := range []int{100_000, 10} {
		some, folder, err := b.sessions(n)
		if err == nil {
			tokens[i] = some
			sizes[i], err = b.pair(folder, some)
		}
		if err != nil {
			return fmt.Errorf("%d sessions: %w", n, err)
		}
		defer sizes[i].stop()
		if err := b.check(sizes[i], some); err != nil {
			return fmt.Errorf("%d sessions: %w", n, err)
		}
	}
	both := pair{ours: sizes[0].ours, theirs: sizes[1].ours, requests: b.less(checkRequests)}
	ratio, _, err := both.compareEach(tokens, http.StatusNoContent)
	if err != nil {
		return err
	}
	b.atMost("An accepted check with 100,000 sessions, against 10", ratio, flatWithin, fmt.Sprintf("server CPU for each check, median of %d rounds of %d, the two servers in turn", checkRounds, checkRequests))
	return nil
}

// pair is the real server and its yardstick, both under load.
type pair struct {
	ours     *load
	theirs   *load
	requests int // in a round
	stop     func()
}

// check measures one size.
func (b *bench) check(p *pair, tokens []string) error {
	n := len(tokens)
	strangers := make([]string, 64)
	for i := range strangers {
		strangers[i] = sallyport.NewToken().Reveal()
	}
	accepted, ours, err := p.compare(tokens, http.StatusNoContent)
	if err != nil {
		return err
	}
	unknown, _, err := p.compare(strangers, http.StatusUnauthorized)
	if err != nil {
		return err
	}
	none, _, err := p.compare([]string{""}, http.StatusUnauthorized)
	how := fmt.Sprintf("server CPU for each request, median of %d rounds of %d, taken in turn with a bare net/http handler that looks the token up in a map", checkRounds, checkRequests)
	b.atMost(fmt.Sprintf("Accepted session check, %d sessions (%.1f µs)", n, float64(ours)/1e3), accepted, 1.4, how)
	b.atMost(fmt.Sprintf("Refused session check, unknown token, %d sessions", n), unknown, 1.2, how)
	b.atMost(fmt.Sprintf("Refused session check, no cookie, %d sessions", n), none, 1.2, how)
	return err
}

// sessions makes a folder with n technicians, each with one session.
func (b *bench) sessions(n int) ([]string, string, error) {
	path := b.dir(fmt.Sprintf("sessions-%d", n))
	f, err := team.Make(b.ctx, path)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	var tokens []string
	for done := 0; done < n; {
		var specs []team.Spec
		for ; done < n && len(specs) < 5000; done++ {
			specs = append(specs, team.Spec{Name: fmt.Sprintf("tech%06d", done), Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp})
		}
		members, err := f.Add(b.ctx, specs...)
		if err != nil {
			return nil, "", err
		}
		signedIn, err := f.SignIn(b.ctx, members...)
		if err != nil {
			return nil, "", err
		}
		for _, t := range signedIn {
			tokens = append(tokens, t.Reveal())
		}
	}
	return tokens, path, nil
}

func (b *bench) pair(folder string, tokens []string) (*pair, error) {
	list := folder + "-tokens"
	if err := os.WriteFile(list, []byte(strings.Join(tokens, "\n")), 0o600); err != nil {
		return nil, err
	}
	port, err := server.FreePort()
	if err != nil {
		return nil, err
	}
	s, err := server.Start(b.binary, folder, port, io.Discard)
	if err != nil {
		return nil, err
	}
	yardstick, err := b.startBare("-tokens", list)
	if err != nil {
		s.Kill()
		return nil, err
	}
	p := &pair{requests: b.less(checkRequests), stop: func() { s.Kill(); yardstick.stop() }}
	if err = s.Ready(b.ctx); err == nil {
		err = answers(yardstick.port)
	}
	if err == nil {
		p.ours, err = newLoad(port, s.PID())
	}
	if err == nil {
		p.theirs, err = newLoad(yardstick.port, yardstick.cmd.Process.Pid)
	}
	if err != nil {
		p.stop()
	}
	return p, err
}

// compare asks both in turn and returns the median ratio and our median time.
func (p *pair) compare(tokens []string, status int) (ratio float64, ours time.Duration, err error) {
	return p.compareEach([2][]string{tokens, tokens}, status)
}

// compareEach is compare where each side has tokens of its own.
func (p *pair) compareEach(tokens [2][]string, status int) (ratio float64, ours time.Duration, err error) {
	var ratios []float64
	var times []time.Duration
	for i := range checkRounds + 2 {
		loads, order := [2]*load{p.ours, p.theirs}, []int{0, 1}
		if i%2 == 1 {
			slices.Reverse(order)
		}
		var took [2]time.Duration
		for _, j := range order {
			if took[j], err = loads[j].ask(p.requests, tokens[j], status); err != nil {
				return 0, 0, err
			}
		}
		if i < 2 {
			continue // warming up: sessions come into memory, heaps grow
		}
		ratios, times = append(ratios, float64(took[0])/float64(took[1])), append(times, took[0])
	}
	return median(ratios), median(times), nil
}

func median[T float64 | time.Duration](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}
