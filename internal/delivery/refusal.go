package delivery

import (
	"context"

	"sallyport/internal/audit"
)

// write runs an act in one transaction. A refusal is an event too.
func (s *Service) write(ctx context.Context, by act, do func(Tx) error) error {
	return s.noted(ctx, by, s.store.Write(ctx, do))
}

// noted is err, and leaves the event of a refusal where it is one.
func (s *Service) noted(ctx context.Context, by act, err error) error {
	on := map[string]string{"channel": string(by.channel)}
	return audit.Note(ctx, s.store.Write, audit.Refused{Actor: by.actor, After: on}, err)
}
