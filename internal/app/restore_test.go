package app_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/internal/app"
	"sallyport/internal/control"
	"sallyport/internal/testkit/postgres"
)

// D11.8: a backup that was put back is noticed, is served only when an operator says so, and revives nothing.
func TestD11_8(t *testing.T) {
	cfg := configure(t, nil)
	cfg.PublicURL = public
	cfg.TrustedProxies = []string{"127.0.0.1"}
	super, read := staff(t, cfg.Data)
	server, stop := running(t, cfg, quiet())
	if checkAt(server, super) != 204 || checkAt(server, read) != 204 {
		t.Fatal("nobody is signed in")
	}
	var copied bytes.Buffer
	client, done, err := app.Command(t.Context(), cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Backup(t.Context(), &copied); err != nil {
		t.Fatal(err)
	}
	if err := done(); err != nil {
		t.Fatal(err)
	}
	if _, err := app.AcceptRestore(t.Context(), cfg, quiet()); err == nil || !strings.Contains(err.Error(), "running") {
		t.Errorf("beside the running server: %v", err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if got := written(t, cfg, "backup.made"); len(got) != 1 {
		t.Errorf("events of the backup: %+v", got)
	}
	putBack := func() {
		for _, name := range []string{"sallyport.db-wal", "sallyport.db-shm"} {
			_ = os.Remove(filepath.Join(cfg.Data, name))
		}
		if err := os.WriteFile(filepath.Join(cfg.Data, "sallyport.db"), copied.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	putBack()
	if a, err := app.New(t.Context(), cfg, quiet()); err == nil || !strings.Contains(err.Error(), "restore --accept") {
		if err == nil {
			_ = a.Close()
		}
		t.Fatalf("a database of before was served: %v", err)
	}
	accepted, err := app.AcceptRestore(t.Context(), cfg, quiet())
	if err != nil || accepted.Sessions != 2 || accepted.Technicians != 2 || accepted.Epoch != 1 {
		t.Fatalf("%+v, %v", accepted, err)
	}
	if got := written(t, cfg, "restore.accepted"); len(got) != 1 || got[0].After["restore_epoch"] != "1" || got[0].ActorName != (control.Peer{UID: os.Getuid()}).Name() {
		t.Errorf("events of the restore: %+v", got)
	}
	again, stop := running(t, cfg, quiet())
	if checkAt(again, super) != 401 || checkAt(again, read) != 401 {
		t.Error("a cookie of before works")
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	putBack() // a node that has seen it accepted the first time must notice the second
	if accepted, err := app.AcceptRestore(t.Context(), cfg, quiet()); err != nil || accepted.Epoch != 2 {
		t.Errorf("put back once more: %+v, %v", accepted, err)
	}
}

// A copy that was damaged on its way is not accepted, wherever the damage is.
func TestDamagedCopyIsNotAccepted(t *testing.T) {
	cfg := configure(t, nil)
	staff(t, cfg.Data)
	path := filepath.Join(cfg.Data, "sallyport.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	var page, size int64
	err = db.QueryRow(`SELECT rootpage FROM sqlite_master WHERE name = 'device'`).Scan(&page)
	if err = errors.Join(err, db.QueryRow(`PRAGMA page_size`).Scan(&size), db.Close()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	spoilt := bytes.Clone(whole)
	copy(spoilt[(page-1)*size:page*size], bytes.Repeat([]byte{0x5a}, int(size)))
	if err := os.WriteFile(path, spoilt, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := app.AcceptRestore(t.Context(), cfg, quiet()); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged database: %v", err)
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := app.AcceptRestore(t.Context(), cfg, quiet()); err != nil {
		t.Errorf("the whole one: %v", err)
	}
}

// D11.8: who puts the whole data folder back, as it was, puts back with it how far the database had come: nothing on this
// machine tells it from the newest, and the cookies of then work. An operator who accepts it ends all that was alive.
func TestWholeFolderPutBackIsAccepted(t *testing.T) {
	cfg := configure(t, nil)
	cfg.PublicURL = public
	cfg.TrustedProxies = []string{"127.0.0.1"}
	super, read := staff(t, cfg.Data)
	_, stop := running(t, cfg, quiet())
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	picture := cfg.Data + ".before"
	err := errors.Join(os.Rename(cfg.Data, picture), os.CopyFS(cfg.Data, os.DirFS(picture)), os.Chmod(cfg.Data, 0o700), os.Chmod(cfg.Key, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	_, stop = running(t, cfg, quiet()) // it goes on, and has seen more
	if err := errors.Join(stop(), os.RemoveAll(cfg.Data), os.Rename(picture, cfg.Data)); err != nil {
		t.Fatal(err)
	}
	accepted, err := app.AcceptRestore(t.Context(), cfg, quiet())
	if err != nil || accepted.Sessions != 2 || accepted.Technicians != 2 || accepted.Epoch != 1 {
		t.Fatalf("%+v, %v", accepted, err)
	}
	again, _ := running(t, cfg, quiet())
	if checkAt(again, super) != 401 || checkAt(again, read) != 401 {
		t.Error("a cookie of before works")
	}
}

// However large the team is, its sessions and codes are ended by statements that take as long as they take: the bound that
// holds for those of a server would refuse the same restore again and again.
func TestRestoreOfALargeTeam(t *testing.T) {
	cfg := nodeConfig(t, postgres.Database(t), nil)
	staffOn(t, cfg.Data, cfg.Database)
	_, stop := running(t, cfg, quiet())
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	operator, err := sql.Open("pgx", cfg.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer operator.Close()
	_, err = operator.Exec(`CREATE FUNCTION large() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF current_setting('statement_timeout') <> '0' THEN RAISE EXCEPTION 'too many rows for %', current_setting('statement_timeout'); END IF;
			RETURN NULL; END $$;
		CREATE TRIGGER large BEFORE DELETE ON session FOR EACH STATEMENT EXECUTE FUNCTION large();
		CREATE TRIGGER large BEFORE UPDATE ON recovery_code FOR EACH STATEMENT EXECUTE FUNCTION large()`)
	if err != nil {
		t.Fatal(err)
	}
	if done, err := app.AcceptRestore(t.Context(), cfg, quiet()); err != nil || done.Sessions != 2 {
		t.Errorf("%+v, %v", done, err)
	}
}

// A new PostgreSQL database in the place of the one that was to be put back is not accepted: set-up would be open again.
func TestRestoreOfNothing(t *testing.T) {
	cfg := nodeConfig(t, postgres.Database(t), nil)
	staffOn(t, cfg.Data, cfg.Database)
	_, stop := running(t, cfg, quiet())
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	cfg.Database = postgres.Database(t)
	if done, err := app.AcceptRestore(t.Context(), cfg, quiet()); err == nil || !strings.Contains(err.Error(), "this database is new") {
		t.Errorf("%+v, %v", done, err)
	}
}

// A damaged note of what was seen lets no database be served or accepted, and says how an operator goes on who knows better.
func TestRestoreAfterTheNoteWasDamaged(t *testing.T) {
	cfg := configure(t, nil)
	staff(t, cfg.Data)
	note := filepath.Join(cfg.Data, "seen")
	if err := os.WriteFile(note, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if a, err := app.New(t.Context(), cfg, quiet()); err == nil || !strings.Contains(err.Error(), "restore --accept") {
		if err == nil {
			_ = a.Close()
		}
		t.Fatalf("served: %v", err)
	}
	if _, err := app.AcceptRestore(t.Context(), cfg, quiet()); err == nil || !strings.Contains(err.Error(), "remove that file") {
		t.Fatalf("accepted: %v", err)
	}
	if err := os.Remove(note); err != nil {
		t.Fatal(err)
	}
	if done, err := app.AcceptRestore(t.Context(), cfg, quiet()); err != nil || done.Sessions != 2 || done.Epoch != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	running(t, cfg, quiet())
}
