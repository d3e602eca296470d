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
func openKey(ctx context.Context, db *store.DB, f *folder, path string) (*keyring.Ring, error) {
	check, fresh, err := storedCheck(ctx, db)
	if err != nil {
		return nil, err
	}
	ring, err := loadKey(f, path)
	if sallyport.KindOf(err) == sallyport.NotFound && check == nil && fresh {
		if ring, err = keyring.Create(path); err != nil {
			return nil, uncreated(path, f.owner, err)
		}
	}
	if err != nil {
		return nil, keyError(path, err)
	}
	if check == nil && fresh {
		if check, err = storeCheck(ctx, db, ring); err != nil {
			return nil, err
		}
	}
	if !ring.Use(check) {
		return nil, foreignKey(path, ring, storedID(ctx, db))
	}
	keyring.Tidy(path)
	return ring, nil
}

// loadKey reads the key as the folder's owner, or as the root who runs a command: a key that systemd hands to the server
// may lie where root alone can read it.
func loadKey(f *folder, path string) (ring *keyring.Ring, err error) {
	if ring, err = keyring.Load(path); !errors.Is(err, fs.ErrPermission) {
		return ring, err
	}
	err = f.asCaller(func() (err error) {
		ring, err = keyring.Load(path)
		return err
	})
	return ring, err
}

// foreignKey says that the key in force is not in the file, and names both.
func foreignKey(path string, ring *keyring.Ring, want string) error {
	keys := ring.Keys()
	newest := keys[len(keys)-1].ID
	why := "is not the one that this database was made with"
	if len(keys) > 1 || ring.Holds(want) {
		why = "is not the one that is in force in this database"
	}
	return fmt.Errorf("the key in %s (%s) %s (%s): put the right key file there; after sallyport key rotate that is the one of the node that it ran on",
		path, newest, why, want)
}

// followKey makes the key that the database says is in force the one that seals here. A file that a key was added to is
// read again.
func (c *core) followKey(ctx context.Context) error {
	check, _, err := storedCheck(ctx, c.db)
	if err != nil || c.keys.Matches(check) || c.keys.Use(check) {
		return err
	}
	if err := c.keys.Reload(c.cfg.Key); err == nil && c.keys.Use(check) {
		return nil
	}
	return foreignKey(c.cfg.Key, c.keys, storedID(ctx, c.db))
}

// rereadKey takes what was added to the key file or dropped from it, when the file has changed. One that is not taken is looked at
// again and again, and spoken of once: what hinders it may be mended without a trace in its time and size, as by chmod.
func (c *core) rereadKey() {
	info, err := os.Stat(c.cfg.Key)
	if err != nil || c.keyFile != nil && os.SameFile(info, c.keyFile) && info.ModTime().Equal(c.keyFile.ModTime()) && info.Size() == c.keyFile.Size() {
		return // a file that is gone is missed at the next start; the keys are here
	}
	c.keyFile = nil
	switch err := c.keys.Reload(c.cfg.Key); {
	case err == nil:
		c.keyFile, c.keyWrong = info, ""
	case err.Error() != c.keyWrong:
		c.keyWrong = err.Error()
		c.log.Warn("the key file has changed and is not taken; the keys of before stay in use", "error", err)
	}
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
	err := db.Watch(ctx, func(tx *store.Tx) (err error) {
		id, err = tx.Meta(ctx, keyID)
		return err
	})
	if err != nil || len(id) == 0 {
		return "its name was not stored"
	}
	return string(id)
}

func storedCheck(ctx context.Context, db *store.DB) (check []byte, fresh bool, err error) {
	err = db.Watch(ctx, func(tx *store.Tx) (err error) {
		if check, err = tx.Meta(ctx, checkKey); err != nil {
			return err
		}
		fresh, err = tx.IsEmpty(ctx)
		return err
	})
	return check, fresh, err
}

// uncreated says that a new database gets no key where the configuration wants it.
func uncreated(path string, owner int, err error) error {
	if cause := errors.Unwrap(err); cause != nil {
		err = cause
	}
	return fmt.Errorf("the key for this new database cannot be made: %w. Make the folder of %s, and let uid %d write to it for this first start; "+
		"or leave key out of the configuration, so that it lies in the data folder", err, path, owner)
}

func keyError(path string, err error) error {
	if _, stat := os.Lstat(path); errors.Is(stat, fs.ErrNotExist) {
		return fmt.Errorf("there is no key at %s, and the database was made with one: put the key file back, or restore both from a backup. "+
			"A further node needs a copy of the file of one that runs. A command does not see the credential that systemd hands to the server: SALLYPORT_KEY tells it where the file is", path)
	}
	return fmt.Errorf("key: %w", err)
}
