package store_test

import (
	"database/sql"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

// Whatever locale a database was made with, text is compared and sorted by its bytes: every column that has a collation
// at all has C. One that lacks it would sort pages, and refuse look-alikes, in another way than SQLite does.
func TestEveryTextIsComparedByItsBytes(t *testing.T) {
	db := raw(t, postgres.Database(t))
	wrong := `SELECT c.relname || '.' || a.attname || ' ' || k.collname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		JOIN pg_collation k ON k.oid = a.attcollation
		WHERE c.relnamespace = current_schema()::regnamespace AND a.attnum > 0 AND NOT a.attisdropped AND k.collname `
	if bad := texts(t, db, wrong+`<> 'C' ORDER BY 1`); len(bad) != 0 {
		t.Errorf("not compared by their bytes: %s", strings.Join(bad, ", "))
	}
	if good := texts(t, db, wrong+`= 'C'`); len(good) < 100 {
		t.Errorf("only %d columns were looked at", len(good))
	}
}

// Both engines have the same tables with the same columns: what one statement writes on one, it writes on the other, and a
// copy leaves nothing behind.
func TestBothEnginesHaveTheSameColumns(t *testing.T) {
	folder := t.TempDir()
	db, err := store.Open(t.Context(), store.Options{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	lite, err := sql.Open("sqlite", filepath.Join(folder, "sallyport.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer lite.Close()
	one := columns(t, lite, `SELECT m.name || '.' || c.name, c.type, c."notnull" = 1 OR c.pk > 0 FROM sqlite_schema m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'goose_db_version'`)
	two := columns(t, raw(t, postgres.Database(t)), `SELECT table_name || '.' || column_name,
		CASE data_type WHEN 'text' THEN 'TEXT' WHEN 'bytea' THEN 'BLOB' WHEN 'bigint' THEN 'INTEGER' WHEN 'boolean' THEN 'INTEGER' ELSE data_type END,
		is_nullable = 'NO' FROM information_schema.columns WHERE table_schema = current_schema() AND table_name <> 'goose_db_version'`)
	for _, name := range slices.Sorted(maps.Keys(one)) {
		if one[name] != two[name] {
			t.Errorf("%s is %+v on SQLite and %+v on PostgreSQL", name, one[name], two[name])
		}
		delete(two, name)
	}
	if len(two) != 0 || len(one) < 150 {
		t.Errorf("on PostgreSQL alone: %v; %d columns on SQLite", two, len(one))
	}
}

// shape is what must be alike of a column.
type shape struct {
	kind string
	must bool // hold a value
}

func columns(t *testing.T, db *sql.DB, query string) map[string]shape {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]shape{}
	for rows.Next() {
		var name string
		var s shape
		if err := rows.Scan(&name, &s.kind, &s.must); err != nil {
			t.Fatal(err)
		}
		all[name] = s
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func texts(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
