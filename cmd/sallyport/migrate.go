package main

import (
	"errors"
	"fmt"

	"sallyport/internal/app"
)

type migrateCommand struct {
	Status migrateStatusCommand `cmd:"" help:"Show how far the schema of the database is."`
	Up     migrateUpCommand     `cmd:"" help:"Take the steps that are missing. A node does so at its start, too; nodes that start at once wait for each other."`
}

// takesAtItsStart is what to do beside a running server that may be older than this program.
const takesAtItsStart = "takes what it adds when it starts in its place"

type migrateStatusCommand struct{}

// Run says which step the database has, and which one this program knows.
func (c *migrateStatusCommand) Run(s *session) error {
	cfg, _, err := s.quiet()
	if err != nil {
		return err
	}
	schema, err := app.SchemaOf(s.ctx, cfg)
	if errors.Is(err, app.ErrServed) {
		s.printf("SQLite: %v.\nA newer version %s.\n", err, takesAtItsStart)
		return nil
	}
	if err != nil {
		return err
	}
	s.printf("%s: step %d of %d\n", schema.Engine, schema.Have, schema.Newest)
	switch {
	case schema.Have > schema.Newest:
		s.printf("A newer version of Sallyport wrote this database; this one does not serve it.\n")
	case schema.Have < schema.Newest:
		s.printf("Steps are missing: sallyport migrate up, or the next start, takes them.\n")
	default:
		s.printf("Up to date.\n")
	}
	return nil
}

type migrateUpCommand struct{}

// Run takes the missing steps.
func (c *migrateUpCommand) Run(s *session) error {
	cfg, _, err := s.quiet()
	if err != nil {
		return err
	}
	err = app.MigrateUp(s.ctx, cfg)
	if errors.Is(err, app.ErrServed) {
		return fmt.Errorf("%w; a newer version %s", err, takesAtItsStart)
	}
	if err != nil {
		return err
	}
	return (&migrateStatusCommand{}).Run(s)
}
