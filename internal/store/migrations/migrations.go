package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

// ErrNewer says that the database was written by a newer version, which this one must not touch.
var ErrNewer = errors.New("the database was written by a newer version of Sallyport")

// State is how far the schema of a database is.
type State struct {
	Have   int64 // the last step that was taken
	Newest int64 // the last step that this program knows
}

// SQLite brings the schema of db to the newest step. Each step is one transaction, so one that was killed half way
// begins again at the next start. A database with steps that this program does not know gives ErrNewer.
func SQLite(ctx context.Context, db *sql.DB) error {
	return up(ctx, db, goose.DialectSQLite3)
}

// lockID is the advisory lock under which nodes take the steps one after the other; its number only has to be ours.
const lockID = 5_725_590_121_114

// A step waits for whoever uses its table, and everybody who comes to the table then waits behind the step: a program that reads
// the tables for an hour, as pg_dump does, would hold up every node for that hour. So the connections of the steps have a
// lock_timeout, after which the others go on and the step is tried again.
const (
	stepTries = 30
	stepPause = time.Second
)

// Postgres is SQLite for PostgreSQL. Nodes that start at once wait for each other here, and the second finds the work
// done; a node that dies lets go of the lock with its connection.
func Postgres(ctx context.Context, db *sql.DB) (err error) {
	lock, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if _, err := lock.ExecContext(ctx, `SET lock_timeout = 0`); err != nil { // a step of another node may take long
		return err
	}
	if _, err := lock.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(lockID)); err != nil {
		return fmt.Errorf("wait for the other nodes' steps of the schema: %w", err)
	}
	defer func() {
		_, unlock := lock.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(lockID))
		err = errors.Join(err, unlock)
	}()
	return upBesides(ctx, db)
}

// upBesides is up beside those who use the tables meanwhile.
func upBesides(ctx context.Context, db *sql.DB) error {
	for try := 1; ; try++ {
		err := up(ctx, db, goose.DialectPostgres)
		var refused interface{ SQLState() string } // the driver's
		if !errors.As(err, &refused) || refused.SQLState() != lockNotAvailable {
			return err
		}
		if try == stepTries {
			return fmt.Errorf("somebody holds a table for long, pg_dump for example: try again when that is done: %w", err)
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(stepPause):
		}
	}
}

const lockNotAvailable = "55P03" // lock_timeout

// PostgresState says how far the schema is.
func PostgresState(ctx context.Context, db *sql.DB) (State, error) {
	return state(ctx, db, goose.DialectPostgres)
}

// SQLiteState is PostgresState for SQLite.
func SQLiteState(ctx context.Context, db *sql.DB) (State, error) {
	return state(ctx, db, goose.DialectSQLite3)
}

// has asks whether steps were ever taken.
var has = map[goose.Dialect]string{
	goose.DialectSQLite3:  `SELECT count(*) FROM sqlite_master WHERE name = '` + goose.DefaultTablename + `'`,
	goose.DialectPostgres: `SELECT count(to_regclass('` + goose.DefaultTablename + `'))`,
}

// state only looks. goose, asked the same, would make its table in whatever database this is.
func state(ctx context.Context, db *sql.DB, dialect goose.Dialect) (s State, err error) {
	if s.Newest, err = newest(dialect); err != nil {
		return s, err
	}
	var tables int
	if err = db.QueryRowContext(ctx, has[dialect]).Scan(&tables); err == nil && tables > 0 {
		s.Have, err = taken(ctx, db)
	}
	if err != nil {
		return s, fmt.Errorf("read the version of the schema: %w", err)
	}
	return s, nil
}

// newest is the last step that this program knows.
func newest(dialect goose.Dialect) (int64, error) {
	steps, err := fs.Glob(files, folders[dialect]+"/*.sql")
	if err != nil || len(steps) == 0 {
		return 0, errors.Join(errors.New("find the schema's steps"), err)
	}
	return goose.NumericComponent(slices.Max(steps))
}

// taken is the last step that was taken, 0 where none was.
func taken(ctx context.Context, db *sql.DB) (int64, error) {
	var have sql.NullInt64
	err := db.QueryRowContext(ctx, `SELECT max(version_id) FROM `+goose.DefaultTablename).Scan(&have)
	return have.Int64, err
}

func up(ctx context.Context, db *sql.DB, dialect goose.Dialect) error {
	if atNewest(ctx, db, dialect) {
		return nil
	}
	p, err := provider(db, dialect)
	if err != nil {
		return err
	}
	have, newest, err := p.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read the version of the schema: %w", err)
	case have > newest:
		return fmt.Errorf("%w: schema %d, known up to %d", ErrNewer, have, newest)
	case have == newest:
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	return nil
}

// atNewest asks for the last step in one statement, which is all that nearly every start needs. Where it is not the
// newest, or cannot be told, goose looks.
func atNewest(ctx context.Context, db *sql.DB, dialect goose.Dialect) bool {
	last, err := newest(dialect)
	if err != nil {
		return false
	}
	have, err := taken(ctx, db)
	return err == nil && have == last
}

var folders = map[goose.Dialect]string{goose.DialectSQLite3: "sqlite", goose.DialectPostgres: "postgres"}

func provider(db *sql.DB, dialect goose.Dialect) (*goose.Provider, error) {
	steps, err := fs.Sub(files, folders[dialect])
	if err != nil {
		return nil, fmt.Errorf("find the schema's steps: %w", err)
	}
	p, err := goose.NewProvider(dialect, db, steps)
	if err != nil {
		return nil, fmt.Errorf("read the schema's steps: %w", err)
	}
	return p, nil
}
