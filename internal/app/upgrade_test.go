package app_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sallyport/internal/app"
	"sallyport/internal/control"
	"sallyport/internal/ledger"
	"sallyport/internal/testkit/totp"
)

// What a program of the first step of the schema has left in testdata/step-1 when it stopped, and who knows what.
const (
	oldPassword = "correct horse battery staple 9" // then the first name
	oldSession  = "0FkufBOk3vORHNL_dmZ-UXT3n_1SyNVaaSenjgmPSGA"
	oldSecret   = "TL7YNDMFE673YKPP4OQF443LDMNTYD6K" // of omar's app
	oldEvents   = 29
)

// oldTime is a minute after the program stopped.
func oldTime() time.Time { return time.Date(2026, 11, 28, 4, 8, 21, 0, time.UTC) }

// oldFolder is the data folder as that program has left it.
func oldFolder(t *testing.T, folder string) {
	t.Helper()
	dump, err := os.ReadFile("testdata/step-1/dump.sql")
	key, keyErr := os.ReadFile("testdata/step-1/key")
	if err = errors.Join(err, keyErr, os.MkdirAll(folder, 0o700), os.WriteFile(filepath.Join(folder, "key"), key, 0o600)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "sallyport.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err == nil {
		_, err = db.Exec(string(dump))
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A folder of the first step of the schema is taken over as it is: who was signed in stays so, passwords and apps work, the
// audit log of before is placed, and every secret opens.
func TestOldFolderIsTakenOver(t *testing.T) {
	cfg := configure(t, nil)
	oldFolder(t, cfg.Data)
	if s, err := app.SchemaOf(t.Context(), cfg); err != nil || s.Have != 1 || s.Newest == 1 {
		t.Fatalf("before: %+v, %v", s, err)
	}
	o := quiet()
	o.Now = oldTime
	a, _ := running(t, cfg, o)
	door := doorOf(t, a)
	mara := door.Client()
	mara.HoldSession(oldSession)
	if live, err := mara.Live(t.Context()); err != nil || !live {
		t.Errorf("the session of before is live: %v, %v", live, err)
	}
	if _, err := door.Client().SignIn(t.Context(), "omar@example.com", oldPassword+"omar", totp.Digits(t, oldSecret, oldTime())); err != nil {
		t.Errorf("with password and app: %v", err)
	}
	if got, err := door.Client().Password(t.Context(), "emil@example.com", oldPassword+"emil"); err != nil || got.Location != "/sign-in/code" {
		t.Errorf("with a password, before the code: %+v, %v", got, err)
	}
	until(t, "the events of before are in the tree, and it is whole", func() bool {
		var r ledger.Report
		command(t, cfg, "audit/verify", control.KeptLog{}, &r)
		if r.First != nil {
			t.Fatalf("%+v", r)
		}
		return r.Events > oldEvents
	})
	var moved control.Rotated
	command(t, cfg, "key/rotate", control.None{}, &moved)
	if moved.Stuck != 0 || moved.Values < 7 {
		t.Errorf("secrets that open: %+v", moved)
	}
}
