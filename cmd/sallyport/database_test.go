package main

import (
	"database/sql"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"sallyport/internal/testkit/postgres"
	"sallyport/internal/testkit/wait"
)

// TestDatabaseCommands runs the commands that move and mend whole databases: migrate, copy and restore, on SQLite and on a
// real PostgreSQL.
func TestDatabaseCommands(t *testing.T) {
	s := &databases{server: postgres.Shared(t)}
	more := commandsOfScripts()
	more["pg"], more["sql"], more["hold"], more["release"] = s.make, rows, s.hold, s.release
	testscript.Run(t, testscript.Params{Dir: "testdata/database", Setup: setUpScript, Condition: condition, Cmds: more})
}

type databases struct {
	server *postgres.Server
	made   atomic.Int64
}

// make makes a database of this script alone and sets a variable to its address: pg NAME, with nothing in it, or
// pg NAME ADDRESS, a copy of that one.
func (s *databases) make(ts *testscript.TestScript, neg bool, args []string) {
	name, from := fmt.Sprintf("command_%d", s.made.Add(1)), "template0"
	if len(args) > 1 {
		from = strings.TrimPrefix(strings.SplitN(args[1], "?", 2)[0], "postgres://test@/")
	}
	ts.Check(s.server.Exec("postgres", `CREATE DATABASE `+name+` TEMPLATE `+from))
	ts.Defer(func() {
		if err := s.server.Exec("postgres", `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			ts.Logf("drop %s: %v", name, err)
		}
	})
	ts.Setenv(args[0], s.server.URL(name))
}

// rows runs a statement and, where a text is given, waits until its first column is that: sql ADDRESS STATEMENT [text].
func rows(ts *testscript.TestScript, neg bool, args []string) {
	db, err := sql.Open("pgx", args[0])
	ts.Check(err)
	defer db.Close()
	if len(args) == 2 {
		_, err := db.Exec(args[1])
		ts.Check(err)
		return
	}
	var got string
	wait.Until(ts, func() bool {
		ts.Check(db.QueryRow(args[1]).Scan(&got))
		return got == args[2]
	}, "%s: %s, want %s", args[1], wait.Late(func() string { return got }), args[2])
}

// gate makes whoever writes to the first table wait until hold lets go. It asks again and again, for a wait for a lock
// would be bounded.
const gate = `CREATE FUNCTION test_gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	WHILE NOT pg_try_advisory_xact_lock(7) LOOP PERFORM pg_sleep(0.005); END LOOP; RETURN NEW; END $$;
	CREATE TRIGGER test_gate BEFORE INSERT ON technician FOR EACH ROW EXECUTE FUNCTION test_gate()`

// hold keeps a copy into the database at an address from going on, in the midst of its first rows: hold ADDRESS, until
// release.
func (s *databases) hold(ts *testscript.TestScript, neg bool, args []string) {
	db, err := sql.Open("pgx", args[0])
	ts.Check(err)
	_, err = db.Exec(gate)
	ts.Check(err)
	db.SetMaxOpenConns(1) // the lock belongs to the one connection
	_, err = db.Exec(`SELECT pg_advisory_lock(7)`)
	ts.Check(err)
	ts.Defer(func() { _ = db.Close() })
	held.Store(args[0], db)
}

func (s *databases) release(ts *testscript.TestScript, neg bool, args []string) {
	db, ok := held.LoadAndDelete(args[0])
	if !ok {
		ts.Fatalf("%s is not held", args[0])
	}
	ts.Check(db.(*sql.DB).Close())
}
