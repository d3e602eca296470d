package main

import (
	"fmt"
	"net/http"
	"time"

	"sallyport"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

const (
	pgConns    = 64
	pgSessions = 1000
)

// postgresChecks measures GET /session over 64 connections at once on PostgreSQL, in processor time of the server and of
// PostgreSQL together, against a handler that asks the same database with a query of its own for each request.
func (b *bench) postgresChecks() error {
	d, err := startDatabase()
	if err != nil {
		return err
	}
	defer d.Stop()
	address, err := d.create("checks")
	if err != nil {
		return err
	}
	var tokens []string
	s, err := b.serveAt(place{"pgcheck", address}, func(f *team.Folder) error {
		members, err := f.Add(b.ctx, readers(pgSessions)...)
		if err != nil {
			return err
		}
		signedIn, err := f.SignIn(b.ctx, members...)
		for _, t := range signedIn {
			tokens = append(tokens, t.Reveal())
		}
		return err
	})
	if err != nil {
		return err
	}
	defer s.Kill()
	yardstick, err := startYardstick(b.point, "-database", address)
	if err != nil {
		return err
	}
	defer yardstick.stop()
	if err := answers(yardstick.port); err != nil {
		return err
	}
	p := &pair{requests: b.less(checkRequests)}
	if p.ours, err = newLoadOf(pgConns, s.Port, together(s.CPU, d.cpu)); err != nil {
		return err
	}
	defer p.ours.close()
	theirs := func() (time.Duration, error) { return server.CPU(yardstick.cmd.Process.Pid) }
	if p.theirs, err = newLoadOf(pgConns, yardstick.port, together(theirs, d.cpu)); err != nil {
		return err
	}
	defer p.theirs.close()
	ratio, ours, err := p.compare(tokens, http.StatusNoContent)
	if err != nil {
		return err
	}
	b.atMost(fmt.Sprintf("Session check on PostgreSQL, %d at once (%.1f µs)", pgConns, float64(ours)/1e3), ratio, 0.6,
		fmt.Sprintf("CPU of the server and of PostgreSQL for each accepted request, median of %d rounds of %d over %d connections, taken in turn with a net/http handler that asks the same database with one point query for each request through pgxpool as it comes; both read the database for each answer",
			checkRounds, p.requests, pgConns))
	return nil
}

// readers are n technicians with an app who may look only.
func readers(n int) []team.Spec {
	specs := make([]team.Spec, n)
	for i := range specs {
		specs[i] = team.Spec{Name: fmt.Sprintf("tech%06d", i), Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp}
	}
	return specs
}
