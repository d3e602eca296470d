package main

import "sallyport/internal/control"

type rescueCommand struct {
	User string `arg:"" help:"User name."`
}

// Help is what the command's help says beside its flags.
func (c *rescueCommand) Help() string {
	return "The technician is signed out everywhere at once. The link works for 15 minutes, and sets a new password and a new authenticator app, " +
		"whatever the method was. Every Super Admin is told."
}

// Run prints the link. Issuing it has signed the technician out everywhere.
func (c *rescueCommand) Run(s *session) error {
	var link control.Link
	if err := s.ask("rescue", control.User{User: c.User}, &link); err != nil {
		return err
	}
	s.printf("%s is signed out everywhere. This address works once, until %s, and sets a new password and a new\n"+
		"authenticator app:\n\n  %s\n\nEvery Super Admin is told.\n", plain(c.User), exact(link.Expires), link.Link)
	return nil
}
