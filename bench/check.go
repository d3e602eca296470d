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
	var yes []time.Duration
	for _, n := range []int{10, 100_000} {
		t, err := b.check(n)
		if err != nil {
			return fmt.Errorf("%d sessions: %w", n, err)
		}
		yes = append(yes, t)
	}
	b.atMost("An accepted check with 100,000 sessions, against 10", float64(yes[1])/float64(yes[0]), flatWithin, "server CPU for each check, medians of the two runs above")
	return nil
}

// pair is the real server and its yardstick, both under load.
type pair struct {
	ours     *load
	theirs   *load
	requests int // in a round
	stop     func()
}

func (b *bench) check(n int) (time.Duration, error) {
	tokens, folder, err := b.sessions(n)
	if err != nil {
		return 0, err
	}
	p, err := b.pair(folder, tokens)
	if err != nil {
		return 0, err
	}
	defer p.stop()
	strangers := make([]string, 64)
	for i := range strangers {
		strangers[i] = sallyport.NewToken().Reveal()
	}
	accepted, ours, err := p.compare(tokens, http.StatusNoContent)
	if err != nil {
		return 0, err
	}
	unknown, _, err := p.compare(strangers, http.StatusUnauthorized)
	if err != nil {
		return 0, err
	}
	none, _, err := p.compare([]string{""}, http.StatusUnauthorized)
	how := fmt.Sprintf("server CPU for each request, median of %d rounds of %d, taken in turn with a bare net/http handler that looks the token up in a map", checkRounds, checkRequests)
	b.atMost(fmt.Sprintf("Accepted session check, %d sessions (%.1f µs)", n, float64(ours)/1e3), accepted, 1.4, how)
	b.atMost(fmt.Sprintf("Refused session check, unknown token, %d sessions", n), unknown, 1.2, how)
	b.atMost(fmt.Sprintf("Refused session check, no cookie, %d sessions", n), none, 1.2, how)
	return ours, err
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
	var ratios []float64
	var times []time.Duration
	for i := range checkRounds + 2 {
		loads := []*load{p.ours, p.theirs}
		if i%2 == 1 {
			slices.Reverse(loads)
		}
		var took [2]time.Duration
		for j, l := range loads {
			if took[j], err = l.ask(p.requests, tokens, status); err != nil {
				return 0, 0, err
			}
		}
		if i%2 == 1 {
			took[0], took[1] = took[1], took[0]
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
