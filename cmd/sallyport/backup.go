package main

import (
	"io"

	"sallyport/internal/control"
)

type backupCommand struct {
	Path string `arg:"" help:"File to write; one that exists is left alone."`
}

// Run writes a copy of the database, also while the server runs. The key is not in it.
func (c *backupCommand) Run(s *session) error {
	err := writeNew(c.Path, func(w io.Writer) error {
		return s.with(func(client *control.Client) error { return client.Backup(s.ctx, w) })
	})
	if err != nil {
		return err
	}
	s.printf("Written: %s\nThe key is not in it. Keep a copy of the key in another place; the two together open every secret.\n", c.Path)
	return nil
}
