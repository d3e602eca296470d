package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed sqlite/*.sql
var files embed.FS

// ErrNewer says that the database was written by a newer version, which this one must not touch.
var ErrNewer = errors.New("the database was written by a newer version of Sallyport")

// SQLite brings the schema of db to the newest step. Each step is one transaction, so one that was killed half way
// begins again at the next start. A database with steps that this program does not know gives ErrNewer.
func SQLite(ctx context.Context, db *sql.DB) error {
	p, err := sqliteProvider(db)
	if err != nil {
		return err
	}
	have, newest, err := p.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read the version of the schema: %w", err)
	case have > newest:
		return fmt.Errorf("%w: schema %d, known up to %d", ErrNewer, have, newest)
	case have == newest:
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	return nil
}

func sqliteProvider(db *sql.DB) (*goose.Provider, error) {
	steps, err := fs.Sub(files, "sqlite")
	if err != nil {
		return nil, fmt.Errorf("find the schema's steps: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, steps)
	if err != nil {
		return nil, fmt.Errorf("read the schema's steps: %w", err)
	}
	return p, nil
}
