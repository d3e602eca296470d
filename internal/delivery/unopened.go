package delivery

import (
	"context"
	"errors"
	"sync"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/keyring"
)

// toldEvery is how often there is an event of the same secret at most: many messages wait for one gateway.
const toldEvery = time.Hour

// told is when there was an event of which secret that does not open.
type told struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// again reports whether it is time for an event, and notes that there is one.
func (t *told) again(which string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	last, before := t.last[which]
	if before && now.Sub(last) < toldEvery {
		return false
	}
	if t.last == nil {
		t.last = map[string]time.Time{}
	}
	t.last[which] = now
	return true
}

// forget takes back that there was an event.
func (t *told) forget(which string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.last, which)
}

// unopened looks at why something ended in err. Where that was a sealed value which did not open, somebody may have changed
// the database: it logs each attempt, and writes an event in a transaction of its own. The answer is err in any case.
func (s *Service) unopened(ctx context.Context, actor sallyport.Actor, err error) error {
	var value *keyring.Unopened
	if !errors.As(err, &value) {
		return err
	}
	s.log.ErrorContext(ctx, "a stored secret does not open", "at", value.At.String(), "error", value.Why)
	which := secretWords(value.At)
	if !s.told.again(which, s.now()) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	event := audit.New(audit.SecretOpenFailed, actor).Because(which)
	lost := s.store.Write(ctx, func(tx Tx) error { return tx.InsertEvent(ctx, event.Event()) })
	if lost != nil {
		s.told.forget(which)
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
