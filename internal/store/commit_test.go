package store

import (
	"context"
	"testing"

	"sallyport"
)

// A COMMIT that fails leaves its outcome unknown: memory must be emptied before Write returns, nothing may be told as
// done, and the next transaction must find a clean connection. A foreign key that is looked at only by COMMIT makes a
// real one fail.
func TestUnknownCommitForgets(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, Options{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	told, forgot := 0, 0
	db.OnCommit(func(sallyport.Change) { told++ }, func() { forgot++ })
	err = db.Write(ctx, func(tx *Tx) error {
		if _, err := tx.exec(ctx, `PRAGMA defer_foreign_keys = 1`, nil); err != nil {
			return err
		}
		if err := tx.PutSettings(ctx, sallyport.DefaultSettings()); err != nil {
			return err
		}
		return tx.PutFactor(ctx, sallyport.Factor{Technician: "nobody", Kind: sallyport.MethodApp})
	})
	if err == nil || told != 0 || forgot != 1 {
		t.Fatalf("err %v, told %d, forgot %d", err, told, forgot)
	}
	err = db.Write(ctx, func(tx *Tx) error {
		if f, err := tx.Factor(ctx, "nobody"); f != nil || err != nil {
			t.Errorf("left behind: %+v, %v", f, err)
		}
		return tx.PutSettings(ctx, sallyport.DefaultSettings())
	})
	if err != nil || told != 1 || forgot != 1 {
		t.Fatalf("err %v, told %d, forgot %d", err, told, forgot)
	}
}

// A disk that is full is Unavailable, undoes the transaction, and passes.
func TestFullDisk(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, Options{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	limit := func(pages string) {
		err := db.Write(ctx, func(tx *Tx) error {
			return tx.each(ctx, `PRAGMA max_page_count = `+pages, nil, func(row) error { return nil })
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	write := func() error {
		return db.Write(ctx, func(tx *Tx) error {
			if err := tx.PutMeta(ctx, "small", []byte("x")); err != nil {
				return err
			}
			return tx.PutMeta(ctx, "large", make([]byte, 1<<20))
		})
	}
	limit("1") // as large as it is now
	if err := write(); sallyport.KindOf(err) != sallyport.Unavailable {
		t.Fatal(err)
	}
	if err := db.Read(ctx, func(tx *Tx) error {
		if v, err := tx.Meta(ctx, "small"); v != nil || err != nil {
			t.Errorf("left behind: %q, %v", v, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	limit("1000000")
	if err := write(); err != nil {
		t.Fatal(err)
	}
}
