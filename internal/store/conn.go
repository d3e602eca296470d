package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"sallyport"
	"sallyport/internal/store/migrations"
)

// keptStatements is how many prepared statements one connection keeps. The fixed ones are about 150; the rest is room
// for the combinations of filters and orders of the lists.
const keptStatements = 400

// conn is one connection with its prepared statements. Statements run to their end: a context that ends is noticed
// between them, which spares a goroutine per statement and leaves no half-done statement behind.
type conn struct {
	raw      *sql.Conn
	prepared map[string]*sql.Stmt
	pg       *pgx.Conn // the same connection, for a pipe; nil on SQLite
	clean    bool      // no transaction is open: set when one was ended for sure
	kept     bool      // it was used before: nobody knows whether the server is still there
	used     time.Time // when its last transaction ended
	notices  *notices  // what the server said unasked, nil on SQLite
}

func newConn(raw *sql.Conn) *conn {
	c := &conn{raw: raw, prepared: make(map[string]*sql.Stmt), pg: pgxOf(raw)}
	if c.pg != nil {
		c.notices = noticesFor(c.pg.PgConn())
	}
	return c
}

// control runs BEGIN, COMMIT or ROLLBACK.
func (c *conn) control(statement string) error {
	s, _, err := c.statement(statement)
	if err != nil {
		return failure(err)
	}
	if _, err := s.ExecContext(context.Background()); err != nil {
		return failure(fmt.Errorf("%s: %w", statement, err))
	}
	return nil
}

// commit commits by a function that does so. A commit that the server was told not to wait for, while its standby had
// not confirmed it, counts as one of unknown outcome: it may be lost with the server.
func (c *conn) commit(by func() error) error {
	if c.notices != nil {
		c.notices.warned.Store(false)
	}
	if err := by(); err != nil {
		return err
	}
	if c.notices != nil && c.notices.warned.Load() {
		return sallyport.ErrUnavailable.Because(errNotReplicated)
	}
	return nil
}

// statement returns the prepared form of query and, where it is not kept, how to let go of it.
func (c *conn) statement(query string) (*sql.Stmt, func(), error) {
	if s, ok := c.prepared[query]; ok {
		return s, func() {}, nil
	}
	s, err := c.raw.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, nil, err
	}
	if len(c.prepared) >= keptStatements {
		return s, func() { _ = s.Close() }, nil
	}
	c.prepared[query] = s
	return s, func() {}, nil
}

func (c *conn) close() error {
	if c.pg != nil {
		c.discard()
		return nil
	}
	return errors.Join(c.forget(), c.raw.Close())
}

// discard closes the connection itself instead of handing it back to the pool. On SQLite its statements go first: they reach
// into memory that the connection frees. A server is asked nothing more: it may be one that does not answer.
func (c *conn) discard() {
	if c.pg != nil {
		_ = c.pg.Close(context.Background())
	}
	_ = c.forget()
	_ = c.raw.Raw(func(any) error { return driver.ErrBadConn })
}

func (c *conn) forget() error {
	var errs []error
	for _, s := range c.prepared {
		errs = append(errs, s.Close())
	}
	clear(c.prepared)
	return errors.Join(errs...)
}

// failure makes the product's error of a database's: Unavailable for what may pass (busy, full, not readable, an ended
// context), Internal for the rest.
func failure(err error) error {
	var known *sallyport.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known), errors.Is(err, migrations.ErrNewer):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, driver.ErrBadConn), sqlitePassing(err), postgresPassing(err):
		return sallyport.ErrUnavailable.Because(err)
	}
	return errInternal.Because(err)
}

var errInternal = sallyport.E(sallyport.Internal, "internal", "Something went wrong here.")
