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
