package main

import (
	"context"
	"log/slog"
	"os/signal"
	"syscall"

	"sallyport/internal/app"
	"sallyport/internal/config"
	"sallyport/internal/demo"
)

type demoCommand struct {
	Listen    string `help:"Loopback address and port of the demo." placeholder:"ADDRESS"`
	Workbench string `help:"Loopback address and port of the workbench." placeholder:"ADDRESS"`
	Verbose   bool   `short:"v" help:"Show the server's log."`
}

// Run shows Sallyport with a team of its own. --data keeps it; without it the folder goes with the demo. It ends with its
// terminal: a server takes the same signal for a reload, and would go on behind a window that was closed.
func (c *demoCommand) Run(s *session) error {
	log := slog.New(slog.DiscardHandler)
	if c.Verbose {
		log = app.NewLog(config.Config{LogLevel: "debug", LogFormat: "text"})
	}
	ctx := s.ctx
	if !signal.Ignored(syscall.SIGHUP) { // as it is under nohup
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGHUP)
		defer stop()
	}
	return demo.Run(ctx, demo.Options{Folder: s.cmd.Data, Listen: c.Listen, Workbench: c.Workbench, Out: s.out, Log: log, HashCommand: hashes()})
}
