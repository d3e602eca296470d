package main

import (
	"errors"

	"sallyport/internal/app"
)

type restoreCommand struct {
	Accept      bool `help:"Go on with the database as it is now, after a backup was put back, and end all that was alive in it."`
	AcceptClock bool `help:"Do so although the clock is behind the database's last time."`
}

// Run accepts a database that was put back from a backup. It runs on one host, while no node is running.
func (c *restoreCommand) Run(s *session) error {
	if !c.Accept {
		return errors.New("put the backup back first, with every node stopped; then run: sallyport restore --accept")
	}
	cfg, o, err := s.quiet()
	if err != nil {
		return err
	}
	o.AcceptClock = c.AcceptClock
	done, err := app.AcceptRestore(s.ctx, cfg, o)
	if err != nil {
		return err
	}
	s.printf("Accepted. %s, and every unfinished sign-in, link and code, have ended; %s anew.\n"+
		"Their recovery codes count as used: each takes ten new ones. An app code works from the next minute on.\n"+
		"Passwords and accounts are those of the backup. Every Super Admin is told. This is restore epoch %d: start the nodes again.\n",
		count(done.Sessions, "session", "sessions"), count(done.Technicians, "technician signs in", "technicians sign in"), done.Epoch)
	return nil
}
