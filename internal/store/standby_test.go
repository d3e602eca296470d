package store_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

// A COMMIT whose wait for the standby somebody cancelled (an operator, or the server's own statement_timeout) stands on one
// server alone, and PostgreSQL calls it done. Nobody here is told so: its outcome is unknown, and it is not run again.
func TestCommitWithoutStandbyIsUnknown(t *testing.T) {
	t.Parallel()
	primary := postgres.Start(t)
	if err := primary.Exec("postgres", `CREATE DATABASE own`); err != nil {
		t.Fatal(err)
	}
	standby := primary.Standby(t)
	db, other := openPostgres(t, primary.URL("own")), raw(t, primary.URL("own"))
	told, forgot, runs := 0, 0, 0
	db.OnCommit(func(sallyport.Change) { told++ }, func() { forgot++ })
	write := func(name string) error {
		return db.Write(context.Background(), func(tx *store.Tx) error {
			runs++
			if err := tx.PutSettings(context.Background(), sallyport.DefaultSettings()); err != nil {
				return err
			}
			return tx.PutMeta(context.Background(), name, []byte(name))
		})
	}
	if err := write("confirmed"); err != nil || told != 1 || forgot != 0 || runs != 1 {
		t.Fatalf("with its standby: %v, told %d, forgot %d, ran %d times", err, told, forgot, runs)
	}
	standby.Down()
	answer := make(chan error, 1)
	go func() { answer <- write("alone") }()
	until(t, "the COMMIT waits for the standby, and is cancelled", func() bool {
		n := 0
		if err := other.QueryRow(`SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n > 0
	})
	err := <-answer
	if sallyport.KindOf(err) != sallyport.Unavailable || !strings.Contains(err.Error(), "standby") || told != 1 || forgot != 1 || runs != 2 {
		t.Errorf("without it: %v, told %d, forgot %d, ran %d times", err, told, forgot, runs)
	}
	if string(meta(t, db, "alone")) != "alone" {
		t.Error("PostgreSQL undid it: this tested nothing")
	}
	if err := standby.Up(); err != nil {
		t.Fatal(err)
	}
	if err := write("again"); err != nil || told != 2 || forgot != 1 {
		t.Errorf("with the standby back: %v, told %d, forgot %d", err, told, forgot)
	}
}

// A COMMIT that waits for the standby for longer than we wait is of unknown outcome too. It goes on waiting: nobody reads what
// stands on one server alone, and it takes effect when the standby is back. As long as many wait, none more is begun.
func TestCommitThatIsGivenUpWaitsOn(t *testing.T) {
	t.Parallel()
	primary := postgres.Start(t)
	if err := primary.Exec("postgres", `CREATE DATABASE own`); err != nil {
		t.Fatal(err)
	}
	standby := primary.Standby(t)
	db, other := openPostgres(t, primary.URL("own")), raw(t, primary.URL("own"))
	var forgot atomic.Int64
	db.OnCommit(nil, func() { forgot.Add(1) })
	write := func(name string) error {
		return db.Write(t.Context(), func(tx *store.Tx) error { return tx.PutMeta(t.Context(), name, []byte(name)) })
	}
	waiting := func() (n int) {
		if err := other.QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const writers = 8
	standby.Down()
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			if err := write(strconv.Itoa(i)); sallyport.KindOf(err) != sallyport.Unavailable {
				t.Errorf("without the standby: %v", err)
			}
		})
	}
	all.Wait()
	if forgot.Load() != writers {
		t.Errorf("%d of %d are unknown", forgot.Load(), writers)
	}
	if err := write("more"); sallyport.KindOf(err) != sallyport.Unavailable || !strings.Contains(err.Error(), "commits wait for the standby") {
		t.Errorf("one more: %v", err)
	}
	if n := waiting(); n != writers {
		t.Errorf("%d of %d wait", n, writers)
	}
	for i := range writers {
		if got := meta(t, db, strconv.Itoa(i)); got != nil {
			t.Errorf("%s is read, and stands on one server alone", got)
		}
	}
	if err := standby.Up(); err != nil {
		t.Fatal(err)
	}
	until(t, "what waited has taken effect, and nothing waits any more", func() bool {
		for i := range writers {
			if meta(t, db, strconv.Itoa(i)) == nil {
				return false
			}
		}
		return waiting() == 0
	})
	if err := write("again"); err != nil {
		t.Errorf("with the standby back: %v", err)
	}
}
