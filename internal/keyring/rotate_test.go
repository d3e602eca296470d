package keyring

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sallyport"
)

// D11.12: of several keys one seals and all open; what does not belong to sealing stays whatever is dropped.
func TestD11_12(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	r, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	first, mark, signer, name := r.ID(), r.MAC("recovery", []byte("x")), r.SigningKey("audit head"), r.Name()
	old := r.Seal([]byte("old"), place)
	second, err := r.Add(path)
	if err != nil || r.ID() != first || !bytes.HasPrefix(old, r.Head()) {
		t.Fatalf("a key that was added seals at once: %v", err)
	}
	if r.Use(Generate().Check()) || !r.Use(r.CheckOf(second)) || r.ID() != second {
		t.Fatal("the second key does not seal")
	}
	fresh := r.Seal([]byte("new"), place)
	other, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if other.ID() != second {
		t.Errorf("of a file's keys %s seals", other.ID())
	}
	for i, k := range r.Keys() {
		if k.Seals != (k.ID == second) || k.Made.IsZero() || !k.Made.Equal(other.Keys()[i].Made) {
			t.Errorf("%+v, by the file %+v", k, other.Keys()[i])
		}
	}
	moved, err := r.Reseal(old, place)
	if plain, openErr := r.Open(moved, place); err != nil || openErr != nil || string(plain) != "old" || !bytes.HasPrefix(moved, r.Head()) {
		t.Errorf("moved to the second key: %v, %v", err, openErr)
	}
	for _, sealed := range [][]byte{old, fresh} {
		if _, err := other.Open(sealed, place); err != nil {
			t.Error(err)
		}
	}
	if err := r.Drop(path, second); sallyport.CodeOf(err) != "key_in_use" {
		t.Errorf("the key that seals was dropped: %v", err)
	}
	if err := r.Drop(path, "00000000"); sallyport.CodeOf(err) != "no_such_key" {
		t.Errorf("an unknown key was dropped: %v", err)
	}
	if err := r.Drop(path, first); err != nil {
		t.Fatal(err)
	}
	if other, err = Load(path); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Ring{r, other} {
		if _, err := r.Open(old, place); err == nil {
			t.Error("a dropped key opens")
		}
		if _, err := r.Open(fresh, place); err != nil || r.ID() != second || len(r.Keys()) != 1 {
			t.Errorf("after the drop: %v", err)
		}
		if !bytes.Equal(mark, r.MAC("recovery", []byte("x"))) || !signer.Equal(r.SigningKey("audit head")) || r.Name() != name {
			t.Error("a keyed hash or a signature changed with the key")
		}
	}
}

// A file that lacks the key in use, or is another installation's, is not taken in its place.
func TestReloadKeepsWhatIsInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	r, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	same, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	id, err := same.Add(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Reload(path); err != nil || !r.Holds(id) || r.ID() == id {
		t.Errorf("a key that was added is not seen, or seals: %v", err)
	}
	mine, another := *r.held.Load(), *newRing(newKey(fresh(), time.Time{})).held.Load()
	with := func(id [idSize]byte, root []byte) string {
		return line(marksPrefix, append(id[:], root...)) + "\n" + mine.text()
	}
	for name, text := range map[string]string{
		"another installation's file":             another.text(),
		"our keyed hashes without the key in use": (&held{keys: another.keys, marks: mine.marks}).text(),
		"our keys with other keyed hashes":        with(another.marks.id, another.marks.root),
		"our keys with others under our name":     with(mine.marks.id, another.marks.root),
		"our keys under another name":             with(another.marks.id, mine.marks.root),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := r.Reload(path); sallyport.CodeOf(err) != "key_other" || !r.Holds(id) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file holds so many keys and no more: one more would be a file that nobody can load.
func TestAFullFileTakesNoKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	r, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for range maxKeys - 1 {
		if _, err := r.Add(path); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Add(path); sallyport.CodeOf(err) != "key_many" {
		t.Errorf("one more: %v", err)
	}
	if again, err := Load(path); err != nil || len(again.Keys()) != maxKeys || len(r.Keys()) != maxKeys {
		t.Errorf("after it: %v", err)
	}
}

// A write that a kill left half done stands in nobody's way.
func TestLeftOverFileIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	r, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Add(path); err != nil {
		t.Fatal(err)
	}
	if again, err := Load(path); err != nil || len(again.Keys()) != 2 {
		t.Errorf("after it: %v", err)
	}
}

// A key file that is a link stays one, and whoever reads the file while it is replaced reads the whole of what it was.
func TestLinkedFileIsReplacedWhole(t *testing.T) {
	folder := t.TempDir()
	path, link, before := filepath.Join(folder, "key"), filepath.Join(folder, "link"), filepath.Join(folder, "before")
	if _, err := Create(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err = errors.Join(err, os.Link(path, before), os.Symlink(path, link)); err != nil {
		t.Fatal(err)
	}
	r, err := Load(link)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Add(link); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link became %v, %v", info.Mode(), err)
	}
	if again, err := Load(path); err != nil || len(again.Keys()) != 2 {
		t.Errorf("the file behind it: %v", err)
	}
	if now, err := os.ReadFile(before); err != nil || !bytes.Equal(now, text) {
		t.Errorf("the file of before changed: %v", err)
	}
}
