package main

import (
	"errors"

	"sallyport/internal/account"
	"sallyport/internal/control"
)

type policyLogo struct {
	File   string `arg:"" optional:"" help:"PNG, JPEG or WebP, at most 64 KiB, 16 to 1024 pixels a side." type:"path"`
	Remove bool   `help:"Take the logo away: the door shows the organisation's first letter again."`
}

// Run changes the logo, or says which one is set. The file is read as the user who runs the command.
func (c *policyLogo) Run(s *session) error {
	var logo control.Logo
	var err error
	switch {
	case c.File != "" && c.Remove:
		return errors.New("give a file or --remove, not both")
	case c.Remove:
		err = s.ask("policy/logo/remove", control.None{}, &logo)
	case c.File == "":
		err = s.ask("policy/logo", control.None{}, &logo)
	default:
		var picture control.Picture
		if picture.File, err = s.read(c.File, account.MaxLogo); err == nil {
			err = s.ask("policy/logo/set", picture, &logo)
		}
	}
	if err != nil {
		return err
	}
	if logo.Type == "" {
		s.printf("logo = none\n")
		return nil
	}
	s.printf("logo = %s, %d by %d pixels, %d bytes\n", logo.Type, logo.Width, logo.Height, logo.Bytes)
	return nil
}
