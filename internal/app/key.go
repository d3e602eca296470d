package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"sallyport"
	"sallyport/internal/keyring"
	"sallyport/internal/store"
)

// checkKey is the meta entry that holds the key's check value.
const checkKey = "key-check"

// keyID is the meta entry that names the key, for people.
const keyID = "key-id"

// openKey reads the key and compares it with the database. A key is made only where the database was never used: a
// missing key beside a used database, or another installation's key, is the end of the start.
func openKey(ctx context.Context, db *store.DB, path string) (*keyring.Ring, error) {
	check, fresh, err := storedCheck(ctx, db)
	if err != nil {
		return nil, err
	}
	ring, err := keyring.Load(path)
	if sallyport.KindOf(err) == sallyport.NotFound && check == nil && fresh {
		ring, err = keyring.Create(path)
	}
	if err != nil {
		return nil, keyError(path, err)
	}
	if check == nil && fresh {
		if check, err = storeCheck(ctx, db, ring); err != nil {
			return nil, err
		}
	}
	if !ring.Matches(check) {
		return nil, fmt.Errorf("the key in %s (%s) is not the one that this database was made with (%s): put the right key file there",
			path, ring.ID(), storedID(ctx, db))
	}
	return ring, nil
}

// storeCheck makes ring's key the database's, unless another node's became it a moment before. It returns the one that
// stands.
func storeCheck(ctx context.Context, db *store.DB, ring *keyring.Ring) (check []byte, err error) {
	err = db.Write(ctx, func(tx *store.Tx) (err error) {
		if check, err = tx.Meta(ctx, checkKey); err != nil || check != nil {
			return err
		}
		check = ring.Check()
		if err := tx.PutMeta(ctx, checkKey, check); err != nil {
			return err
		}
		return tx.PutMeta(ctx, keyID, []byte(ring.ID()))
	})
	return check, err
}

// storedID names the database's key for people.
func storedID(ctx context.Context, db *store.DB) string {
	var id []byte
	err := db.Read(ctx, func(tx *store.Tx) (err error) {
		id, err = tx.Meta(ctx, keyID)
		return err
	})
	if err != nil || len(id) == 0 {
		return "its name was not stored"
	}
	return string(id)
}

func storedCheck(ctx context.Context, db *store.DB) (check []byte, fresh bool, err error) {
	err = db.Read(ctx, func(tx *store.Tx) (err error) {
		if check, err = tx.Meta(ctx, checkKey); err != nil {
			return err
		}
		fresh, err = tx.IsEmpty(ctx)
		return err
	})
	return check, fresh, err
}

func keyError(path string, err error) error {
	if _, stat := os.Lstat(path); errors.Is(stat, fs.ErrNotExist) {
		return fmt.Errorf("there is no key at %s, and the database was made with one: put the key file back, or restore both from a backup", path)
	}
	return fmt.Errorf("key: %w", err)
}
