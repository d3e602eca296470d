package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	saveSessions  = 1000 // of the technician at each Save
	saveRounds    = 300  // whose time is taken, without other load
	refusalRounds = 50   // with requests to the other node meanwhile
)

// savesToRefusal measures what a Save promises: how soon it answers, and that whatever begins after its answer is refused
// on the other node.
func (b *bench) savesToRefusal() error {
	n, err := b.nodes()
	if err != nil {
		return err
	}
	defer n.stop()
	var ours, bare []time.Duration
	for i := range b.less(saveRounds) + 3 {
		mine, theirs, err := n.saveBoth(b.ctx, i%2 == 1)
		if err != nil {
			return err
		}
		if i >= 3 { // statements are prepared, heaps have grown
			ours, bare = append(ours, mine), append(bare, theirs)
		}
	}
	how := fmt.Sprintf("the answer to POST Save over HTTP, %d of them without other load, taken in turn with as many bare transactions of the driver that write the same to the same tables of the same database, one statement for each table; each ends %d sessions", len(ours), saveSessions)
	b.atMost(fmt.Sprintf("Save with %d sessions on PostgreSQL, p99 of its answer (%.1f ms), against a bare transaction (%.1f ms)", saveSessions, ms(quantile(ours, 99)), ms(quantile(bare, 99))),
		float64(quantile(ours, 99))/float64(quantile(bare, 99)), 4, how)
	b.atMost(fmt.Sprintf("The same, median (%.1f ms against %.1f ms)", ms(quantile(ours, 50)), ms(quantile(bare, 50))),
		float64(quantile(ours, 50))/float64(quantile(bare, 50)), 4, how)
	return b.refusedElsewhere(n)
}

func (n *nodes) saveBoth(ctx context.Context, bareFirst bool) (ours, bare time.Duration, err error) {
	for _, m := range []string{string(n.victim.ID), string(n.other.ID)} {
		if _, err := n.raw.Exec(ctx, `DELETE FROM session WHERE technician = $1`, m); err != nil {
			return 0, 0, err
		}
	}
	if _, err := n.fill(ctx, n.victim.ID, saveSessions); err != nil {
		return 0, 0, err
	}
	if _, err := n.fill(ctx, n.other.ID, saveSessions); err != nil {
		return 0, 0, err
	}
	acts := []func() error{
		func() (err error) { ours, err = save(ctx, n.admin, &n.victim); return err },
		func() (err error) { bare, err = n.bareSave(ctx, &n.other); return err },
	}
	if bareFirst {
		slices.Reverse(acts)
	}
	return ours, bare, errors.Join(acts[0](), acts[1]())
}

// refusedElsewhere asks the second node without a pause on many connections while the first one saves, and counts what
// began after the answer and was let in.
func (b *bench) refusedElsewhere(n *nodes) error {
	var asked, letIn, before int64
	rounds := min(refusalRounds, max(b.requests/(10*pgConns), 1))
	for range rounds {
		tokens, err := n.fill(b.ctx, n.victim.ID, saveSessions)
		if err != nil {
			return err
		}
		l, err := newLoadOf(pgConns, n.two.Port, nil)
		if err != nil {
			return err
		}
		r := &refusalRound{load: l, tokens: tokens, goal: int64((b.requests + rounds - 1) / rounds)}
		err = r.run(func() error { _, err := save(b.ctx, n.admin, &n.victim); return err })
		l.close()
		if err != nil {
			return err
		}
		asked, letIn, before = asked+r.asked.Load(), letIn+r.letIn.Load(), before+r.before.Load()
	}
	b.add(finding{what: fmt.Sprintf("Requests let in on the other node that began after Save's answer, of %d", asked), value: fmt.Sprint(letIn), goal: "0", within: letIn == 0 && asked >= int64(b.requests),
		how: fmt.Sprintf("two nodes on one PostgreSQL; %d Saves at the first, each while %d connections ask the second for the technician's %d sessions without a pause; they were let in %d times before", rounds, pgConns, saveSessions, before)})
	return nil
}

// refusalRound is one Save under load.
type refusalRound struct {
	load                 *load
	tokens               []string
	goal                 int64 // requests that begin after the answer
	answered             atomic.Bool
	before, asked, letIn atomic.Int64
}

// run saves as soon as every connection has been let in, and goes on asking until enough requests began after the answer.
func (r *refusalRound) run(save func() error) error {
	var ready, done sync.WaitGroup
	errs := make(chan error, len(r.load.conns)+1)
	stop := make(chan struct{})
	for i, c := range r.load.conns {
		ready.Add(1)
		done.Go(func() { errs <- r.hammer(c, i, sync.OnceFunc(ready.Done), stop) })
	}
	ready.Wait()
	err := save()
	if r.answered.Store(true); err != nil {
		close(stop)
	}
	done.Wait()
	close(errs)
	for e := range errs {
		err = errors.Join(err, e)
	}
	return err
}

func (r *refusalRound) hammer(c net.Conn, first int, in func(), stop <-chan struct{}) error {
	defer in() // also where it fails
	buffer, wasIn := make([]byte, 8192), false
	for i := first; r.asked.Load() < r.goal; i += len(r.load.conns) {
		select {
		case <-stop:
			return nil
		default:
		}
		request := r.load.request(r.tokens[i%len(r.tokens)])
		after := r.answered.Load() // before the first byte goes out
		answer, err := exchange(c, request, buffer)
		if err != nil {
			return err
		}
		yes := bytes.HasPrefix(answer, []byte("HTTP/1.1 204 "))
		switch {
		case !yes && !bytes.HasPrefix(answer, []byte("HTTP/1.1 401 ")):
			return fmt.Errorf("answered %q", firstLine(answer))
		case !yes && !wasIn:
			return errors.New("a live session was refused before any Save")
		case after:
			r.asked.Add(1)
			if yes {
				r.letIn.Add(1)
			}
		case yes:
			r.before.Add(1)
			wasIn = true
			in()
		}
	}
	return nil
}

// quantile is the value below which so many of a hundred lie.
func quantile(list []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)]
}
