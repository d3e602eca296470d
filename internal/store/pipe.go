package store

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// question is one statement on its way to PostgreSQL, and what came of it.
type question struct {
	query   string
	args    []any
	read    func(row) error // called for each row; nil where nobody reads rows
	changed int             // rows, once it was answered
	none    error           // where no row was changed, this is the failure; nil where that is no failure
	raises  bool            // the server fails by itself in that case
	err     error
}

// pipe sends the statements of one transaction to PostgreSQL together where nobody needs the answer of the one before:
// BEGIN goes with the first, what Tx.later was given with the next one that has to be answered. The server runs them in
// their order, and none after one that failed.
type pipe struct {
	pg      *pgx.Conn
	begin   string // not sent yet
	fresh   bool   // the connection was in use a moment ago
	waiting []*question
	refused bool // a statement changed no row where it had to change one: nothing of the transaction takes effect
	trips   *atomic.Uint64
}

// raising is how many statements that have to change a row COMMIT goes together with. Such a statement then fails in the
// server where it changed none, which costs it some 10 µs.
const raising = 8

// pgxOf is the driver's own connection below raw, nil on SQLite.
func pgxOf(raw *sql.Conn) *pgx.Conn {
	var found *pgx.Conn
	_ = raw.Raw(func(c any) error {
		if c, ok := c.(*stdlib.Conn); ok {
			found = c.Conn()
		}
		return nil
	})
	return found
}

// pressing reports whether something waits that COMMIT must not go together with: many answers that may undo the
// transaction, or its beginning, so that a COMMIT is never sent first on a connection that may have been lost long ago.
func (p *pipe) pressing() bool {
	conditional := 0
	for _, q := range p.waiting {
		if q.none != nil {
			conditional++
		}
	}
	return len(p.waiting) > 0 && !p.begun() && !p.fresh || conditional > raising
}

// commit sends COMMIT together with what waits. Where nothing was asked it does nothing.
func (p *pipe) commit() error {
	if !p.begun() && len(p.waiting) == 0 {
		return nil
	}
	for _, q := range p.waiting {
		if q.none != nil {
			q.raise()
		}
	}
	_, err := p.send(&question{query: "COMMIT"})
	return err
}

// raise lets the server itself fail, and so undo everything, where q changes no row.
func (q *question) raise() {
	q.query = "WITH changed AS (" + q.query + " RETURNING 1) SELECT 1 / count(*) FROM changed"
	q.raises = true
}

// divisionByZero is the failure of a statement that raises (SQLSTATE 22012).
const divisionByZero = "22012"

// begun reports whether the server knows of the transaction.
func (p *pipe) begun() bool { return p.begin == "" }

// send sends what waits and then more, and reads all answers; each question has its own error, that of the first that
// failed where it comes after it. Unbegun says that the connection was lost before the transaction began.
func (p *pipe) send(more ...*question) (unbegun bool, err error) {
	all := append(p.waiting, more...)
	p.waiting = nil
	var b pgx.Batch
	if !p.begun() {
		b.Queue(p.begin)
	}
	for _, q := range all {
		b.Queue(q.query, q.args...)
	}
	p.trips.Add(1)
	answers := p.pg.SendBatch(context.Background(), &b)
	if !p.begun() {
		if _, err = answers.Exec(); err != nil && broken(err) {
			p.waiting = all[:len(all)-len(more)]
			return true, errors.Join(err, answers.Close())
		}
		p.begin = ""
	}
	for _, q := range all {
		if q.err = err; err == nil {
			p.refused = q.answer(answers) || p.refused
			err = q.err
		}
	}
	if lost := answers.Close(); err == nil {
		err = lost
	}
	return false, err
}

// answer reads the answer to q, and reports whether it changed no row where it had to change one.
func (q *question) answer(from pgx.BatchResults) (refused bool) {
	rows, err := from.Query()
	for err == nil && rows.Next() {
		if q.read != nil {
			err = q.read(rows)
		}
	}
	rows.Close()
	if lost := rows.Err(); lost != nil {
		err = lost
	}
	q.changed = int(rows.CommandTag().RowsAffected())
	var e *pgconn.PgError
	if refused = q.none != nil && err == nil && q.changed == 0 || q.raises && errors.As(err, &e) && e.Code == divisionByZero; refused {
		err = q.none
	}
	q.err = err
	return refused
}

// Together runs functions that do not need one another's answers, so that their statements may share the way to the
// database: the first of each goes together with the first of the others, and so on. They run in turn, never at the same
// time, and all of them, whatever another one returns. The error is that of the first of them that has one.
func (tx *Tx) Together(ctx context.Context, fns ...func() error) error {
	if err := tx.open(ctx); err != nil {
		return err
	}
	errs := make([]error, len(fns))
	if tx.pipe == nil || tx.asking != nil {
		for i, fn := range fns {
			errs[i] = fn()
		}
	} else {
		tx.inTurn(fns, errs)
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// inTurn runs each function up to its next question, has the questions of all of them answered, and goes on.
func (tx *Tx) inTurn(fns []func() error, errs []error) {
	next := make([]func() (*question, bool), len(fns))
	ask := make([]func(*question) bool, len(fns))
	for i, fn := range fns {
		var stop func()
		next[i], stop = iter.Pull(func(yield func(*question) bool) {
			ask[i] = yield
			tx.asking = yield
			errs[i] = fn()
		})
		defer stop()
	}
	done := false
	defer func() {
		tx.asking = nil
		tx.over = !done // a panic: nobody asks any more
	}()
	var failed error // what made all that comes after it fail, and not the server's words about that
	for {
		var round []*question
		for i := range next {
			tx.asking = ask[i]
			if q, ok := next[i](); ok {
				round = append(round, q)
			}
		}
		if len(round) == 0 {
			done = true
			return
		}
		if failed == nil {
			failed = tx.send(round...) // each question has its error
		} else {
			_ = failEach(round, failed)
		}
	}
}

// answered has q answered, together with those of other functions where Together runs them.
func (tx *Tx) answered(q *question) error {
	if tx.asking == nil {
		return tx.send(q)
	}
	if !tx.asking(q) {
		return errOver
	}
	return q.err
}

// send sends questions, on another connection where this one turns out to be lost before anything was done on it: the
// server was restarted, for example. The error is the first failure.
func (tx *Tx) send(more ...*question) error {
	if tx.conn == nil { // lost, and no other was to be had
		return failEach(more, tx.failed)
	}
	for {
		unbegun, err := tx.pipe.send(more...)
		if !unbegun {
			return err
		}
		if !tx.conn.kept {
			return failEach(more, err)
		}
		if err := tx.reconnect(); err != nil {
			return failEach(more, err)
		}
	}
}

func failEach(questions []*question, err error) error {
	for _, q := range questions {
		q.err = err
	}
	return err
}

// reconnect goes on with another connection of the same lane.
func (tx *Tx) reconnect() error {
	tx.lane.give(tx.conn)
	c, err := tx.lane.begun(tx.ctx)
	if err != nil {
		tx.conn = nil
		return err
	}
	tx.conn, tx.pipe.pg = c, c.pg
	return nil
}
