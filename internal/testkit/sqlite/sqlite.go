// Package sqlite puts an empty database into the data folders of tests.
//
// It owns the file that all of them begin with: the newest schema with nothing in it, whose steps are taken once for a
// process, not once for every folder. It knows nothing of what the tables mean. Begin with Copy.
package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"sync"

	"sallyport/internal/store"
)

const fileName = "sallyport.db"

// Copy puts an empty database into folder, as store.Open would make it there.
func Copy(folder string) error {
	file, err := empty()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, fileName), file, 0o600)
}

var empty = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "sallyport-empty-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	db, err := store.Open(context.Background(), store.Options{Folder: folder})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(folder, fileName))
})
