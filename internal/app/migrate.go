package app

import (
	"context"
	"errors"
	"fmt"

	"sallyport/internal/config"
	"sallyport/internal/store"
)

// ErrServed says why nothing is to be looked at, or to be taken, in a folder that a server owns.
var ErrServed = errors.New("the server is running: it took every step of the schema at its start")

// SchemaOf says how far the schema of the configured database is.
func SchemaOf(ctx context.Context, cfg config.Config) (schema store.Schema, err error) {
	err = withDatabase(cfg, func(o store.Options) (err error) {
		schema, err = store.SchemaOf(ctx, o)
		return err
	})
	return schema, err
}

// MigrateUp takes the steps of the schema that are missing. Beside a running server on SQLite there are none: it has
// taken them at its start.
func MigrateUp(ctx context.Context, cfg config.Config) error {
	return withDatabase(cfg, func(o store.Options) error {
		db, err := store.Open(ctx, o)
		if err != nil {
			return fmt.Errorf("database: %w", err)
		}
		return db.Close()
	})
}

// withDatabase gives use the configured database: PostgreSQL's at once, SQLite's as the owner of its folder.
func withDatabase(cfg config.Config, use func(store.Options) error) error {
	if cfg.Database != "" {
		s, err := openState(cfg.Data)
		if err != nil {
			return err
		}
		return use(store.Options{Address: cfg.Database, Seen: s.get().Primary})
	}
	f, err := openUsed(cfg)
	if errors.Is(err, ErrHeld) {
		return ErrServed
	}
	if err != nil {
		return err
	}
	return errors.Join(use(store.Options{Folder: f.path}), f.close())
}
