package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/store/migrations"
	"sallyport/internal/store/storetest"
	"sallyport/internal/testkit/clock"
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
	storetest.Run(t, func(t *testing.T, c *clock.Clock) *store.DB { return open(t, t.TempDir(), c.Now) })
}

// Every statement must at least be a statement: run each method once on an empty database.
func TestEveryMethodRuns(t *testing.T) {
	storetest.Everything(t, open(t, t.TempDir(), time.Now))
}

// Each database has its own clock, though both live in one process.
func TestClocksApart(t *testing.T) {
	one, two := storetest.NewClock(), storetest.NewClock()
	a, b := open(t, t.TempDir(), one.Now), open(t, t.TempDir(), two.Now)
	two.Add(time.Hour)
	if d := now(t, b).Sub(now(t, a)); d != time.Hour {
		t.Fatalf("the clocks are %v apart", d)
	}
}

func now(t *testing.T, db *store.DB) (at time.Time) {
	t.Helper()
	err := db.Read(context.Background(), func(tx *store.Tx) (err error) {
		at, err = tx.Now(context.Background())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func put(t *testing.T, db *store.DB, key string) {
	t.Helper()
	err := db.Write(context.Background(), func(tx *store.Tx) error { return tx.PutMeta(context.Background(), key, []byte(key)) })
	if err != nil {
		t.Fatal(err)
	}
}

func meta(t *testing.T, db *store.DB, key string) (value []byte) {
	t.Helper()
	err := db.Read(context.Background(), func(tx *store.Tx) (err error) {
		value, err = tx.Meta(context.Background(), key)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestReopenKeepsEverything(t *testing.T) {
	folder := t.TempDir() + "/a folder? with #odd% signs"
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	db := open(t, folder, nil)
	put(t, db, "kept")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if got := meta(t, open(t, folder, nil), "kept"); string(got) != "kept" {
		t.Fatalf("%q", got)
	}
	files, err := filepath.Glob(filepath.Join(folder, "sallyport.db*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
}

func TestOpenWithoutFolder(t *testing.T) {
	_, err := store.Open(context.Background(), store.Options{Folder: filepath.Join(t.TempDir(), "missing")})
	if sallyport.KindOf(err) != sallyport.Unavailable {
		t.Fatal(err)
	}
}

// A copy taken while writers go on opens as a database of its own.
func TestBackupOpens(t *testing.T) {
	db := open(t, t.TempDir(), nil)
	put(t, db, "before")
	restored := t.TempDir()
	path := filepath.Join(restored, "sallyport.db")
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				_ = db.Write(context.Background(), func(tx *store.Tx) error { return tx.PutMeta(context.Background(), "during", []byte("x")) })
			}
		}
	}()
	err := db.Backup(context.Background(), path)
	close(stop)
	<-done
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	put(t, db, "after")
	copied := open(t, restored, nil)
	if string(meta(t, copied, "before")) != "before" || meta(t, copied, "after") != nil {
		t.Error("the copy is not of its moment")
	}
	put(t, copied, "goes on")
	if err := db.Backup(context.Background(), path); sallyport.KindOf(err) != sallyport.Invalid {
		t.Errorf("over an existing file: %v", err)
	}
	if string(meta(t, copied, "goes on")) != "goes on" {
		t.Error("the existing file was harmed")
	}
}

// A database that a newer version wrote is refused, and left as it was.
func TestNewerSchemaIsRefused(t *testing.T) {
	folder := t.TempDir()
	if err := open(t, folder, nil).Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", filepath.Join(folder, "sallyport.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`); err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(context.Background(), store.Options{Folder: folder})
	if !errors.Is(err, migrations.ErrNewer) {
		t.Fatal(err)
	}
}
