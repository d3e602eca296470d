package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/config"
	"sallyport/internal/store"
)

// Copied is what a copy of an installation moved.
type Copied struct {
	Tables []store.CopiedTable
	Rows   int
	Still  time.Duration // how long nothing could be written at the source
}

// Copy copies the SQLite database of cfg's data folder into the empty PostgreSQL database at address. The source must not
// be served, which the folder's lock ensures until the copy is done. Nobody is signed in at the copy. The restore epoch
// rises in it, so that a node that has seen the copy does not go back to the source by mistake.
func Copy(ctx context.Context, cfg config.Config, address string) (done Copied, err error) {
	f, err := openFolder(cfg.Data, false)
	if errors.Is(err, ErrHeld) {
		return done, errors.New("the server is running: stop it first; what it wrote meanwhile would be missing in the copy")
	}
	if err != nil {
		return done, err
	}
	began := time.Now()
	defer func() { err = errors.Join(err, f.close()) }()
	done.Tables, err = store.Copy(ctx, f.path, address, func(exec func(string, ...any) error) error {
		for _, table := range []string{"session", "code", "sign_in", "kept", "node"} {
			if err := exec(`DELETE FROM ` + table); err != nil {
				return err
			}
		}
		return exec(`INSERT INTO meta (name, value) VALUES ($1, '1') ON CONFLICT (name) DO UPDATE
			SET value = convert_to((convert_from(meta.value, 'UTF8')::BIGINT + 1)::TEXT, 'UTF8')`, epochKey)
	})
	done.Still = time.Since(began)
	if err != nil {
		return done, err
	}
	sessions := 0
	for _, t := range done.Tables {
		done.Rows += t.Rows
		if t.Name == "session" {
			sessions = t.Rows
		}
	}
	return done, noteCopy(ctx, address, done.Rows, sessions)
}

func noteCopy(ctx context.Context, address string, rows, sessions int) error {
	db, err := store.Open(ctx, store.Options{Address: address})
	if err != nil {
		return fmt.Errorf("the copy is whole, but its event is not written: %w", err)
	}
	err = db.Write(ctx, func(tx *store.Tx) error {
		return tx.InsertEvent(ctx, audit.New(audit.CopyMade, sallyport.Actor{Kind: sallyport.ActorSystem, Name: "Sallyport"}).
			Changed(nil, map[string]string{"rows": strconv.Itoa(rows), "sessions": strconv.Itoa(sessions)}).Event())
	})
	return errors.Join(err, db.Close())
}
