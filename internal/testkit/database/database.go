// Package database opens the database that a test works with, on one engine after the other.
//
// It owns which engines a package's tests run on: every test once on SQLite, and once more on PostgreSQL with each write
// rehearsed, so that whatever would go wrong in a use case that runs again after a conflict goes wrong here. It knows
// nothing of what a test does with its database. Begin with Main, called by a TestMain, and Open.
package database

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"sallyport/internal/store"
	"sallyport/internal/testkit/clock"
	"sallyport/internal/testkit/postgres"
	"sallyport/internal/testkit/sqlite"
)

const (
	sqliteEngine   = "sqlite"
	postgresEngine = "postgres"
)

var engine = sqliteEngine

// Main runs a package's tests on each engine; SALLYPORT_TEST_DATABASE=sqlite or =postgres names one alone. Fuzzing and
// benchmarks run on SQLite.
func Main(m *testing.M) {
	flag.Parse()
	code := 0
	for _, name := range engines() {
		engine = name
		if code = m.Run(); code != 0 {
			fmt.Fprintln(os.Stderr, "failed on", name)
			break
		}
	}
	os.Exit(code)
}

func engines() []string {
	for _, name := range []string{"test.fuzz", "test.bench", "test.list"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return []string{sqliteEngine}
		}
	}
	switch only := os.Getenv("SALLYPORT_TEST_DATABASE"); only {
	case "":
		return []string{sqliteEngine, postgresEngine}
	default:
		return []string{only}
	}
}

// OnPostgres reports whether tests run on PostgreSQL now.
func OnPostgres() bool { return engine == postgresEngine }

// OnlySQLite skips a test that is about SQLite itself.
func OnlySQLite(t testing.TB, why string) {
	t.Helper()
	if OnPostgres() {
		t.Skip("on SQLite alone: " + why)
	}
}

// Open opens an empty database whose clock shows what c shows, until the test ends.
func Open(t testing.TB, c *clock.Clock) *store.DB {
	t.Helper()
	one, _ := OpenOne(t, c)
	return one
}

// OpenTwo opens an empty database as two nodes would, each for itself. On SQLite, where there is one node, both are the same.
func OpenTwo(t testing.TB, c *clock.Clock) (one, two *store.DB) {
	t.Helper()
	one, second := OpenOne(t, c)
	return one, second()
}

// OpenOne opens an empty database as the first of two nodes. The second opens it when two is called first: a test that does
// without spares the server several new connections. On SQLite, where there is one node, both are the same.
func OpenOne(t testing.TB, c *clock.Clock) (one *store.DB, two func() *store.DB) {
	t.Helper()
	if !OnPostgres() {
		one = open(t, store.Options{Folder: t.TempDir(), Now: c.Now})
		return one, func() *store.DB { return one }
	}
	address := postgres.Database(t)
	postgres.Follow(t, address, c)
	two = sync.OnceValue(func() *store.DB { return open(t, store.Options{Address: address}) })
	return open(t, store.Options{Address: address, Rehearse: true}), two
}

// OpenWith opens an empty database whose connection is lost where fault says so.
func OpenWith(t testing.TB, c *clock.Clock, fault func(store.Point) error) *store.DB {
	t.Helper()
	if !OnPostgres() {
		return open(t, store.Options{Folder: t.TempDir(), Now: c.Now, Fault: fault})
	}
	address := postgres.Database(t)
	postgres.Follow(t, address, c)
	return open(t, store.Options{Address: address, Fault: fault})
}

func open(t testing.TB, o store.Options) *store.DB {
	t.Helper()
	o.Patience = time.Hour // a loaded machine is no conflict
	if OnPostgres() {
		o.Heard = watched(t)
	} else if err := sqlite.Copy(o.Folder); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
