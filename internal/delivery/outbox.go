package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"sallyport"
	"sallyport/internal/audit"
)

const (
	outboxTick   = 15 * time.Second // how often is looked when nobody wakes the worker
	outboxBatch  = 200
	outboxAtOnce = 4 // a server that answers slowly holds up at most as many
)

// backoff is how long a message waits after its 1st, 2nd … failure; the last one repeats until the message ends.
var backoff = []time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour}

// unclearBackoff is the same after a try of which nobody knows whether the message went out: each further one may be one more
// copy in a mailbox. A server that looks at a message for longer than a send may take leaves them all so.
var unclearBackoff = []time.Duration{10 * time.Second, 10 * time.Minute, time.Hour, 4 * time.Hour, 12 * time.Hour, 24 * time.Hour}

// unclearLeft is how much of its time a message has left at least that is tried once more before the wait of unclearBackoff is
// over: the failures before it may have been others.
const unclearLeft = 8 * time.Hour

// pause is how long m waits after a failure now. What was surely not sent waits no longer than half of what is left of its
// time, so that it is tried until its end. Again is false where there is no time for another try.
func pause(m sallyport.OutboxMessage, now time.Time, failure error) (wait time.Duration, again bool) {
	left := m.ExpiresAt.Sub(now)
	var e *sallyport.SendError
	if errors.As(failure, &e) && e.Outcome == sallyport.MaybeSent {
		if wait = unclearBackoff[min(m.Attempts, len(unclearBackoff)-1)]; wait < left {
			return wait, true
		}
		return left / 2, left >= unclearLeft
	}
	wait = min(backoff[min(m.Attempts, len(backoff)-1)], left/2)
	return wait, wait >= backoff[0]
}

// Wake tells the worker that something was put into the outbox. Call it after the commit; it never blocks.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run empties the outbox until ctx ends, then lets what is on its way come to its end (at most one send's time limit).
// A message is tried until it was taken or its time is over, under the same Message-ID each time, so that one that
// arrived twice can be told. While Email Settings are not proved, messages wait.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(outboxTick)
	defer tick.Stop()
	defer s.tests.Wait()
	for {
		if err := errors.Join(s.dropExpired(ctx), s.drain(ctx)); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "outbox", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-tick.C:
		}
	}
}

// dropExpired gives up what was not sent before its end, be it that nothing could be sent or that no server ran, each
// with its event in the same transaction.
func (s *Service) dropExpired(ctx context.Context) error {
	for {
		var over []sallyport.OutboxMessage
		look := func(tx Tx) (err error) { over, err = tx.ExpiredOutbox(ctx, outboxBatch); return err }
		if err := s.store.Read(ctx, look); err != nil || len(over) == 0 {
			return err // the writer is not held up by a look
		}
		err := s.store.Write(ctx, func(tx Tx) error {
			if err := look(tx); err != nil {
				return err
			}
			for _, m := range over {
				if err := giveUp(ctx, tx, m, "it could not be sent before its time was over"); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// giveUp erases what m said and leaves the event that it never arrived; unless another node has sent it meanwhile, or given
// it up.
func giveUp(ctx context.Context, tx Tx, m sallyport.OutboxMessage, reason string) error {
	if dropped, err := tx.DropOutbox(ctx, m.ID, reason); err != nil || !dropped {
		return err
	}
	return tx.InsertEvent(ctx, audit.New(audit.DeliveryFailed, itself).
		Because(reason).Changed(nil, map[string]string{"message": m.Event, "to": m.To}).Event())
}

// drain sends all that is due now.
func (s *Service) drain(ctx context.Context) error {
	for ctx.Err() == nil {
		due, ready, err := s.due(ctx)
		if err != nil || len(due) == 0 || !ready {
			return err
		}
		if !s.deliver(ctx, due) || len(due) < outboxBatch {
			return nil
		}
	}
	return nil
}

// due is what is to be sent, and whether there is a way out.
func (s *Service) due(ctx context.Context) (due []sallyport.OutboxMessage, ready bool, err error) {
	err = s.store.Read(ctx, func(tx Tx) error {
		if due, err = tx.DueOutbox(ctx, outboxBatch); err != nil {
			return err
		}
		live, err := wayOut(ctx, tx)
		ready = live != nil
		return err
	})
	return due, ready, err
}

// wayOut is the gateway that messages leave through now, nil where none was proved.
func wayOut(ctx context.Context, tx Tx) (*sallyport.Gateway, error) {
	g, err := tx.Gateway(ctx, string(sallyport.ChannelEmail), slotLive)
	if err != nil || g == nil || g.ProvedAt.IsZero() {
		return nil, err
	}
	return g, nil
}

// deliver handles one batch, a few at once, and reports whether it got anything out of the way.
func (s *Service) deliver(ctx context.Context, due []sallyport.OutboxMessage) bool {
	places := make(chan struct{}, outboxAtOnce)
	var moved atomic.Bool
	var wg sync.WaitGroup
	for _, m := range due {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-places }()
			ctx := context.WithoutCancel(ctx)
			if live := s.claim(ctx, m); live != nil {
				s.finish(ctx, m, s.attempt(ctx, m, live))
				moved.Store(true)
			}
		})
	}
	wg.Wait()
	return moved.Load()
}

// outboxLease is how long a message that is being sent is due to nobody: much longer than any send takes. A process that
// ends in the midst of a send leaves its message to the others, or to the next one, after that.
const outboxLease = 2 * time.Minute

// claim takes a message right before it is sent, and answers with the gateway that is in use at that moment; nil where the
// message is not to be sent now. Two nodes send no message twice, and neither does one that could not write down
// afterwards that it was sent: who cannot write does not send.
func (s *Service) claim(ctx context.Context, m sallyport.OutboxMessage) (live *sallyport.Gateway) {
	mine := false
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		mine = false
		if live, err = wayOut(ctx, tx); err != nil || live == nil {
			return err
		}
		mine, err = tx.ClaimOutbox(ctx, m.ID, outboxLease)
		return err
	})
	if err != nil {
		s.log.ErrorContext(ctx, "outbox", "message", m.ID, "error", err)
	}
	if err != nil || !mine {
		return nil
	}
	return live
}

func (s *Service) attempt(ctx context.Context, m sallyport.OutboxMessage, live *sallyport.Gateway) error {
	plain, err := s.keys.Open(m.Sealed, outboxPlace(m.ID))
	var l letter
	if err == nil {
		err = json.Unmarshal(plain, &l)
	}
	if err != nil {
		return notSent("sealed", "What was stored of this message cannot be read here.", s.unopened(ctx, itself, err))
	}
	return s.sendEmail(ctx, *live, sallyport.Email{ID: m.ID, To: m.To, Subject: l.Subject, Text: l.Text})
}

// finish writes down what became of m. A refused mailbox is final; anything else is tried again, for settings and
// servers get repaired. Each failure is told to whoever looks after the server, for the event comes at the end alone.
func (s *Service) finish(ctx context.Context, m sallyport.OutboxMessage, failure error) {
	again := "never"
	err := s.store.Write(ctx, func(tx Tx) error {
		if failure == nil {
			return tx.FinishOutbox(ctx, m.ID)
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		reason := reasonOf(failure)
		if wait, more := pause(m, now, failure); more && !lostFor(failure) {
			again = wait.Round(time.Second).String()
			return tx.RetryOutbox(ctx, m.ID, now.Add(wait), reason)
		}
		again = "never"
		return giveUp(ctx, tx, m, reason)
	})
	if failure != nil {
		s.failures.Add(1)
		s.log.WarnContext(ctx, "message not surely sent", "message", m.ID, "notice", m.Event, "tries", m.Attempts+1, "again_in", again, "error", failure)
	}
	if err != nil {
		s.log.ErrorContext(ctx, "outbox", "message", m.ID, "error", err)
	}
}

// lostFor reports whether no repair of ours can help: the mailbox itself was refused.
func lostFor(err error) bool {
	var e *sallyport.SendError
	return errors.As(err, &e) && e.Permanent && e.Code == "bad_address"
}

// reasonOf is the short reason that is stored: the stable code and the words for people, never the server's answer.
func reasonOf(err error) string {
	var e *sallyport.SendError
	if errors.As(err, &e) {
		return fmt.Sprintf("%s: %s", e.Code, e.Hint)
	}
	return err.Error()
}
