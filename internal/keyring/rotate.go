package keyring

import (
	"bytes"
	"crypto/hmac"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"sallyport"
)

// Key is what may be said of one key.
type Key struct {
	ID    string
	Made  time.Time // zero: not written down
	Seals bool      // what is sealed from now on is sealed with it
}

// Keys are the keys of the ring, the oldest first.
func (r *Ring) Keys() []Key {
	h := r.held.Load()
	out := make([]Key, len(h.keys))
	for i, k := range h.keys {
		out[i] = Key{k.name(), k.made, k.id == h.sealing.id}
	}
	return out
}

// Holds reports whether a key is in the ring.
func (r *Ring) Holds(id string) bool {
	return slices.ContainsFunc(r.held.Load().keys, func(k key) bool { return k.name() == id })
}

// Head is how every value that the sealing key seals begins.
func (r *Ring) Head() []byte {
	id := r.held.Load().sealing.id
	return append([]byte{version}, id[:]...)
}

// Reseal is the content of sealed, sealed with the key that seals now.
func (r *Ring) Reseal(sealed []byte, at Place) ([]byte, error) {
	plain, err := r.Open(sealed, at)
	if err != nil {
		return nil, err
	}
	return r.Seal(plain, at), nil
}

// Use makes the key whose check value that is the one that seals. It reports false, and changes nothing, where the ring
// does not hold it.
func (r *Ring) Use(check []byte) bool {
	r.changing.Lock()
	defer r.changing.Unlock()
	h := *r.held.Load()
	for _, k := range h.keys {
		if hmac.Equal(check, k.check()) {
			h.sealing = k
			r.held.Store(&h)
			return true
		}
	}
	return false
}

// CheckOf is the check value of a key of the ring, nil for any other.
func (r *Ring) CheckOf(id string) []byte {
	for _, k := range r.held.Load().keys {
		if k.name() == id {
			return k.check()
		}
	}
	return nil
}

var errOtherFile = errors.New("the file holds the keys of another installation, or lacks the one that is in use")

// Reload takes the keys that the file holds now; the one that seals stays. Keys of another installation, and a file
// without the key that seals, change nothing and are an error.
func (r *Ring) Reload(path string) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	h, err := load(path)
	if err != nil {
		return err
	}
	old := r.held.Load()
	sealing, ok := h.find(old.sealing.id)
	if !ok || h.marks.id != old.marks.id || !hmac.Equal(h.marks.root, old.marks.root) {
		return sallyport.E(sallyport.Invalid, "key_other", "The key file "+path+" is not this installation's.").Because(errOtherFile)
	}
	h.sealing = sealing
	r.held.Store(h)
	return nil
}

// Add makes a key and writes it to the file, behind those that are there. It does not seal before Use says so.
func (r *Ring) Add(path string) (id string, err error) {
	r.changing.Lock()
	defer r.changing.Unlock()
	h := *r.held.Load()
	if len(h.keys) >= maxKeys {
		return "", sallyport.E(sallyport.Conflict, "key_many", "The key file holds as many keys as it may: drop old ones first (sallyport key drop).")
	}
	k := newKey(fresh(), time.Now().UTC().Truncate(time.Second))
	h.keys = append(slices.Clone(h.keys), k)
	if err := replace(path, h.text()); err != nil {
		return "", unwritable(path, err)
	}
	r.held.Store(&h)
	return k.name(), nil
}

// Drop takes a key out of the ring and the file. What it sealed opens nowhere any more. The one that seals is refused.
func (r *Ring) Drop(path, id string) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	h := *r.held.Load()
	if h.sealing.name() == id {
		return sallyport.E(sallyport.Conflict, "key_in_use", "The key "+id+" is in use: sallyport key rotate puts another in its place first.")
	}
	if !r.Holds(id) {
		return sallyport.E(sallyport.NotFound, "no_such_key", "The key file holds no key "+id+".")
	}
	h.keys = slices.DeleteFunc(slices.Clone(h.keys), func(k key) bool { return k.name() == id })
	if err := replace(path, h.text()); err != nil {
		return unwritable(path, err)
	}
	r.held.Store(&h)
	return nil
}

// replace puts text in the place of a file, whole or not at all, whatever moment the process is killed at.
func replace(path, text string) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, []byte(text)) {
		return nil
	}
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := write(fresh, text); err != nil {
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	return syncFolder(filepath.Dir(path))
}
