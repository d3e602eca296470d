package store

import (
	"context"
	"database/sql"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// D11.7: each connection that writes keeps the journal and the synchronisation with which an acknowledged commit is on the
// disk. Both are asked for by name: what SQLite takes where nobody does is another version's to change.
func TestD11_7SQLite(t *testing.T) {
	db, err := Open(t.Context(), Options{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for _, which := range []string{"the first connection", "one in its place"} {
		c, err := db.writer.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
			var is string
			if err := c.raw.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&is); err != nil || is != want {
				t.Errorf("%s: %s is %s, %v, want %s", which, pragma, is, err, want)
			}
		}
		db.writer.give(c) // unfinished, so it is thrown away
	}
	for _, asked := range []string{"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"} {
		if !slices.Contains(writerQuery["_pragma"], asked) {
			t.Errorf("%s is not asked for: %q", asked, writerQuery["_pragma"])
		}
	}
}

// A file on which a commit could be lost after its answer is refused before anything is written to it.
func TestUnsafeJournalIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ vfs, journal, synchronous, keys string }{
		"safe":                                {"unix", "WAL", "FULL", "1"},
		"a file system without shared memory": {"unix-dotfile", "WAL", "FULL", "1"},
		"another journal":                     {"unix", "TRUNCATE", "FULL", "1"},
		"synchronised now and then":           {"unix", "WAL", "NORMAL", "1"},
		"never synchronised":                  {"unix", "WAL", "OFF", "1"},
		"rows that belong to nobody":          {"unix", "WAL", "FULL", "0"},
	} {
		tables, err := prepared(t, url.Values{"vfs": {c.vfs},
			"_pragma": {"journal_mode(" + c.journal + ")", "synchronous(" + c.synchronous + ")", "foreign_keys(" + c.keys + ")"}})
		if safe := name == "safe"; (err == nil) != safe || (tables > 0) != safe {
			t.Errorf("%s: %v, %d tables", name, err, tables)
		} else if !safe && !strings.Contains(err.Error(), "does not allow a safe journal") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// prepared says how the preparation of a new file ends whose connection is opened by query, and how many tables it has then.
func prepared(t *testing.T, query url.Values) (tables int, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), fileName)
	engine, err := sqliteDriver(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	file := sql.OpenDB(connector{engine, sqliteAddress(path, query)})
	defer file.Close()
	err = prepareFile(context.Background(), file)
	if look := file.QueryRow(`SELECT count(*) FROM sqlite_master`).Scan(&tables); look != nil {
		t.Fatal(look)
	}
	return tables, err
}
