package main

import (
	"io"
	"path/filepath"

	"sallyport/internal/config"
)

type initCommand struct {
	File string `arg:"" optional:"" default:"sallyport.toml" help:"File to write; one that exists is left alone."`
}

// Run writes the file. The data folder that --data names stands in it, as a full path.
func (c *initCommand) Run(s *session) error {
	data := s.cmd.Data
	if data != "" {
		var err error
		if data, err = filepath.Abs(data); err != nil {
			return err
		}
	}
	if err := writeNew(c.File, func(w io.Writer) error { return config.Example(w, data) }); err != nil {
		return err
	}
	s.printf("Written: %s\nStart with: sallyport serve --config %s\n", c.File, c.File)
	return nil
}
