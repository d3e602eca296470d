package store_test

import (
	"context"
	"testing"
	"time"

	"sallyport/internal/store"
	"sallyport/internal/store/storetest"
)

func open(t testing.TB, folder string, now func() time.Time) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), store.Options{Folder: folder, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) *store.DB { return open(t, t.TempDir(), now) })
}

// Every statement must at least be a statement: run each method once on an empty database.
func TestEveryMethodRuns(t *testing.T) {
	storetest.Everything(t, open(t, t.TempDir(), time.Now))
}
