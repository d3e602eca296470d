package main

import (
	"sallyport/internal/control"
)

type keyCommand struct {
	List   keyList   `cmd:"" help:"Show the keys: when each was made, and how many values it seals. Never a key itself."`
	Rotate keyRotate `cmd:"" help:"Put a new key in force, and seal every secret in the database again with it."`
	Drop   keyDrop   `cmd:"" help:"Take a key that seals nothing any more out of the key file."`
}

type keyList struct{}

// Run prints one line for each key.
func (c *keyList) Run(s *session) error {
	var keys []control.Key
	if err := s.ask("key/list", control.None{}, &keys); err != nil {
		return err
	}
	for _, k := range keys {
		made := "unknown"
		if !k.Made.IsZero() {
			made = exact(k.Made)
		}
		note := ""
		switch {
		case !k.Held:
			note = "  not in this key file"
		case k.Seals:
			note = "  in force"
		}
		s.printf("%s  made %s  seals %d%s\n", k.ID, made, k.Values, note)
	}
	return nil
}

type keyRotate struct{}

// Run rotates, or finishes what was broken off.
func (c *keyRotate) Run(s *session) error {
	var r control.Rotated
	if err := s.ask("key/rotate", control.None{}, &r); err != nil {
		return err
	}
	if r.Finished {
		s.printf("An earlier rotation had not come to its end. Now it has: %s sealed again, all with the key %s.\n", count(r.Values, "value was", "values were"), r.Key)
	} else {
		s.printf("The key %s is in force. %s sealed again with it.\n"+
			"Copy the key file to where its copies are kept. Older keys stay in it until: sallyport key drop ID\n", r.Key, count(r.Values, "value was", "values were"))
	}
	if r.Stuck > 0 {
		s.printf("%s by no key and left as before.\n", count(r.Stuck, "value is opened", "values are opened"))
	}
	return nil
}

type keyDrop struct {
	ID string `arg:"" help:"The key, as “key list” names it."`
}

// Run drops.
func (c *keyDrop) Run(s *session) error {
	if err := s.ask("key/drop", control.KeyName{ID: c.ID}, nil); err != nil {
		return err
	}
	s.printf("The key %s is out of this key file. Keep the older copy of the file for as long as you keep backups of before the rotation.\n", c.ID)
	return nil
}
