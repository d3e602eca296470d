package store_test

import (
	"fmt"
	"strconv"
	"testing"

	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

// D11.14: a standby that lags is never read, also where the address names it first; alone it is no database to start on.
func TestD11_14(t *testing.T) {
	s := postgres.Start(t)
	if err := s.Exec("postgres", `CREATE DATABASE own`); err != nil {
		t.Fatal(err)
	}
	both := func(ports ...int) string {
		return fmt.Sprintf("postgres://test@127.0.0.1:%d,127.0.0.1:%d/own", ports[0], ports[1])
	}
	first := openPostgres(t, s.TCP("own", s.Port)) // takes the schema's steps
	put(t, first, "before")
	standby, err := s.Adopt()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.Stop)
	if err := s.Run("pg_basebackup", "-D", standby.Data(), "-h", s.Folder, "-p", strconv.Itoa(s.Port), "-U", "test", "-R", "-X", "stream", "-c", "fast"); err != nil {
		t.Fatal(err)
	}
	if err := standby.Configure("port = "+strconv.Itoa(standby.Port), "unix_socket_directories = '"+standby.Folder+"'"); err != nil {
		t.Fatal(err)
	}
	if err := standby.Up(); err != nil {
		t.Fatal(err)
	}
	if err := standby.Exec("own", `SELECT pg_wal_replay_pause()`); err != nil {
		t.Fatal(err)
	}
	db := openPostgres(t, both(standby.Port, s.Port))
	for n := range 20 {
		name := fmt.Sprintf("after %d", n)
		put(t, db, name)
		if string(meta(t, db, name)) != name || string(meta(t, first, name)) != name {
			t.Fatalf("what was written is not read: %s", name)
		}
	}
	var there int
	if err := raw(t, standby.TCP("own", standby.Port)+"?sslmode=disable").QueryRow(`SELECT COUNT(*) FROM meta WHERE name LIKE 'after %'`).Scan(&there); err != nil || there != 0 {
		t.Errorf("the standby did not lag: %d, %v", there, err)
	}
	if db, err := store.Open(t.Context(), store.Options{Address: standby.TCP("own", standby.Port)}); err == nil {
		_ = db.Close()
		t.Error("a standby alone is opened")
	}
}

// D11.7: a commit that was acknowledged has been written through to the disk, one by one.
func TestD11_7(t *testing.T) {
	s := postgres.Start(t)
	if err := s.Exec("postgres", `CREATE DATABASE own`); err != nil {
		t.Fatal(err)
	}
	db := openPostgres(t, s.TCP("own", s.Port))
	operator := raw(t, s.TCP("own", s.Port)+"?sslmode=disable")
	place := func(what string) (at int64) {
		t.Helper()
		if err := operator.QueryRow(`SELECT ` + what + `() - '0/0'::pg_lsn`).Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	for n := range 20 {
		before := place("pg_current_wal_insert_lsn")
		put(t, db, fmt.Sprint(n))
		if flushed := place("pg_current_wal_flush_lsn"); flushed <= before {
			t.Fatalf("commit %d was acknowledged and is not on the disk", n)
		}
	}
}
