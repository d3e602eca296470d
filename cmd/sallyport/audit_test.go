package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"
	"sallyport/internal/testkit/wait"
)

// holds waits until a file holds all of the texts: holds FILE text…
func holds(ts *testscript.TestScript, neg bool, args []string) {
	missing, text := "", []byte(nil)
	wait.Until(ts, func() bool {
		missing = ""
		text, _ = os.ReadFile(ts.MkAbs(args[0]))
		for _, want := range args[1:] {
			if !strings.Contains(string(text), want) {
				missing = want
			}
		}
		return missing == ""
	}, "%s does not hold %s: %s", args[0], wait.Late(func() string { return missing }), wait.Late(func() string { return string(text) }))
}

// verifier sets $VERIFIER to the key in a file.
func verifier(ts *testscript.TestScript, neg bool, args []string) {
	ts.Setenv("VERIFIER", strings.TrimSpace(ts.ReadFile(args[0])))
}

// tamper changes the first event of a data folder behind everybody's back.
func tamper(ts *testscript.TestScript, neg bool, args []string) {
	db, err := sql.Open("sqlite", filepath.Join(ts.MkAbs(args[0]), "sallyport.db"))
	ts.Check(err)
	_, err = db.Exec(`UPDATE event SET reason = 'nothing happened' WHERE id = 1`)
	ts.Check(err)
	ts.Check(db.Close())
}
