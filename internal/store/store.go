package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"sallyport"
)

// Options say where the database is and which clock judges expiry.
type Options struct {
	Folder        string           // holds sallyport.db; must exist
	Now           func() time.Time // nil: time.Now
	ReadOnlyConns int              // readers at once; 0: 4
}

// DB is an open database: one writer, and a pool of readers that cannot write.
type DB struct {
	writer  *lane
	readers *lane
	copier  *sql.DB // for Backup alone

	mu        sync.Mutex // guards the two hooks
	committed func(sallyport.Change)
	forget    func()

	statements atomic.Uint64
	writes     atomic.Uint64
}

// Stats count what was asked of the database since it was opened.
type Stats struct {
	Statements uint64 // without BEGIN, COMMIT and ROLLBACK
	Writes     uint64 // write transactions begun
}

// Stats returns the counters so far.
func (db *DB) Stats() Stats {
	return Stats{Statements: db.statements.Load(), Writes: db.writes.Load()}
}

// OnCommit sets the two hooks. Both run while the writer is still held, in the order of the commits, so neither may
// write. committed learns what a transaction did after its COMMIT and before Write returns; it is not called for a
// change that no session check could notice. forget is called when nobody knows whether a COMMIT took effect.
func (db *DB) OnCommit(committed func(sallyport.Change), forget func()) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.committed, db.forget = committed, forget
}

// Write runs fn in the one write transaction of this moment. When fn returns an error, everything is undone and the
// same error comes back; when a statement failed, everything is undone even if fn returns nil. An ended ctx is noticed
// between statements and before COMMIT, never after. A failed COMMIT is Unavailable, and its outcome unknown.
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	c, err := db.writer.take(ctx)
	if err != nil {
		return err
	}
	db.writes.Add(1)
	defer db.writer.give(c)
	if err := c.control(db.writer.begin); err != nil {
		return err
	}
	tx := &Tx{db: db, conn: c}
	if err := tx.run(ctx, fn); err != nil {
		return err
	}
	if err := c.control("COMMIT"); err != nil {
		_ = c.control("ROLLBACK")
		db.unknown()
		return err
	}
	c.clean = true
	db.tell(tx.change)
	return nil
}

// Read runs fn on a snapshot. Writing methods fail in it.
func (db *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	c, err := db.readers.take(ctx)
	if err != nil {
		return err
	}
	defer db.readers.give(c)
	if err := c.control(db.readers.begin); err != nil {
		return err
	}
	tx := &Tx{db: db, conn: c}
	if err := tx.run(ctx, fn); err != nil {
		return err
	}
	err = c.control("COMMIT")
	c.clean = err == nil
	return err
}

func (db *DB) tell(change sallyport.Change) {
	db.mu.Lock()
	committed := db.committed
	db.mu.Unlock()
	if committed != nil && !change.Empty() {
		committed(change)
	}
}

func (db *DB) unknown() {
	db.mu.Lock()
	forget := db.forget
	db.mu.Unlock()
	if forget != nil {
		forget()
	}
}

// Ping asks both the writer's and a reader's connection for an answer.
func (db *DB) Ping(ctx context.Context) error {
	return db.Read(ctx, func(tx *Tx) error {
		_, err := tx.Now(ctx)
		return err
	})
}

// Close waits for the transactions that run and closes the files.
func (db *DB) Close() error {
	return errors.Join(db.copier.Close(), db.readers.close(), db.writer.close())
}

// lane hands out connections of one kind, at most size at a time, and keeps their prepared statements.
type lane struct {
	pool  *sql.DB
	begin string        // how its transactions begin
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
	if c := l.pop(); c != nil {
		c.clean = false
		return c, nil
	}
	raw, err := l.pool.Conn(ctx)
	if err != nil {
		<-l.slots
		return nil, failure(err)
	}
	return newConn(raw), nil
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
