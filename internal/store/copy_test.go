package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

// What a target holds is left as it was: neither a table is made nor a step of the schema taken where a copy is refused.
func TestCopyLeavesAUsedTarget(t *testing.T) {
	folder := t.TempDir()
	if err := open(t, folder, nil).Close(); err != nil {
		t.Fatal(err)
	}
	const older = `DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`
	for _, c := range []struct{ name, address, make, words string }{
		{"a foreign table", postgres.Empty(t), `CREATE TABLE "Shop's" (x INT)`, "it has the table Shop's, which is not one of Sallyport's"},
		{"a foreign view", postgres.Empty(t), `CREATE VIEW session AS SELECT 1`, "it has the table session, which"},
		{"a foreign table beside", postgres.Database(t), `CREATE TABLE shop (x INT)`, "it has the table shop, which"},
		{"an installation of the version before", postgres.Database(t), `INSERT INTO meta (name, value) VALUES ('x', ''); ` + older, "was used: it has rows in meta"},
		{"one whose log has begun", postgres.Database(t), `INSERT INTO audit_tree VALUES (1, 0, '', 0); ` + older, "was used: it has rows in audit_tree"},
	} {
		db := raw(t, c.address)
		state := func() (tables string, step int) {
			t.Helper()
			if err := db.QueryRow(`SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace`).Scan(&tables); err != nil {
				t.Fatal(err)
			}
			_ = db.QueryRow(`SELECT max(version_id) FROM goose_db_version`).Scan(&step) // where there is one
			return tables, step
		}
		if _, err := db.Exec(c.make); err != nil {
			t.Fatal(err)
		}
		tables, step := state()
		_, err := store.Copy(t.Context(), folder, c.address, func(*store.Copying) error { return nil })
		if !errors.Is(err, store.ErrNotEmpty) || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v", c.name, err)
		}
		if now, at := state(); now != tables || at != step {
			t.Errorf("%s: step %d of\n%s\nbecame step %d of\n%s", c.name, step, tables, at, now)
		}
	}
}

// A copy carries every kind of value: empty bytes, booleans, no technician, text beyond ASCII, and generated numbers go on.
func TestCopyCarriesEveryValue(t *testing.T) {
	ctx, folder, address := context.Background(), t.TempDir(), postgres.Empty(t)
	db := open(t, folder, nil)
	err := db.Write(ctx, func(tx *store.Tx) error {
		for _, err := range []error{
			tx.InsertTechnician(ctx, sallyport.Technician{ID: "b", FirstName: "Ärna", UserNameKey: "b", Skeleton: "b", Status: sallyport.Invited, Method: sallyport.MethodOff, Generation: 1}),
			tx.InsertTechnician(ctx, sallyport.Technician{ID: "B", UserNameKey: "кот", Skeleton: "kot", Status: sallyport.Active, Method: sallyport.MethodApp, Generation: 3, FactorDisabled: true, Password: []byte{0, 255}}),
			tx.InsertLink(ctx, sallyport.Link{Hash: sallyport.Hash{1}, Kind: sallyport.LinkSetup, ExpiresAt: time.Now().Add(time.Hour)}),
			tx.InsertEvent(ctx, sallyport.Event{Type: "technician.added"}),
			tx.InsertEvent(ctx, sallyport.Event{Type: "technician.edited"}),
			tx.PutMeta(ctx, "empty", nil),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Copy(ctx, folder, address, func(*store.Copying) error { return nil }); err != nil {
		t.Fatal(err)
	}
	copied := openPostgres(t, address)
	err = copied.Write(ctx, func(tx *store.Tx) error {
		got, err := tx.Technician(ctx, "B")
		if err != nil || !got.FactorDisabled || got.Generation != 3 || string(got.Password) != "\x00\xff" {
			t.Errorf("%+v, %v", got, err)
		}
		if link, err := tx.Link(ctx, sallyport.Hash{1}); err != nil || link.Technician != "" {
			t.Errorf("%+v, %v", link, err)
		}
		if err := tx.InsertEvent(ctx, sallyport.Event{Type: "technician.edited"}); err != nil {
			return err
		}
		events, err := tx.Events(ctx, sallyport.EventFilter{})
		if len(events) != 3 || events[0].ID != 3 {
			t.Errorf("%+v", events)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What fails at the end of a copy leaves the target as empty as it was.
func TestCopyIsWholeOrNothing(t *testing.T) {
	ctx, folder, address := context.Background(), t.TempDir(), postgres.Empty(t)
	db := open(t, folder, nil)
	put(t, db, "kept")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Copy(ctx, folder, address, func(*store.Copying) error { return errUndo }); err == nil {
		t.Fatal("it went through")
	}
	if meta(t, openPostgres(t, address), "kept") != nil {
		t.Error("something was left")
	}
	if _, err := store.Copy(ctx, folder, address, func(*store.Copying) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if string(meta(t, openPostgres(t, address), "kept")) != "kept" {
		t.Error("the second copy is not whole")
	}
}
