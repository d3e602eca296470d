package store_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

// hooks counts what the hooks of a database were told.
type hooks struct{ told, forgot int }

func listen(db *store.DB) *hooks {
	h := &hooks{}
	db.OnCommit(func(sallyport.Change) { h.told++ }, func() { h.forgot++ })
	return h
}

// note writes an event, which nobody waits for, so that all of the transaction may share one round trip.
func note(t *testing.T, db *store.DB) error {
	return db.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertEvent(t.Context(), sallyport.Event{Type: "x.y"}) })
}

// A COMMIT goes together with the beginning only where the connection answered a moment ago: then its loss is one of unknown
// outcome like any other. One that was kept for long and is lost is noticed before anything is committed, and nobody is told.
func TestCommitOnALostConnection(t *testing.T) {
	t.Parallel()
	address := postgres.Database(t)
	db, other := openPostgres(t, address), raw(t, address)
	h := listen(db)
	lose := func(used time.Time) {
		t.Helper()
		if err := note(t, db); err != nil {
			t.Fatal(err)
		}
		if _, err := other.Exec(`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'sallyport'`); err != nil {
			t.Fatal(err)
		}
		db.Used(used)
	}
	lose(time.Now().Add(-time.Hour))
	before := db.Stats().Trips
	if err := note(t, db); err != nil || h.forgot != 0 {
		t.Errorf("kept for an hour: %v, forgot %d", err, h.forgot)
	}
	if trips := db.Stats().Trips - before; trips < 3 { // in vain, anew, and COMMIT by itself
		t.Errorf("%d round trips", trips)
	}
	lose(time.Now().Add(time.Hour))
	if err := note(t, db); sallyport.KindOf(err) != sallyport.Unavailable || h.forgot != 1 {
		t.Errorf("used a moment ago: %v, forgot %d", err, h.forgot)
	}
	if err := note(t, db); err != nil || h.forgot != 1 {
		t.Errorf("the next: %v, forgot %d", err, h.forgot)
	}
}

// Where a row that had to change did not, and COMMIT was sent along, the outcome is known all the same: nothing happened.
func TestRefusedByTheServer(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, postgres.Database(t))
	h := listen(db)
	if err := note(t, db); err != nil {
		t.Fatal(err)
	}
	gone := sallyport.E(sallyport.Gone, "gone", "gone")
	for _, used := range []time.Time{time.Now().Add(time.Hour), time.Now().Add(-time.Hour)} {
		db.Used(used)
		before := db.Stats()
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.InsertEvent(t.Context(), sallyport.Event{Type: "x.z"}); err != nil {
				return err
			}
			return tx.EndSignIn(t.Context(), sallyport.Hash{1}, gone)
		})
		if after := db.Stats(); !errors.Is(err, gone) || h.forgot != 0 || after.Again != before.Again {
			t.Errorf("%v, forgot %d, ran %d times again", err, h.forgot, after.Again-before.Again)
		}
	}
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		events, err := tx.Events(t.Context(), sallyport.EventFilter{})
		if len(events) != 1 {
			t.Errorf("%d events, want the first alone", len(events))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if err := note(t, db); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// A function that goes on after a statement for which there is no connection any more has the same answer from the next, and
// the transaction is undone.
func TestNoOtherConnectionIsToBeHad(t *testing.T) {
	t.Parallel()
	address := postgres.Database(t)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	db, operator := openPostgres(t, address), raw(t, u.String())
	if err := note(t, db); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{`ALTER DATABASE ` + name + ` ALLOW_CONNECTIONS false`,
		`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '` + name + `'`} {
		if _, err := operator.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	db.Used(time.Now().Add(-time.Hour))
	err = db.Write(t.Context(), func(tx *store.Tx) error {
		_, first := tx.Meta(t.Context(), "a")
		err := tx.InsertEvent(t.Context(), sallyport.Event{Type: "x.y"}) // nobody waits for it
		second := tx.PutMeta(t.Context(), "a", []byte("x"))
		if err != nil || sallyport.KindOf(first) != sallyport.Unavailable || sallyport.KindOf(second) != sallyport.Unavailable {
			t.Errorf("%v, then %v and %v", first, err, second)
		}
		return nil
	})
	if sallyport.KindOf(err) != sallyport.Unavailable {
		t.Error(err)
	}
}
