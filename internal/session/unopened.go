package session

import (
	"context"
	"errors"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/keyring"
)

// unopened looks at why an attempt ended in err. Where that was a sealed value which did not open, somebody may have
// changed the database: it writes the event, once for each attempt as for a wrong answer, in a transaction that outlives
// the request. The answer is err in any case.
func (s *Service) unopened(ctx context.Context, actor sallyport.Actor, t sallyport.Technician, err error) error {
	var value *keyring.Unopened
	if !errors.As(err, &value) {
		return err
	}
	event := audit.New(audit.SecretOpenFailed, actor).On(t).Because(secretWords[[2]string{value.At.Table, value.At.Column}])
	lost := s.counted(ctx, func(ctx context.Context, tx Tx) error { return tx.InsertEvent(ctx, event.Event()) })
	if lost != nil {
		s.log.ErrorContext(ctx, "event not written", "type", audit.SecretOpenFailed, "request_id", actor.Client.RequestID, "error", lost)
	}
	return err
}

// secretWords say which secret is sealed in a table and column.
var secretWords = map[[2]string]string{
	{"technician", "password"}: "password",
	{"factor", "secret"}:       "authenticator app",
	{"sign_in", "pending"}:     "what is being set up",
}
