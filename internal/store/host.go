package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// hostPatience is how long a host that does not answer holds up the next one. Whoever is in a hurry has a second for all of
// them together (speakTime).
const hostPatience = 250 * time.Millisecond

// hosts are those that the address of a database names. A connection goes to the one that took the last connection; where
// that fails, or has not answered in hostPatience, the next one is tried beside it. A machine that vanished refuses nothing:
// whoever waited for it to its end would never come to the one in its place.
type hosts struct {
	each []*pgx.ConnConfig // each alone
	last atomic.Int64      // which of them took the last connection
}

func hostsOf(cfg *pgx.ConnConfig) *hosts { return &hosts{each: eachHost(cfg)} }

// Connect implements driver.Connector.
func (h *hosts) Connect(ctx context.Context) (driver.Conn, error) {
	one := func(ctx context.Context, cfg *pgx.ConnConfig) (driver.Conn, error) {
		return stdlib.GetConnector(*cfg).Connect(ctx)
	}
	return reach(ctx, h, one, func(c driver.Conn) { _ = c.Close() })
}

// Driver implements driver.Connector.
func (h *hosts) Driver() driver.Driver { return stdlib.GetDefaultDriver() }

// connect makes a connection of the driver's own.
func (h *hosts) connect(ctx context.Context) (*pgx.Conn, error) {
	return reach(ctx, h, pgx.ConnectConfig, func(c *pgx.Conn) { _ = c.Close(context.Background()) })
}

// attempt is what came of connecting to one host.
type attempt[C any] struct {
	host int64
	conn C
	err  error
}

// reach connects to one of the hosts by connect. Those that are too late for it are discarded.
func reach[C any](ctx context.Context, h *hosts, connect func(context.Context, *pgx.ConnConfig) (C, error), discard func(C)) (none C, err error) {
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	attempts := make(chan attempt[C], len(h.each))
	next, underWay := h.order(), 0
	slow := time.NewTicker(hostPatience)
	defer slow.Stop()
	begin := func() {
		if len(next) == 0 {
			return
		}
		i := next[0]
		next = next[1:]
		underWay++
		slow.Reset(hostPatience)
		go func() {
			c, err := connect(ctx, h.each[i])
			attempts <- attempt[C]{i, c, err}
		}()
	}
	for begin(); underWay > 0; {
		select {
		case a := <-attempts:
			underWay--
			if a.err == nil {
				h.last.Store(a.host)
				go discardLate(attempts, underWay, discard)
				return a.conn, nil
			}
			err = errors.Join(err, a.err)
			begin()
		case <-slow.C:
			begin()
		}
	}
	return none, err
}

func discardLate[C any](attempts <-chan attempt[C], n int, discard func(C)) {
	for range n {
		if a := <-attempts; a.err == nil {
			discard(a.conn)
		}
	}
}

// order is in which order the hosts are tried.
func (h *hosts) order() []int64 {
	last := h.last.Load()
	order := []int64{last}
	for i := range int64(len(h.each)) {
		if i != last {
			order = append(order, i)
		}
	}
	return order
}
