package main

type configCommand struct{}

// Run prints what would be in force. A wrong configuration is said by load.
func (c *configCommand) Run(s *session) error {
	l, err := s.load(nil)
	if err != nil {
		return err
	}
	return l.Print(s.out)
}
