package app

import (
	"bytes"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/keyring"
	"sallyport/internal/testkit/team"
)

// A key file that was copied with other rights than it had is spoken of once, and taken when they are set right: that changes
// neither its time nor its size.
func TestKeyFileIsTakenWhenItsModeIsRight(t *testing.T) {
	c := testCore(t, time.Now)
	var said bytes.Buffer
	c.log = slog.New(slog.NewTextHandler(&said, nil))
	c.rereadKey()
	elsewhere, err := keyring.Load(c.cfg.Key)
	if err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir() + "/key"
	text, err := os.ReadFile(c.cfg.Key)
	if err == nil {
		err = os.WriteFile(copied, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := elsewhere.Add(copied)
	if err == nil {
		err = os.Chmod(copied, 0o644)
	}
	if err == nil {
		err = os.Rename(copied, c.cfg.Key)
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c.rereadKey()
	}
	if c.keys.Holds(fresh) || strings.Count(said.String(), "has mode 0644") != 1 {
		t.Errorf("a file that others can read: taken %v, the log says %q", c.keys.Holds(fresh), &said)
	}
	if err := os.Chmod(c.cfg.Key, 0o600); err != nil {
		t.Fatal(err)
	}
	c.rereadKey()
	if !c.keys.Holds(fresh) {
		t.Error("the file is not taken when its mode is right")
	}
	said.Reset()
	if c.rereadKey(); said.Len() != 0 {
		t.Errorf("the log says %q", &said)
	}
}

// Of two nodes that begin an installation at the same moment the first one's key is the database's, and stays so.
func TestFirstKeyStays(t *testing.T) {
	c := testCore(t, time.Now)
	check, err := storeCheck(t.Context(), c.db, keyring.Generate())
	stored, _, storedErr := storedCheck(t.Context(), c.db)
	if err != nil || storedErr != nil || !c.keys.Matches(check) || !c.keys.Matches(stored) {
		t.Errorf("another one's: %x, stored %x, %v, %v", check, stored, err, storedErr)
	}
}

// A used database that has lost what tells its key is served with none, and gets no new one.
func TestUsedDatabaseWithoutItsCheck(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	f, err := team.Make(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Add(ctx, team.Spec{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp}); err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", filepath.Join(dir, "sallyport.db"))
	if err == nil {
		_, err = raw.ExecContext(ctx, `DELETE FROM meta WHERE name = 'key-check'`)
	}
	if err = errors.Join(err, raw.Close()); err != nil {
		t.Fatal(err)
	}
	at := &folder{path: dir, owner: os.Getuid()}
	if _, err := openKey(ctx, f.DB, at, filepath.Join(dir, "key")); err == nil {
		t.Error("it is served with the key that lies there")
	}
	missing := filepath.Join(dir, "missing")
	if _, err := openKey(ctx, f.DB, at, missing); err == nil {
		t.Error("it is served without a key")
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a new key was made")
	}
}
