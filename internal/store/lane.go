package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"sallyport"
)

// lane hands out connections of one kind, at most size at a time, and keeps their prepared statements.
type lane struct {
	pool  *sql.DB
	begin string        // how its transactions begin
	piped bool          // BEGIN goes with the first statement, see pipe
	met   *primaries    // nil on SQLite
	slots chan struct{} // one token per connection in use
	over  chan struct{} // closed by close
	once  sync.Once
	mu    sync.Mutex
	idle  []*conn
}

var errClosed = errors.New("store: the database is closed")

func newLane(pool *sql.DB, size int, begin string) *lane {
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return &lane{pool: pool, begin: begin, slots: make(chan struct{}, size), over: make(chan struct{})}
}

// of lets a lane use no connection to a primary that was replaced.
func (l *lane) of(met *primaries) *lane {
	l.met = met
	return l
}

// old reports whether c leads to a primary that was replaced.
func (l *lane) old(c *conn) bool {
	return l.met != nil && c.notices != nil && c.notices.primary.Before(l.met.get())
}

// begun takes a connection and begins a transaction on it. A kept connection that turns out to be broken, because the
// server was restarted for example, is thrown away for the next one: nothing was done on it yet. Where statements are
// piped, that is for Tx.send to find out.
func (l *lane) begun(ctx context.Context) (*conn, error) {
	for {
		c, err := l.take(ctx)
		if err != nil || l.piped {
			return c, err
		}
		err = c.control(l.begin)
		if err == nil {
			return c, nil
		}
		l.give(c)
		if !c.kept || !broken(err) {
			return nil, err
		}
	}
}

// take hands out a connection.
func (l *lane) take(ctx context.Context) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, sallyport.ErrUnavailable.Because(err)
	}
	select {
	case l.slots <- struct{}{}:
	case <-l.over:
		return nil, sallyport.ErrUnavailable.Because(errClosed)
	case <-ctx.Done():
		return nil, sallyport.ErrUnavailable.Because(fmt.Errorf("wait for the database: %w", ctx.Err()))
	}
	for c := l.pop(); c != nil; c = l.pop() {
		if c.clean, c.kept = false, true; !l.old(c) {
			return c, nil
		}
		c.discard()
	}
	raw, err := l.pool.Conn(ctx)
	if err != nil {
		<-l.slots
		return nil, failure(err)
	}
	return newConn(raw), nil
}

// freeWithin reports whether a connection can be had, at the latest after a while.
func (l *lane) freeWithin(ctx context.Context, d time.Duration) bool {
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case l.slots <- struct{}{}:
		<-l.slots
		return true
	case <-over.C:
	case <-ctx.Done():
	}
	return false
}

func (l *lane) pop() *conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.idle) == 0 {
		return nil
	}
	c := l.idle[len(l.idle)-1]
	l.idle = l.idle[:len(l.idle)-1]
	return c
}

// give takes c back. One whose transaction could not be ended for sure is thrown away.
func (l *lane) give(c *conn) {
	defer func() { <-l.slots }()
	if !c.clean {
		c.discard()
		return
	}
	c.used = time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.idle = append(l.idle, c)
}

// close waits for the transactions that run. Once more is no error.
func (l *lane) close() (err error) {
	l.once.Do(func() {
		close(l.over)
		for range cap(l.slots) {
			l.slots <- struct{}{}
		}
		for c := l.pop(); c != nil; c = l.pop() {
			err = errors.Join(err, c.close())
		}
		err = errors.Join(err, l.pool.Close())
	})
	return err
}
