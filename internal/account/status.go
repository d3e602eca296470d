package account

import (
	"context"

	"sallyport"
	"sallyport/internal/audit"
)

// Deactivate shuts a technician out until Activate. It needs technicians.write and a fresh proof.
func (s *Service) Deactivate(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID, reason string) (SignedOut, error) {
	return s.shutOut(ctx, actor, id, func(tx Tx, w who, t sallyport.Technician) (SignedOut, error) {
		if t.Status == sallyport.Deactivated {
			return SignedOut{}, errDeactivatedAlready
		}
		next := t
		next.Status = sallyport.Deactivated
		before, after := beforeAfter(t, next)
		// first the end of the sessions: they count as live only while he is active
		out, err := s.signOut(ctx, tx, w, entry{what: audit.TechnicianDeactivated, on: t, before: before, after: after, reason: reason})
		if err != nil {
			return SignedOut{}, err
		}
		if err := tx.UpdateTechnician(ctx, next); err != nil {
			return SignedOut{}, err
		}
		if t.Status == sallyport.Invited {
			return out, nil
		}
		return out, s.tell(ctx, tx, w, message{kind: NoticeDeactivated, to: t})
	})
}

// Delete removes a technician with everything of his but the audit log. It needs technicians.write and a fresh proof.
func (s *Service) Delete(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID, reason string) (SignedOut, error) {
	return s.shutOut(ctx, actor, id, func(tx Tx, w who, t sallyport.Technician) (SignedOut, error) {
		before, _ := beforeAfter(t, sallyport.Technician{})
		out, err := s.signOut(ctx, tx, w, entry{what: audit.TechnicianDeleted, on: t, before: before, reason: reason})
		if err != nil {
			return SignedOut{}, err
		}
		return out, tx.DeleteTechnician(ctx, id)
	})
}

// shutOut is the frame of both: the right, a fresh proof, the last-admin rule.
func (s *Service) shutOut(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID,
	act func(Tx, who, sallyport.Technician) (SignedOut, error)) (out SignedOut, err error) {
	err = s.attempt(ctx, actor, id, func(tx Tx) error {
		w, t, err := target(ctx, tx, actor, id, sallyport.WriteTechnicians)
		if err != nil {
			return err
		}
		if err := w.fresh(); err != nil {
			return err
		}
		return guardedOn(ctx, tx, t, func() error {
			out, err = act(tx, w, t)
			return err
		})
	})
	if err != nil {
		return SignedOut{ID: id}, err
	}
	return out, nil
}

// Activate lets a deactivated technician in again: with his password and factor as they were, or by a fresh invitation
// where he never had a password. It needs technicians.write and a fresh proof.
func (s *Service) Activate(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID) (Invited, error) {
	var invited Invited
	err := s.attempt(ctx, actor, id, func(tx Tx) error {
		w, t, err := target(ctx, tx, actor, id, sallyport.WriteTechnicians)
		if err != nil {
			return err
		}
		if t.Status != sallyport.Deactivated {
			return errNotDeactivated
		}
		if err := w.fresh(); err != nil {
			return err
		}
		invited, err = s.activate(ctx, tx, w, t)
		return err
	})
	if err != nil {
		return Invited{}, err
	}
	return invited, nil
}

func (s *Service) activate(ctx context.Context, tx Tx, w who, t sallyport.Technician) (Invited, error) {
	held, err := tx.Factor(ctx, t.ID)
	if err != nil {
		return Invited{}, err
	}
	next := t
	next.Status = sallyport.Active
	until := w.now.Add(w.settings.SetupLife)
	if len(t.Password) == 0 {
		next.Status, until = sallyport.Invited, w.invitedSetup()
	}
	if needsSetup(next, held) {
		next.SetupUntil = until
	}
	if err := tx.UpdateTechnician(ctx, next); err != nil {
		return Invited{}, err
	}
	before, after := beforeAfter(t, next)
	err = s.record(ctx, tx, w, entry{what: audit.TechnicianActivated, on: next, before: before, after: after})
	if err != nil || next.Status == sallyport.Active {
		return Invited{}, err
	}
	return s.invite(ctx, tx, w, next)
}

var (
	errDeactivatedAlready = sallyport.E(sallyport.Conflict, "deactivated_already", "This account is deactivated already.")
	errNotDeactivated     = sallyport.E(sallyport.Conflict, "not_deactivated", "This account is not deactivated.")
)
