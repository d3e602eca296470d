package delivery

import (
	"context"
	"errors"
	"time"

	"sallyport"
	"sallyport/internal/audit"
)

// recordTime bounds the transaction that notes a refusal. It is cut loose from the request, so that a client that hangs up
// leaves its trace all the same.
const recordTime = 5 * time.Second

// write runs an act in one transaction. A refusal is an event too, in a transaction of its own since the first one was
// rolled back.
func (s *Service) write(ctx context.Context, by act, do func(Tx) error) error {
	return s.noted(ctx, by, s.store.Write(ctx, do))
}

// noted is err, and leaves the event of a refusal where it is one.
func (s *Service) noted(ctx context.Context, by act, err error) error {
	switch sallyport.KindOf(err) {
	case sallyport.Forbidden, sallyport.Conflict, sallyport.Invalid, sallyport.TooMany:
		if noted := s.recordRefusal(ctx, by, err); noted != nil {
			return errors.Join(err, noted)
		}
	}
	return err
}

func (s *Service) recordRefusal(ctx context.Context, by act, refused error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	return s.store.Write(ctx, func(tx Tx) error {
		return tx.InsertEvent(ctx, audit.New(audit.SaveRefused, by.actor).Because(audit.ReasonOf(refused)).
			Changed(nil, map[string]string{"channel": string(by.channel)}).Event())
	})
}
