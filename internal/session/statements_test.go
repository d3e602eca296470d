package session_test

import (
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/store"
	"sallyport/internal/testkit/database"
	"sallyport/internal/testkit/postgres"
)

// asked is what one sign-in with the app asks of the database.
func asked(t *testing.T, w *world) store.Stats {
	t.Helper()
	w.technician("mira", sallyport.MethodApp)
	key, _ := w.enrolled("mira")
	w.clock.Advance(time.Minute)
	before := w.db.Stats()
	a := w.begin("mira")
	out := w.mustAnswer(a.SignIn, session.AnswerCode, w.digits(key, 0))
	after := w.db.Stats()
	if !out.Finished {
		t.Fatalf("%+v", out)
	}
	return store.Stats{Statements: after.Statements - before.Statements, Writes: after.Writes - before.Writes, Trips: after.Trips - before.Trips}
}

// A sign-in with the app asks for nothing twice (docs/adr/0024).
func TestSignInAsksLittle(t *testing.T) {
	database.OnlySQLite(t, "there the rehearsals count too")
	if s := asked(t, newWorld(t)); s.Statements > 24 || s.Writes > 4 {
		t.Errorf("%d statements in %d transactions", s.Statements, s.Writes)
	}
}

// On PostgreSQL it waits for an answer 6 times, and once more for the page between password and digits (docs/adr/0029).
func TestSignInTravelsLittle(t *testing.T) {
	if !database.OnPostgres() {
		t.Skip("on PostgreSQL alone: SQLite is within the process")
	}
	w := newWorld(t)
	address := postgres.Database(t)
	postgres.Follow(t, address, w.clock.Clock)
	db, err := store.Open(t.Context(), store.Options{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w.db, w.s = db, w.node(db)
	w.second = w.s
	if s := asked(t, w); s.Trips > 7 {
		t.Errorf("%d round trips for %d statements in %d transactions", s.Trips, s.Statements, s.Writes)
	}
}
