package main

import (
	"log/slog"

	"sallyport/internal/app"
	"sallyport/internal/config"
	"sallyport/internal/demo"
)

type demoCommand struct {
	Listen    string `help:"Loopback address and port of the demo." placeholder:"ADDRESS"`
	Workbench string `help:"Loopback address and port of the workbench." placeholder:"ADDRESS"`
	Verbose   bool   `short:"v" help:"Show the server's log."`
}

// Run shows Sallyport with a team of its own. --data keeps it; without it the folder goes with the demo.
func (c *demoCommand) Run(s *session) error {
	log := slog.New(slog.DiscardHandler)
	if c.Verbose {
		log = app.NewLog(config.Config{LogLevel: "debug", LogFormat: "text"})
	}
	return demo.Run(s.ctx, demo.Options{Folder: s.cmd.Data, Listen: c.Listen, Workbench: c.Workbench, Out: s.out, Log: log, HashCommand: hashes()})
}
