package store_test

import (
	"context"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

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
	if _, err := store.Copy(ctx, folder, address, func(func(string, ...any) error) error { return nil }); err != nil {
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
	if _, err := store.Copy(ctx, folder, address, func(func(string, ...any) error) error { return errUndo }); err == nil {
		t.Fatal("it went through")
	}
	if meta(t, openPostgres(t, address), "kept") != nil {
		t.Error("something was left")
	}
	if _, err := store.Copy(ctx, folder, address, func(func(string, ...any) error) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if string(meta(t, openPostgres(t, address), "kept")) != "kept" {
		t.Error("the second copy is not whole")
	}
}
