package ledger

import "context"

// KeepUp is one look of a running server.
func (s *Service) KeepUp(ctx context.Context) error { return s.keepUp(ctx) }
