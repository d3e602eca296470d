package session_test

import (
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/testkit/database"
)

// A sign-in with the app is a round trip to PostgreSQL for each statement: it asks for nothing twice (docs/adr/0024).
func TestSignInAsksLittle(t *testing.T) {
	database.OnlySQLite(t, "there the rehearsals count too")
	w := newWorld(t)
	w.technician("mira", sallyport.MethodApp)
	key, _ := w.enrolled("mira")
	w.clock.Advance(time.Minute)
	before := w.db.Stats()
	out := w.mustAnswer(w.begin("mira").SignIn, session.AnswerCode, w.digits(key, 0))
	after := w.db.Stats()
	if !out.Finished {
		t.Fatalf("%+v", out)
	}
	statements, writes := after.Statements-before.Statements, after.Writes-before.Writes
	if statements > 42 || writes > 4 {
		t.Errorf("%d statements in %d transactions", statements, writes)
	}
}
