package store_test

import (
	"testing"

	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

// A look at the schema leaves nothing behind, whatever database it was.
func TestSchemaOfLooksOnly(t *testing.T) {
	o := store.Options{Address: postgres.Empty(t)}
	for range 2 {
		if s, err := store.SchemaOf(t.Context(), o); err != nil || s.Have != 0 || s.Newest == 0 {
			t.Errorf("empty: %+v, %v", s, err)
		}
	}
	var tables int
	if err := raw(t, o.Address).QueryRow(`SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace`).Scan(&tables); err != nil || tables != 0 {
		t.Errorf("%d tables and indexes were made, %v", tables, err)
	}
	used := t.TempDir()
	if err := open(t, used, nil).Close(); err != nil {
		t.Fatal(err)
	}
	for _, o := range []store.Options{{Folder: used}, {Address: postgres.Database(t)}} {
		if s, err := store.SchemaOf(t.Context(), o); err != nil || s.Have == 0 || s.Have != s.Newest {
			t.Errorf("used: %+v, %v", s, err)
		}
	}
}

// A step of the schema waits for whoever reads its table for long, as pg_dump does, and nobody waits behind it meanwhile: the
// node of the version before goes on.
func TestStepHoldsNobodyUp(t *testing.T) {
	ctx, address := t.Context(), postgres.Database(t)
	db := raw(t, address)
	if _, err := db.Exec(`ALTER TABLE outbox DROP COLUMN link; DELETE FROM goose_db_version WHERE version_id >= 8`); err != nil {
		t.Fatal(err)
	}
	dump, err := db.Begin()
	if err == nil {
		_, err = dump.Exec(`LOCK TABLE outbox IN ACCESS SHARE MODE`)
	}
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan error, 1)
	go func() {
		db, err := store.Open(ctx, store.Options{Address: address})
		if err == nil {
			err = db.Close()
		}
		opened <- err
	}()
	until(t, "the step waits", waiting(t, db))
	if _, err := db.Exec(`BEGIN; SET LOCAL lock_timeout = '3s'; LOCK TABLE outbox IN ROW EXCLUSIVE MODE; COMMIT`); err != nil {
		t.Errorf("who writes beside it: %v", err)
	}
	if err := dump.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Error(err)
	}
	if s, err := store.SchemaOf(ctx, store.Options{Address: address}); err != nil || s.Have != s.Newest {
		t.Errorf("%+v, %v", s, err)
	}
}
