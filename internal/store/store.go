package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"sallyport"
)

// Options say where the database is and which clock judges expiry.
type Options struct {
	Folder        string           // holds sallyport.db; must exist. Not looked at where Address is set
	Address       string           // postgres://…: a PostgreSQL database; empty: SQLite in Folder
	Now           func() time.Time // SQLite's clock; nil: time.Now. PostgreSQL has its own
	ReadOnlyConns int              // readers at once; 0: 4 on SQLite, 7 on PostgreSQL
	Seen          Primary          // the newest primary that was met before: none that it has replaced is used, or changed
	Unhurried     bool             // PostgreSQL: what is written takes as long as it takes; for a command beside which no server runs
	Rehearse      bool             // for tests: every write is first run in vain, as it would be after a conflict

	Patience time.Duration // PostgreSQL: after which a transaction that was in another's way runs no further time; 0: 5 s

	// Fault, for tests, is asked at each point where a connection may be lost; an error from it is that loss. nil: never.
	Fault func(Point) error

	// Before, for tests, is told of each statement of a transaction just before it is sent, BEGIN, COMMIT and ROLLBACK among
	// them, and may hold it up. nil: never.
	Before func(statement string)

	// Heard, for tests, is told of the same statements as transaction number n asks for them, some of which are sent together
	// a little later. nil: never.
	Heard func(n uint64, statement string)
}

// Point is a moment of a transaction at which the connection to the database may be lost.
type Point int

// The points: before a statement, before COMMIT is sent, and after it took effect but before that is known.
const (
	AtStatement Point = iota
	AtCommit
	AfterCommit
)

// DB is an open database: writers (on SQLite one), and a pool of readers that cannot write.
type DB struct {
	writer    *lane
	readers   *lane
	checks    *lane             // for LookUpSessions alone, nil on SQLite
	watcher   *lane             // for Watch alone, nil on SQLite
	copier    *sql.DB           // for Backup alone, nil on PostgreSQL
	turns     *turns            // who may write beside whom, nil on SQLite
	hosts     []*pgx.ConnConfig // each that the address names, none on SQLite
	primaries *primaries        // nil on SQLite
	rehearse  bool
	patience  time.Duration
	fault     func(Point) error
	before    func(statement string)
	heard     func(n uint64, statement string)
	number    atomic.Uint64 // of the newest transaction
	warnings  []string

	mu        sync.Mutex // guards the two hooks
	committed func(sallyport.Change)
	forget    func()

	statements atomic.Uint64
	writes     atomic.Uint64
	trips      atomic.Uint64
	again      atomic.Uint64
}

// Stats count what was asked of the database since it was opened.
type Stats struct {
	Statements uint64 // without BEGIN, COMMIT and ROLLBACK
	Writes     uint64 // write transactions begun
	Trips      uint64 // times that a transaction waited for PostgreSQL's answer, whatever was asked
	Again      uint64 // of them, those that ran again after a conflict
}

// Stats returns the counters so far.
func (db *DB) Stats() Stats {
	return Stats{Statements: db.statements.Load(), Writes: db.writes.Load(), Trips: db.trips.Load(), Again: db.again.Load()}
}

// Shared reports whether other processes may write to this database too: then nothing may be answered from memory.
func (db *DB) Shared() bool { return db.turns != nil }

// Warnings say what an operator should know of this database, one sentence each.
func (db *DB) Warnings() []string { return db.warnings }

// Open opens the database that o names, makes it where there is none, and brings its schema up to date.
func Open(ctx context.Context, o Options) (*DB, error) {
	var db *DB
	var err error
	if o.Address == "" {
		db, err = openSQLite(ctx, o)
	} else {
		db, err = openPostgres(ctx, o)
	}
	if err == nil {
		db.rehearse, db.fault, db.before, db.heard = o.Rehearse, o.Fault, o.Before, o.Heard
		db.patience = cmp.Or(o.Patience, writePatience)
		// A test that holds up or breaks off each statement gets each by itself.
		db.writer.piped = o.Address != "" && o.Fault == nil && o.Before == nil
		for _, l := range []*lane{db.readers, db.watcher} {
			if l != nil {
				l.piped = db.writer.piped
			}
		}
	}
	return db, err
}

// OnCommit sets the two hooks. Where this process is the only writer, both run while the writer is still held, in the
// order of the commits, so neither may write. committed learns what a transaction did after its COMMIT and before Write
// returns; it is not called for a change that no session check could notice. forget is called when nobody knows whether
// a COMMIT took effect.
func (db *DB) OnCommit(committed func(sallyport.Change), forget func()) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.committed, db.forget = committed, forget
}

// Write runs fn in a write transaction, as if no other ran meanwhile. When fn returns an error, everything is undone and
// the same error comes back; when a statement failed, everything is undone even if fn returns nil. An ended ctx is
// noticed between statements and before COMMIT, never after. A failed COMMIT is Unavailable, and its outcome unknown.
// Where other processes write too, fn may run more than once: what it leaves outside of its transaction must be set
// anew by each run.
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	if db.rehearse {
		_, _ = db.writeOnce(ctx, func(tx *Tx) error { return errors.Join(fn(tx), errRehearsal) })
	}
	if db.turns != nil {
		return db.writeInTurn(ctx, fn)
	}
	_, err := db.writeOnce(ctx, fn)
	return err
}

var errRehearsal = errors.New("store: a rehearsal is always undone")

// writeOnce runs fn in one transaction. Where it fails, why is what the database said, nil where that is not the cause or
// nobody knows whether the transaction took effect: only what is surely undone may be run again.
func (db *DB) writeOnce(ctx context.Context, fn func(*Tx) error) (why, err error) {
	tx, err := db.begin(ctx, db.writer)
	if err != nil {
		return nil, err
	}
	db.writes.Add(1)
	defer tx.end()
	if err := tx.run(ctx, fn); err != nil {
		return tx.failed, err
	}
	if err := db.commit(tx); err != nil {
		tx.undo()
		if undone(err) || tx.refused() || errors.Is(err, errReplaced) {
			return err, err
		}
		db.unknown()
		return nil, err
	}
	tx.conn.clean = true
	db.tell(tx.change)
	return nil, nil
}

// refused reports whether the server was told to undo the transaction where a row had to change and did not.
func (tx *Tx) refused() bool { return tx.pipe != nil && tx.pipe.refused }

// freshTime is how long a connection that answered is taken for one that is there.
const freshTime = time.Second

// begin begins a transaction on a connection of l.
func (db *DB) begin(ctx context.Context, l *lane) (*Tx, error) {
	tx := &Tx{db: db, lane: l, ctx: ctx, number: db.number.Add(1)}
	tx.told(l.begin)
	c, err := l.begun(ctx)
	if err != nil {
		return nil, err
	}
	tx.conn = c
	if l.piped {
		tx.pipe = &pipe{pg: c.pg, begin: l.begin, fresh: time.Since(c.used) < freshTime, trips: &db.trips}
	}
	return tx, nil
}

func (db *DB) commit(tx *Tx) error {
	if tx.lane.old(tx.conn) {
		return sallyport.ErrUnavailable.Because(errReplaced)
	}
	tx.told("COMMIT")
	if err := db.lost(AtCommit); err != nil {
		return err
	}
	if err := tx.conn.commit(tx.commit); err != nil {
		return err
	}
	return db.lost(AfterCommit)
}

// told tells the test of the statement that comes next.
func (tx *Tx) told(statement string) {
	if tx.db.before != nil {
		tx.db.before(statement)
	}
	if tx.db.heard != nil {
		tx.db.heard(tx.number, statement)
	}
}

// lost asks the test whether the connection is lost at this point.
func (db *DB) lost(at Point) error {
	if db.fault == nil {
		return nil
	}
	return failure(db.fault(at))
}

// Read runs fn on a snapshot. Writing methods fail in it.
func (db *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	return db.read(ctx, db.readers, fn)
}

// watchPatience is how long one look waits for the end of another: far longer than it takes where the server answers.
const watchPatience = 250 * time.Millisecond

// Watch is Read for who looks whether this database may be used: on PostgreSQL he has a connection of his own, which no slow
// pages keep from him. Where that one hangs, at a server that has fallen silent, he goes on with those of the pages.
func (db *DB) Watch(ctx context.Context, fn func(*Tx) error) error {
	l := db.readers
	if db.watcher != nil && db.watcher.freeWithin(ctx, watchPatience) {
		l = db.watcher
	}
	return db.read(ctx, l, fn)
}

func (db *DB) read(ctx context.Context, l *lane, fn func(*Tx) error) error {
	tx, err := db.begin(ctx, l)
	if err != nil {
		return err
	}
	leaving := false
	defer func() {
		if !leaving {
			tx.end()
		}
	}()
	if err := tx.run(ctx, fn); err != nil {
		return err
	}
	tx.told("COMMIT")
	if leaving = tx.pipe != nil && tx.pipe.begun(); leaving {
		go tx.leave() // everything was read: nobody waits for the end of a snapshot
		return nil
	}
	err = tx.commit()
	tx.conn.clean = err == nil
	return err
}

// leave ends a reading transaction and gives its connection back.
func (tx *Tx) leave() {
	tx.conn.clean = tx.conn.control("COMMIT") == nil
	tx.end()
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

// Ping asks the database for an answer, as Watch does.
func (db *DB) Ping(ctx context.Context) error {
	return db.Watch(ctx, func(tx *Tx) error {
		_, err := tx.Now(ctx)
		return err
	})
}

// Close waits for the transactions that run and closes the files.
func (db *DB) Close() error {
	errs := []error{db.readers.close(), db.writer.close()}
	if db.copier != nil {
		errs = append(errs, db.copier.Close())
	}
	for _, l := range []*lane{db.checks, db.watcher} {
		if l != nil {
			errs = append(errs, l.close())
		}
	}
	return errors.Join(errs...)
}
