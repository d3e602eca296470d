package delivery

import (
	"context"
	"errors"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/keyring"
)

// unopened looks at why something ended in err. Where that was a sealed value which did not open, somebody may have changed
// the database: it writes the event, once for each attempt, in a transaction of its own. The answer is err in any case.
func (s *Service) unopened(ctx context.Context, err error) error {
	var value *keyring.Unopened
	if !errors.As(err, &value) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	event := audit.New(audit.SecretOpenFailed, sallyport.Actor{Kind: sallyport.ActorSystem}).Because(secretWords(value.At))
	lost := s.store.Write(ctx, func(tx Tx) error { return tx.InsertEvent(ctx, event.Event()) })
	if lost != nil {
		s.log.ErrorContext(ctx, "event not written", "type", audit.SecretOpenFailed, "error", lost)
	}
	return err
}

// secretWords say which secret lies at a place.
func secretWords(at keyring.Place) string {
	if at.Table != gatewayTable {
		return "a message that waited to be sent"
	}
	for channel, w := range channels {
		if at.Row == gatewayRow(channel, slotLive) || at.Row == gatewayRow(channel, slotDraft) {
			return w.page
		}
	}
	return at.Table
}
