package account

import (
	"context"

	"sallyport"
	"sallyport/internal/audit"
)

// entry is what happened to whom.
type entry struct {
	what          audit.Type
	on            sallyport.Technician
	before, after map[string]string
	reason        string
}

// record writes the one event of an act, in the transaction of the act.
func (s *Service) record(ctx context.Context, tx Tx, w who, e entry) error {
	return tx.InsertEvent(ctx, e.event(w.Actor))
}

func (e entry) event(actor sallyport.Actor) sallyport.Event {
	b := audit.New(e.what, actor).Changed(e.before, e.after).Because(e.reason)
	if e.on.ID != "" {
		b = b.On(e.on)
	}
	return b.Event()
}

// attempt runs an act of actor on a technician in one transaction. A refusal is an event too, in a transaction of its
// own since the first one was rolled back.
func (s *Service) attempt(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID, act func(Tx) error) error {
	return s.attemptOn(ctx, actor, &id, act)
}

// attemptOn is attempt where only the act finds out whom it is about.
func (s *Service) attemptOn(ctx context.Context, actor sallyport.Actor, about *sallyport.TechnicianID, act func(Tx) error) error {
	_, err := s.attemptMeasured(ctx, actor, about, act)
	return err
}

// attemptMeasured is attemptOn, and says when what the act ended was refused.
func (s *Service) attemptMeasured(ctx context.Context, actor sallyport.Actor, about *sallyport.TechnicianID, act func(Tx) error) (Refusal, error) {
	refusal, err := s.store.write(ctx, act)
	return refusal, s.noted(ctx, actor, *about, err)
}

// noted is err, and leaves the event of a refusal where it is one.
func (s *Service) noted(ctx context.Context, actor sallyport.Actor, about sallyport.TechnicianID, err error) error {
	return audit.Note(ctx, s.store.Write, audit.Refused{Actor: actor, About: about}, err)
}

func technicianSaved(p plan) entry {
	before, after := beforeAfter(p.was, p.next)
	what := audit.TechnicianEdited
	if changed(p.changes, FieldMethod) {
		what = audit.TechnicianMethodChanged
	}
	return entry{what: what, on: p.next, before: before, after: after}
}
