package app_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/app"
	"sallyport/internal/config"
	"sallyport/internal/control"
	"sallyport/internal/ledger"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

// An installation on SQLite goes on on PostgreSQL: same people, same key, nobody signed in; the old database is not served
// by mistake, and a target that holds something is left alone.
func TestCopyMovesAnInstallation(t *testing.T) {
	cfg := nodeConfig(t, "", nil)
	super, read := staff(t, cfg.Data)
	server, stop := running(t, cfg, quiet())
	address := postgres.Empty(t)
	if _, err := app.Copy(t.Context(), cfg, address); err == nil || !strings.Contains(err.Error(), "running") {
		t.Fatalf("beside the running server: %v", err)
	}
	if checkAt(server, super) != 204 {
		t.Fatal("nobody is signed in at the source")
	}
	command(t, cfg, "policy/set", control.Assignment{Name: "session-limit", Value: "7"}, nil)
	var head control.Note
	command(t, cfg, "audit/head", control.None{}, &head)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	midway(t, cfg)
	done, err := app.Copy(t.Context(), cfg, address)
	if err != nil {
		t.Fatal(err)
	}
	left(t, address)
	rows := map[string]int{}
	for _, table := range done.Tables {
		rows[table.Name] = table.Rows
	}
	if rows["technician"] != 2 || rows["factor"] != 2 || rows["session"] != 2 || rows["sign_in"] != 1 || rows["kept"] != 1 || rows["event"]+rows["meta"] == 0 || done.Still <= 0 {
		t.Errorf("%+v", done)
	}
	if _, err := app.Copy(t.Context(), cfg, address); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("a second time: %v", err)
	}

	moved := cfg
	moved.Database = address
	if got := written(t, moved, "copy.made"); len(got) != 1 || got[0].ActorName != (control.Peer{UID: os.Getuid()}).Name() {
		t.Errorf("events of the copy: %+v", got)
	}
	again, stopMoved := running(t, moved, quiet())
	if checkAt(again, super) != 401 || checkAt(again, read) != 401 {
		t.Error("a session went with the copy")
	}
	var list []struct{ UserName string }
	command(t, moved, "technician/list", map[string]string{}, &list)
	if len(list) != 2 {
		t.Errorf("%d technicians", len(list))
	}
	var log ledger.Report
	command(t, moved, "audit/verify", control.KeptLog{Text: []byte(head.Text)}, &log)
	if log.First != nil || log.Kept != 1 || log.Size == 0 {
		t.Errorf("the audit log after the copy: %+v", log)
	}
	if err := stopMoved(); err != nil {
		t.Fatal(err)
	}
	if _, err := app.New(t.Context(), cfg, quiet()); err == nil || !strings.Contains(err.Error(), "older than") {
		t.Errorf("the source was served again: %v", err)
	}
	if _, err := os.Stat(cfg.Data + "/sallyport.db"); err != nil {
		t.Errorf("the source is gone: %v", err)
	}
}

// midway puts a browser's sign-in and what a page keeps into a database that nobody serves.
func midway(t *testing.T, cfg config.Config) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Folder: cfg.Data})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(t.Context(), func(tx *store.Tx) error {
		admins, err := tx.TechniciansByRole(t.Context(), sallyport.SuperAdmin)
		if err != nil {
			return err
		}
		now := time.Now()
		begun := sallyport.SignIn{Hash: sallyport.Hash{1}, Purpose: sallyport.PurposeSetup, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
		return errors.Join(tx.InsertSignIn(t.Context(), begun), tx.PutKept(t.Context(), admins[0].ID, "roll-out", []byte("x"), time.Hour))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// left looks that nothing is in a copy that a browser was in the midst of.
func left(t *testing.T, address string) {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, table := range []string{"session", "code", "sign_in", "kept", "node"} {
		var n int
		if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %d went with the copy, %v", table, n, err)
		}
	}
}

// D11.8: a backup that was put back is not copied before somebody has accepted it. The copy's restore epoch would say that he
// had, and links and recovery codes that were used since would work again.
func TestCopyOfWhatWasPutBack(t *testing.T) {
	cfg := configure(t, nil)
	staff(t, cfg.Data)
	_, stop := running(t, cfg, quiet())
	var copied bytes.Buffer
	client, done, err := app.Command(t.Context(), cfg, quiet())
	if err == nil {
		err = errors.Join(client.Backup(t.Context(), &copied), done(), stop())
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(cfg.Data, "sallyport.db"), copied.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	address := postgres.Empty(t)
	if _, err := app.Copy(t.Context(), cfg, address); err == nil || !strings.Contains(err.Error(), "restore --accept") {
		t.Fatalf("copied: %v", err)
	}
	if _, err := app.AcceptRestore(t.Context(), cfg, quiet()); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Copy(t.Context(), cfg, address); err != nil {
		t.Errorf("once it is accepted: %v", err)
	}
}
