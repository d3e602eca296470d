package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

// A standby was promoted while its primary goes on: who reaches both goes over to the newer one, by itself, and makes no
// connection to the older one any more, not even when that is alone. An ordinary role is enough to know.
func TestTwoPrimaries(t *testing.T) {
	t.Parallel()
	older := postgres.Start(t)
	if err := older.Exec("postgres", `CREATE ROLE plain LOGIN`, `CREATE DATABASE own OWNER plain`); err != nil {
		t.Fatal(err)
	}
	newer := older.Standby(t)
	at := func(servers ...*postgres.Server) string {
		var hosts []string
		for _, s := range servers {
			hosts = append(hosts, fmt.Sprintf("127.0.0.1:%d", s.Port))
		}
		return "postgres://plain@" + strings.Join(hosts, ",") + "/own"
	}
	db := openPostgres(t, at(older, newer))
	put(t, db, "before")
	first := db.Primary()
	if first.System == "" || first.Timeline != 1 || len(db.Warnings()) != 0 {
		t.Fatalf("%+v, %q", first, db.Warnings())
	}
	db.LookAround(t.Context())
	if db.Primary() != first {
		t.Errorf("a standby was taken for a primary: %+v", db.Primary())
	}
	if err := errors.Join(older.Exec("postgres", `ALTER SYSTEM SET synchronous_standby_names = ''`, `SELECT pg_reload_conf()`),
		newer.Exec("postgres", `SELECT pg_promote()`)); err != nil {
		t.Fatal(err)
	}
	until(t, "there are two primaries", func() bool {
		db.LookAround(t.Context())
		return db.Primary() != first
	})
	if now := db.Primary(); now.System != first.System || now.Timeline != 2 || !first.Before(now) {
		t.Fatalf("%+v after %+v", now, first)
	}
	put(t, db, "after")
	for s, want := range map[*postgres.Server]string{older: "", newer: "after"} {
		if got := meta(t, openPostgres(t, at(s)), "after"); string(got) != want {
			t.Errorf("on timeline %v: %q", s == newer, got)
		}
	}
	if fresh := openPostgres(t, at(older, newer)); fresh.Primary() != db.Primary() || len(fresh.Warnings()) != 1 || !strings.Contains(fresh.Warnings()[0], "synchronous_standby_names is empty") {
		t.Errorf("one who has met neither begins at %+v, warned of %q", fresh.Primary(), fresh.Warnings())
	}
	newer.Down()
	var replaced *store.OldPrimaryError
	if err := db.Ping(t.Context()); !errors.As(err, &replaced) || replaced.Is != first || !strings.Contains(replaced.Error(), "timeline 1 after timeline 2") {
		t.Errorf("the older one alone: %v", err)
	}
	openPostgres(t, at(older)) // by somebody who has not met the newer one
	if again, err := store.Open(t.Context(), store.Options{Address: at(older), Seen: db.Primary()}); !errors.As(err, &replaced) {
		if err == nil {
			again.Close()
		}
		t.Errorf("by one who has met it before: %v", err)
	}
}

// A server that cannot say at the moment which primary it is is not taken for one that never does: it may be one that was
// replaced.
func TestPrimaryThatCannotSay(t *testing.T) {
	t.Parallel()
	address := postgres.Database(t)
	db, operator := openPostgres(t, address), raw(t, address)
	put(t, db, "before")
	for _, c := range []struct {
		state string
		want  bool // to be used all the same
	}{{"58030", false}, {"53200", false}, {"42501", true}, {"42883", true}, {"0A000", true}} {
		if _, err := operator.Exec(`CREATE OR REPLACE FUNCTION public.pg_control_system(OUT system_identifier bigint, OUT other bigint) LANGUAGE plpgsql AS $$
			BEGIN RAISE EXCEPTION 'could not read' USING ERRCODE = '` + c.state + `'; END $$;
			DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()); END $$;
			SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'sallyport'`); err != nil {
			t.Fatal(err)
		}
		db.Used(time.Now().Add(-time.Hour))
		err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.PutMeta(t.Context(), "after", []byte("x")) })
		if (err == nil) != c.want {
			t.Errorf("%s: %v", c.state, err)
		}
	}
}

// A transaction that had begun when the newer primary was met is not committed on the one that it has replaced.
func TestNoCommitOnAReplacedPrimary(t *testing.T) {
	t.Parallel()
	address := postgres.Database(t)
	db := openPostgres(t, address)
	h := listen(db)
	put(t, db, "before")
	is := db.Primary()
	newer := store.Primary{System: is.System, Timeline: is.Timeline + 1}
	runs := 0
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		runs++
		if err := tx.PutMeta(t.Context(), "after", []byte("x")); err != nil {
			return err
		}
		return db.Meet(newer)
	})
	var replaced *store.OldPrimaryError
	if !errors.As(err, &replaced) || replaced.Is != is || replaced.Seen != newer || runs != 1 || h.forgot != 0 {
		t.Errorf("%v, %d runs, forgot %d", err, runs, h.forgot)
	}
	if got := meta(t, openPostgres(t, address), "after"); got != nil {
		t.Errorf("committed: %q", got)
	}
}
