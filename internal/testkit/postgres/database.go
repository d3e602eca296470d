package postgres

import (
	"database/sql"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/testkit/clock"
)

var made atomic.Int64

// Database makes a database for this test alone, with the newest schema and nothing in it, and returns its address.
func Database(t testing.TB) string {
	t.Helper()
	s := Shared(t)
	return s.URL(s.make(t, template))
}

// Empty is a database of this test alone without any schema.
func Empty(t testing.TB) string {
	t.Helper()
	s := Shared(t)
	return s.URL(s.make(t, "template0"))
}

// Name makes a database for this test alone, as Database does, and returns its name.
func (s *Server) Name(t testing.TB) string {
	t.Helper()
	return s.make(t, template)
}

func (s *Server) make(t testing.TB, from string) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", made.Add(1))
	// By files: through the log, as is usual, one takes twice the processor time.
	if err := s.administer(`CREATE DATABASE ` + name + ` TEMPLATE ` + from + ` STRATEGY file_copy`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.administer(`DROP DATABASE ` + name + ` WITH (FORCE)`); err != nil {
			t.Error(err)
		}
	})
	return name
}

// administer runs a statement in the database "postgres": on a connection that is kept, where there is one, because a new one
// takes the server about as long as half a database does.
func (s *Server) administer(statement string) error {
	if s.kept == nil {
		return s.Exec("postgres", statement)
	}
	if _, err := s.kept.Exec(statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// Follow lets the clock of the database at address show what c shows, from now on, also in the middle of a transaction:
// its now_us() reads a sequence, which no transaction holds still.
func Follow(t testing.TB, address string, c *clock.Clock) {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for _, statement := range []string{`CREATE SEQUENCE test_clock MINVALUE -9000000000000000000`,
		`CREATE OR REPLACE FUNCTION now_us() RETURNS BIGINT LANGUAGE sql VOLATILE PARALLEL SAFE AS
			$$ SELECT pg_sequence_last_value('test_clock'::regclass) $$`} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	c.Follow(func(now time.Time) {
		if _, err := db.Exec(`SELECT setval('test_clock', $1)`, now.UnixMicro()); err != nil {
			t.Error(err)
		}
	})
}

// Ahead lets the clock of the database at address run ahead of the machine's, by as much as the function that it returns
// was told last.
func Ahead(t testing.TB, address string) (set func(time.Duration)) {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	set = func(by time.Duration) {
		if _, err := db.Exec(`SELECT setval('test_ahead', $1)`, by.Microseconds()); err != nil {
			t.Error(err)
		}
	}
	if _, err := db.Exec(`CREATE SEQUENCE test_ahead MINVALUE -9000000000000000000`); err != nil {
		t.Fatal(err)
	}
	set(0)
	_, err = db.Exec(`CREATE OR REPLACE FUNCTION now_us() RETURNS BIGINT LANGUAGE sql VOLATILE PARALLEL SAFE AS
		$$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT + pg_sequence_last_value('test_ahead'::regclass) $$`)
	if err != nil {
		t.Fatal(err)
	}
	return set
}
