package postgres_test

import (
	"database/sql"
	"os"
	"testing"
	"time"

	"sallyport/internal/testkit/clock"
	"sallyport/internal/testkit/postgres"
)

func now(t *testing.T, q interface {
	QueryRow(query string, args ...any) *sql.Row
}) time.Time {
	t.Helper()
	var us int64
	if err := q.QueryRow(`SELECT now_us()`).Scan(&us); err != nil {
		t.Fatal(err)
	}
	return time.UnixMicro(us).UTC()
}

func open(t *testing.T, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// The clock of a test's database moves inside a transaction too, as the wall's does; the other databases keep theirs.
func TestClockIsFollowed(t *testing.T) {
	c := clock.New(time.Date(2030, 1, 2, 3, 4, 5, 6000, time.UTC))
	address := postgres.Database(t)
	postgres.Follow(t, address, c)
	tx, err := open(t, address).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if got := now(t, tx); !got.Equal(c.Now()) {
		t.Errorf("shows %v, want %v", got, c.Now())
	}
	c.Add(-48 * time.Hour)
	if got := now(t, tx); !got.Equal(c.Now()) {
		t.Errorf("in the same transaction it shows %v, want %v", got, c.Now())
	}
	if got := time.Since(now(t, open(t, postgres.Database(t)))); got.Abs() > time.Minute {
		t.Errorf("another database's clock is %v off", got)
	}
}

func TestClockRunsAhead(t *testing.T) {
	address := postgres.Database(t)
	set, db := postgres.Ahead(t, address), open(t, address)
	for _, by := range []time.Duration{0, time.Hour, -time.Hour} {
		set(by)
		if off := time.Until(now(t, db)) - by; off.Abs() > 20*time.Minute {
			t.Errorf("%v ahead, it shows %v more", by, off)
		}
	}
}

func TestServerComesAndGoes(t *testing.T) {
	s := postgres.Start(t)
	for _, rest := range []func(){s.Down, s.Crash} {
		rest()
		if err := s.Exec("postgres", `SELECT 1`); err == nil {
			t.Fatal("it still answers")
		}
		if err := s.Up(); err != nil {
			t.Fatal(err)
		}
		if err := s.Exec("postgres", `SELECT 1`); err != nil {
			t.Fatal(err)
		}
	}
	s.Stop()
	if _, err := os.Stat(s.Folder); !os.IsNotExist(err) {
		t.Errorf("its folder is left: %v", err)
	}
}
