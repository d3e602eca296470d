package session

// DummyHash is what a name that nobody has is checked against.
func (s *Service) DummyHash() string { return s.dummy.hash() }
