package keyring

import (
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// A key that was added is held, whoever reads the file again at that moment, and one that was dropped is not.
func TestChangesBesideEachOther(t *testing.T) {
	for range 25 {
		path := filepath.Join(t.TempDir(), "key")
		r, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		first := r.ID()
		var readers sync.WaitGroup
		var over atomic.Bool
		for range 3 {
			readers.Go(func() {
				for !over.Load() {
					_ = r.Reload(path)
				}
			})
		}
		id, err := r.Add(path)
		if err != nil || !r.Use(r.CheckOf(id)) || r.ID() != id {
			t.Errorf("added %s: %v; %s seals", id, err, r.ID())
		} else if err := r.Drop(path, first); err != nil {
			t.Error(err)
		}
		over.Store(true)
		readers.Wait()
		if r.Holds(first) || !r.Holds(id) {
			t.Fatalf("it holds %+v", r.Keys())
		}
	}
}
