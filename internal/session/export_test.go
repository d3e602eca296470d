package session

import "context"

// DummyHash is what a name that nobody has is checked against.
func (s *Service) DummyHash() string { return s.dummy.hash() }

// LoadNow loads the usable sessions as Run does at its beginning.
func (m *Memory) LoadNow(ctx context.Context) { m.load(ctx) }

// WrongYearCap is how many wrong answers within 365 days switch a factor off.
const WrongYearCap = wrongYearCap
