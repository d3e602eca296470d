package app

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/team"
)

// What a page keeps is sealed within the transaction that stores it: the key that a request found on its way there may have
// been dropped by then, for nothing was sealed with it.
func TestKeptIsSealedInItsTransaction(t *testing.T) {
	f, err := team.Make(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	mara, err := f.Add(t.Context(), team.Spec{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp})
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	keys, after, rotating := f.Keys, "", false
	before := keys.ID()
	db, err := store.Open(t.Context(), store.Options{Folder: f.Path, Before: func(statement string) {
		if !rotating || !strings.HasPrefix(statement, "SELECT") {
			return
		}
		rotating = false
		var err error
		if after, err = keys.Add(filepath.Join(f.Path, "key")); err != nil {
			t.Error(err)
		}
		keys.Use(keys.CheckOf(after))
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rotating = true // at the transaction's first question
	kept := cupboard{&core{db: db, keys: keys}}
	if err := kept.Keep(t.Context(), mara[0].ID, "roll-out", []byte("what she chose"), time.Hour); err != nil {
		t.Fatal(err)
	}
	err = db.Read(t.Context(), func(tx *store.Tx) error {
		sealed, err := tx.SealedCounts(t.Context())
		if sealed[after] != 1 {
			t.Errorf("sealed by key: %v; the one before is %s, the one since %q", sealed, before, after)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	holds := func(want string) {
		t.Helper()
		if value, found, err := kept.Kept(t.Context(), mara[0].ID, "roll-out"); string(value) != want || !found || err != nil {
			t.Errorf("%q, %v, %v, want %q", value, found, err, want)
		}
	}
	holds("what she chose")

	// Whoever claims it keeps his own there, and nobody who comes after him.
	claim := func(value string) bool {
		t.Helper()
		mine, err := kept.Claim(t.Context(), mara[0].ID, "roll-out", []byte(value), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return mine
	}
	if !claim("begun") || claim("begun twice") {
		t.Error("claimed by both, or by neither")
	}
	holds("begun")
	if err := kept.Release(t.Context(), mara[0].ID, "roll-out", []byte("given back"), time.Hour); err != nil {
		t.Fatal(err)
	}
	holds("given back")
	if !claim("begun again") {
		t.Error("what was given back cannot be claimed")
	}
}

// A node that may not answer keeps nothing, and does not say what was kept: its database may be an older one.
func TestUnfitNodeKeepsNothing(t *testing.T) {
	f, err := team.Make(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	mara, err := f.Add(t.Context(), team.Spec{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp})
	if err != nil {
		t.Fatal(err)
	}
	kept := cupboard{&core{db: f.DB, keys: f.Keys, fit: &fitness{}}}
	if err := kept.Keep(t.Context(), mara[0].ID, "roll-out", []byte("what she chose"), time.Hour); err != nil {
		t.Fatal(err)
	}
	kept.c.fit.set(errors.New("the database is older than what this node has seen"))
	_, _, read := kept.Kept(t.Context(), mara[0].ID, "roll-out")
	_, claim := kept.Claim(t.Context(), mara[0].ID, "roll-out", nil, time.Hour)
	for what, err := range map[string]error{"keep": kept.Keep(t.Context(), mara[0].ID, "another", nil, time.Hour), "read": read, "claim": claim,
		"release": kept.Release(t.Context(), mara[0].ID, "roll-out", nil, time.Hour)} {
		if sallyport.KindOf(err) != sallyport.Unavailable {
			t.Errorf("%s: %v", what, err)
		}
	}
}
