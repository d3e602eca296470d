package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"

	"golang.org/x/term"

	"sallyport/internal/app"
	"sallyport/internal/config"
)

type serveCommand struct {
	Listen      string `help:"Address and port for people." placeholder:"ADDRESS"`
	PublicURL   string `name:"public-url" help:"The one address that browsers use." placeholder:"URL"`
	Operations  string `help:"Address and port of health and metrics, or off." placeholder:"ADDRESS"`
	AcceptClock bool   `help:"Start although the clock is behind the database's last time."`
}

// Run serves until SIGINT or SIGTERM.
func (c *serveCommand) Run(s *session) error {
	l, err := s.load(map[string]string{"listen": c.Listen, "public_url": c.PublicURL, "operations": c.Operations})
	if err != nil {
		return err
	}
	a, err := app.New(s.ctx, l.Config, app.Options{Log: app.NewLog(l.Config), AcceptClock: c.AcceptClock, HashCommand: hashes()})
	if errors.Is(err, app.ErrHeld) {
		return fmt.Errorf("a server runs on %s already", l.Data)
	}
	if err != nil {
		return err
	}
	if err := announce(s, l.Config, a); err != nil {
		return errors.Join(err, a.Close())
	}
	s.lost = nil // a server goes on where nobody takes what it says, and does not fail for it when it is stopped
	return a.Run(s.impatient())
}

// impatient ends with the session. A stop waits for what is under way; a second Ctrl-C then does not.
func (s *session) impatient() context.Context {
	ctx, end := context.WithCancelCause(context.WithoutCancel(s.ctx))
	context.AfterFunc(s.ctx, func() {
		signal.Reset(os.Interrupt)
		end(context.Cause(s.ctx))
	})
	return ctx
}

// announce says where the server is, and on an empty database hands over the one-use address where the first Super
// Admin is made: to the terminal, or, where nobody may be looking, to a file that only the owner reads.
func announce(s *session, cfg config.Config, a *app.App) error {
	path := filepath.Join(cfg.Data, "set-up-link")
	if err := forget(path); err != nil {
		return err
	}
	link, made, err := a.FirstLink(s.ctx)
	if err != nil {
		return err
	}
	f, ok := s.out.(*os.File)
	watched := ok && term.IsTerminal(int(f.Fd()))
	switch {
	case made && watched:
		s.printf("Make the first Super Admin here. The address works once:\n\n  %s\n\n", link)
	case made:
		if err := writeNew(path, func(w io.Writer) error { _, err := fmt.Fprintln(w, link); return err }); err != nil {
			return err
		}
		s.printf("The one-use address for the first Super Admin is in %s\n", path)
	}
	if a.OperationsURL() != "" {
		s.printf("Health and metrics at %s\n", a.OperationsURL())
	}
	s.printf("Sallyport answers at %s\n", a.URL())
	return nil
}

// forget removes an address that is over.
func forget(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
