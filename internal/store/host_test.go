package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
)

// answering are hosts as a test lets them be: each takes a connection after a while, or fails.
type answering struct {
	hosts
	after     map[*pgx.ConnConfig]time.Duration
	fails     map[*pgx.ConnConfig]error
	begin     time.Time
	mu        sync.Mutex
	asked     []string // host and when, counted from begin
	discarded []string
}

func answeringHosts(n int) *answering {
	a := &answering{after: map[*pgx.ConnConfig]time.Duration{}, fails: map[*pgx.ConnConfig]error{}}
	for i := range n {
		cfg := &pgx.ConnConfig{}
		cfg.Host = fmt.Sprint("db", i)
		a.each = append(a.each, cfg)
	}
	return a
}

func (a *answering) connect(ctx context.Context, cfg *pgx.ConnConfig) (string, error) {
	a.note(&a.asked, fmt.Sprint(cfg.Host, " ", time.Since(a.begin)))
	select {
	case <-time.After(a.after[cfg]):
		return cfg.Host, a.fails[cfg]
	case <-ctx.Done():
		if errors.Is(a.fails[cfg], errStubborn) {
			return cfg.Host, nil
		}
		return "", ctx.Err()
	}
}

var errStubborn = errors.New("connects although nobody wants it any more")

func (a *answering) note(in *[]string, what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	*in = append(*in, what)
}

// reached connects, and says to where and when, and who was asked.
func (a *answering) reached(ctx context.Context) (string, error) {
	a.asked, a.discarded, a.begin = nil, nil, time.Now()
	c, err := reach(ctx, &a.hosts, a.connect, func(c string) { a.note(&a.discarded, c) })
	took := time.Since(a.begin)
	synctest.Wait()
	return fmt.Sprintf("%s %v: %s", c, took, strings.Join(a.asked, ", ")), err
}

// A host that says nothing holds up the next one for a moment, and only once; one that refuses does not. Whoever comes too
// late is sent away.
func TestSilentHostHoldsUpTheNextForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := answeringHosts(3)
		expect := func(want string) {
			t.Helper()
			if got, err := a.reached(t.Context()); got != want || err != nil {
				t.Errorf("%q, %v; want %q", got, err, want)
			}
		}
		one, two, three := a.each[0], a.each[1], a.each[2]
		a.after[one], a.after[two], a.after[three] = time.Millisecond, time.Millisecond, 300*time.Millisecond
		expect("db0 1ms: db0 0s")
		a.after[one] = time.Hour // it vanished
		expect("db1 251ms: db0 0s, db1 250ms")
		expect("db1 1ms: db1 0s")
		a.fails[two] = errors.New("it is a standby again")
		a.fails[one] = errStubborn
		expect("db2 551ms: db1 0s, db0 1ms, db2 251ms")
		if !slices.Equal(a.discarded, []string{"db0"}) {
			t.Errorf("discarded: %v", a.discarded)
		}
	})
}

// Where none takes a connection, each says why; where whoever waits has no more time, all end.
func TestNoHostAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := answeringHosts(2)
		a.fails[a.each[0]], a.fails[a.each[1]] = errors.New("refused"), errors.New("a standby")
		if got, err := a.reached(t.Context()); err == nil || err.Error() != "refused\na standby" {
			t.Errorf("%q, %v", got, err)
		}
		a.after[a.each[0]], a.after[a.each[1]] = time.Hour, time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got, err := a.reached(ctx); !errors.Is(err, context.DeadlineExceeded) || got != " 1s: db0 0s, db1 250ms" {
			t.Errorf("%q, %v", got, err)
		}
	})
}
