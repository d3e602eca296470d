package store

import (
	"context"
	"errors"
	"time"

	"sallyport"
)

// Tx is one transaction. Its methods are the tables' verbs; they belong to one goroutine, and to the function that
// Write or Read was given.
type Tx struct {
	db     *DB
	number uint64
	lane   *lane
	conn   *conn
	ctx    context.Context  // of whoever began it, for another connection in the place of a lost one
	change sallyport.Change // what the hook will be told
	failed error            // the first statement that failed: nothing may be committed after it
	over   bool
	pipe   *pipe                // nil where each statement is sent by itself: on SQLite, and for a test that holds them up
	asking func(*question) bool // the function that runs in Together asks here
}

var errOver = errors.New("store: the transaction is over")

// run calls fn and undoes everything unless fn and all statements succeeded. A panic undoes everything and goes on.
func (tx *Tx) run(ctx context.Context, fn func(*Tx) error) (err error) {
	returned := false
	defer func() {
		if !returned || err != nil {
			tx.told("ROLLBACK")
			tx.undo()
		}
		tx.over = true
	}()
	err = fn(tx)
	if err == nil && tx.pipe != nil && tx.pipe.pressing() {
		_ = tx.fail(tx.send())
	}
	if err == nil {
		err = tx.failed
	}
	if err == nil && ctx.Err() != nil {
		err = sallyport.ErrUnavailable.Because(ctx.Err())
	}
	returned = true
	return err
}

// undo ends the transaction without its changes, where the server has not done so.
func (tx *Tx) undo() {
	switch {
	case tx.conn == nil: // lost, and no other was to be had
	case tx.failed != nil && broken(tx.failed):
		tx.conn.clean = false
	case tx.conn.pg != nil && tx.conn.pg.PgConn().TxStatus() == 'I':
		tx.conn.clean = !tx.conn.pg.IsClosed()
	default:
		tx.conn.clean = tx.conn.control("ROLLBACK") == nil
	}
}

// commit sends COMMIT, together with what still waits.
func (tx *Tx) commit() error {
	if tx.pipe == nil {
		return tx.conn.control("COMMIT")
	}
	return failure(tx.pipe.commit())
}

// end gives the connection back.
func (tx *Tx) end() {
	if tx.conn != nil {
		tx.lane.give(tx.conn)
	}
}

// Now is the database's clock at this moment.
func (tx *Tx) Now(ctx context.Context) (time.Time, error) {
	var now time.Time
	_, err := tx.one(ctx, `SELECT now_us()`, nil, stamp{&now})
	return now, err
}

// open refuses an ended transaction or context.
func (tx *Tx) open(ctx context.Context) error {
	if tx.over {
		return errInternal.Because(errOver)
	}
	if err := ctx.Err(); err != nil {
		return tx.fail(sallyport.ErrUnavailable.Because(err))
	}
	return nil
}

// ready refuses a statement of an ended transaction or context, and counts the others.
func (tx *Tx) ready(ctx context.Context, query string) error {
	if err := tx.open(ctx); err != nil {
		return err
	}
	tx.db.statements.Add(1)
	tx.told(query)
	if err := tx.db.lost(AtStatement); err != nil {
		return tx.fail(err)
	}
	return nil
}

// fail remembers the first failure.
func (tx *Tx) fail(err error) error {
	err = failure(err)
	if tx.failed == nil && err != nil {
		tx.failed = err
	}
	return err
}

// args are a statement's arguments: $1 is args[0].
type args []any

// exec runs a statement and returns how many rows it changed.
func (tx *Tx) exec(ctx context.Context, query string, a args) (int, error) {
	if err := tx.ready(ctx, query); err != nil {
		return 0, err
	}
	bound, err := bind(a)
	if err != nil {
		return 0, err
	}
	if tx.pipe != nil {
		q := &question{query: query, args: bound}
		err := tx.answered(q)
		return q.changed, tx.fail(err)
	}
	s, done, err := tx.conn.statement(query)
	if err != nil {
		return 0, tx.fail(err)
	}
	defer done()
	result, err := s.ExecContext(context.Background(), bound...)
	if err != nil {
		return 0, tx.fail(err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, tx.fail(err)
	}
	return int(n), nil
}

// did runs a statement and reports whether it changed a row.
func (tx *Tx) did(ctx context.Context, query string, a args) (bool, error) {
	n, err := tx.exec(ctx, query, a)
	return n > 0, err
}

// must runs a statement that has to change a row, and returns otherwise when it changed none.
func (tx *Tx) must(ctx context.Context, otherwise error, query string, a args) error {
	n, err := tx.exec(ctx, query, a)
	if err == nil && n == 0 {
		return otherwise
	}
	return err
}

// later runs a statement whose answer nobody waits for: where it fails, or changes no row and none is not nil, the
// transaction fails, at the latest before its COMMIT.
func (tx *Tx) later(ctx context.Context, none error, query string, a args) error {
	if tx.pipe == nil {
		if none == nil {
			_, err := tx.exec(ctx, query, a)
			return err
		}
		return tx.fail(tx.must(ctx, none, query, a))
	}
	if err := tx.ready(ctx, query); err != nil {
		return err
	}
	bound, err := bind(a)
	if err == nil {
		tx.pipe.waiting = append(tx.pipe.waiting, &question{query: query, args: bound, none: none})
	}
	return err
}

// each calls read for every row of query.
func (tx *Tx) each(ctx context.Context, query string, a args, read func(row) error) error {
	if err := tx.ready(ctx, query); err != nil {
		return err
	}
	bound, err := bind(a)
	if err != nil {
		return err
	}
	if tx.pipe != nil {
		return tx.fail(tx.answered(&question{query: query, args: bound, read: read}))
	}
	s, done, err := tx.conn.statement(query)
	if err != nil {
		return tx.fail(err)
	}
	defer done()
	rows, err := s.QueryContext(context.Background(), bound...)
	if err != nil {
		return tx.fail(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return tx.fail(err)
		}
	}
	if err := rows.Err(); err != nil {
		return tx.fail(err)
	}
	return nil
}

// one reads the first row of query into dest and reports whether there was one.
func (tx *Tx) one(ctx context.Context, query string, a args, dest ...any) (bool, error) {
	found := false
	err := tx.each(ctx, query, a, func(r row) error {
		if found {
			return nil
		}
		found = true
		return r.Scan(dest...)
	})
	return found && err == nil, err
}

// row is what a scan function reads from.
type row interface{ Scan(dest ...any) error }

// first reads the first row of query with scan.
func first[T any](ctx context.Context, tx *Tx, scan func(row) (T, error), query string, a args) (T, bool, error) {
	found, err := all(ctx, tx, scan, query, a)
	if err != nil || len(found) == 0 {
		var none T
		return none, false, err
	}
	return found[0], true, nil
}

// all reads every row of query with scan.
func all[T any](ctx context.Context, tx *Tx, scan func(row) (T, error), query string, a args) ([]T, error) {
	var found []T
	err := tx.each(ctx, query, a, func(r row) error {
		v, err := scan(r)
		if err == nil {
			found = append(found, v)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}
