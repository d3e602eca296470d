package store

import (
	"context"
	"testing"

	"sallyport/internal/testkit/postgres"
)

// Writers do without scans of whole tables, and where there is no other way no statement is compiled for it.
func TestWritersPlan(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, Options{Address: postgres.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Write(ctx, func(tx *Tx) error {
		var scans, compiles string
		_, err := tx.one(ctx, `SELECT current_setting('enable_seqscan'), current_setting('jit')`, nil, &scans, &compiles)
		if scans != "off" || compiles != "off" {
			t.Errorf("enable_seqscan %s, jit %s", scans, compiles)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
