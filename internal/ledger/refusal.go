package ledger

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

// noted is err, and leaves the event of a refusal where it is one. about is the account that it was about, if any.
func (s *Service) noted(ctx context.Context, actor sallyport.Actor, about sallyport.TechnicianID, err error) error {
	switch sallyport.KindOf(err) {
	case sallyport.Forbidden, sallyport.Conflict:
		if noted := s.recordRefusal(ctx, actor, about, err); noted != nil {
			return errors.Join(err, noted)
		}
	}
	return err
}

func (s *Service) recordRefusal(ctx context.Context, actor sallyport.Actor, about sallyport.TechnicianID, refused error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	return s.store.Write(ctx, func(tx Tx) error {
		b := audit.New(audit.SaveRefused, actor).Because(audit.ReasonOf(refused))
		on, err := tx.Technician(ctx, about)
		if err != nil && sallyport.KindOf(err) != sallyport.NotFound {
			return err
		}
		if err == nil {
			b = b.On(on)
		}
		return tx.InsertEvent(ctx, b.Event())
	})
}
