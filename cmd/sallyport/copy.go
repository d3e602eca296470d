package main

import (
	"errors"
	"time"

	"sallyport/internal/app"
)

type copyCommand struct {
	From string `help:"Data folder with the SQLite database (default: the configuration's)." placeholder:"FOLDER"`
	To   string `required:"" help:"Address of an empty PostgreSQL database." placeholder:"postgres://…"`
}

// Run copies an installation from SQLite to PostgreSQL. The server must be stopped.
func (c *copyCommand) Run(s *session) error {
	cfg, _, err := s.quiet()
	if err != nil {
		return err
	}
	if c.From != "" {
		cfg.Data = c.From
	}
	if cfg.Data == "" {
		return errors.New("--from names no folder")
	}
	done, err := app.Copy(s.ctx, cfg, c.To)
	if err != nil {
		return err
	}
	for _, t := range done.Tables {
		s.printf("%-16s %8d rows  sha256 %x…\n", t.Name, t.Rows, t.Digest[:8])
	}
	s.printf("Copied: %d rows in %d tables, each read back and compared. The source stood still for %s.\n"+
		"Everybody signs in anew. Set database in the configuration to the new address, keep the key where it is, and start the server.\n",
		done.Rows, len(done.Tables), done.Still.Round(time.Millisecond))
	return nil
}
