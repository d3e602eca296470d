package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"sallyport/internal/store/migrations"
)

// Schema is how far the schema of a database is.
type Schema struct {
	Engine string // for people
	Have   int64  // the last step taken
	Newest int64  // the last step that this program knows
}

// SchemaOf looks how far the schema of the database that o names is. It takes no step.
func SchemaOf(ctx context.Context, o Options) (Schema, error) {
	if o.Address != "" {
		cfg, err := postgresConfig(o.Address)
		if err != nil {
			return Schema{}, err
		}
		db := pool(cfg, nil)
		s, err := migrations.PostgresState(ctx, db)
		return Schema{"PostgreSQL", s.Have, s.Newest}, errors.Join(err, db.Close())
	}
	path, err := filepath.Abs(filepath.Join(o.Folder, fileName))
	if err != nil {
		return Schema{}, err
	}
	if _, err := os.Stat(path); err != nil {
		return Schema{}, fmt.Errorf("no database yet: %w", err)
	}
	engine, err := sqliteDriver(time.Now)
	if err != nil {
		return Schema{}, err
	}
	db := sql.OpenDB(connector{engine, sqliteAddress(path, writerQuery)})
	s, err := migrations.SQLiteState(ctx, db)
	return Schema{"SQLite", s.Have, s.Newest}, errors.Join(err, db.Close())
}
