package account

import (
	"context"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/factor"
)

// ResetFactor takes away a second factor that is lost, with its recovery codes and its counts, signs the technician
// out and opens a new set-up. Where the policy asks for it, an enrolment code is made to be read out to him; only its
// keyed hash is stored. It needs technicians.write and a fresh proof. Nobody resets himself.
func (s *Service) ResetFactor(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID, reason string) (FactorReset, error) {
	var reset FactorReset
	err := s.attempt(ctx, actor, id, func(tx Tx) error {
		w, t, err := target(ctx, tx, actor, id, sallyport.WriteTechnicians)
		if err != nil {
			return err
		}
		if err := mayReset(w, t); err != nil {
			return err
		}
		return guardedOn(ctx, tx, t, func() error {
			reset, err = s.resetFactor(ctx, tx, w, entry{what: audit.FactorReset, on: t, reason: reason})
			return err
		})
	})
	if err != nil {
		return FactorReset{}, err
	}
	return reset, nil
}

func mayReset(w who, t sallyport.Technician) error {
	switch {
	case w.is(t.ID):
		return errOwnReset
	case t.Status != sallyport.Active:
		return errNotActive
	case t.Method == sallyport.MethodOff:
		return errNoFactor
	}
	return w.fresh()
}

func (s *Service) resetFactor(ctx context.Context, tx Tx, w who, e entry) (FactorReset, error) {
	t := e.on
	held, err := tx.Factor(ctx, t.ID)
	if err != nil {
		return FactorReset{}, err
	}
	t.SetupUntil = w.now.Add(w.settings.SetupLife)
	if err := firstErr(
		func() error { return tx.ResetWrong(ctx, t.ID) },
		func() error { return tx.DeleteFactor(ctx, t.ID) },
		func() error { return tx.UpdateTechnician(ctx, t) },
	); err != nil {
		return FactorReset{}, err
	}
	raised, err := tx.Raise(ctx, t.ID, sallyport.EndedBySave)
	if err != nil {
		return FactorReset{}, err
	}
	t.Generation = raised.Generation
	reset := FactorReset{SetupUntil: t.SetupUntil, SessionsEnded: raised.Sessions}
	if err := s.enrolmentCode(ctx, tx, w, t, &reset); err != nil {
		return FactorReset{}, err
	}
	e.before, e.after = factorBefore(held), map[string]string{"enrolment_code": "none"}
	if reset.EnrolmentCode != "" {
		e.after["enrolment_code"] = "made"
	}
	if err := s.record(ctx, tx, w, e); err != nil {
		return FactorReset{}, err
	}
	return reset, s.tell(ctx, tx, w, message{kind: NoticeFactorReset, to: t})
}

func factorBefore(f *sallyport.Factor) map[string]string {
	if f == nil {
		return nil
	}
	return map[string]string{"factor": string(f.Kind)}
}

// enrolmentCode makes the code that stands in the place of the lost factor.
func (s *Service) enrolmentCode(ctx context.Context, tx Tx, w who, t sallyport.Technician, reset *FactorReset) error {
	if !w.settings.EnrolmentCodes {
		return nil
	}
	code := factor.NewEnrolmentCode()
	canonical, _ := factor.CanonicalEnrolment(code)
	reset.EnrolmentCode, reset.ExpiresAt = code, w.now.Add(w.settings.EnrolmentLife)
	return tx.PutEnrolmentCode(ctx, sallyport.EnrolmentCode{Technician: t.ID, Generation: t.Generation,
		Hash:      s.keys.MAC("enrolment", []byte(t.ID), []byte(canonical)),
		ExpiresAt: reset.ExpiresAt, IssuedBy: w.ID})
}

// OpenSetup opens the set-up of a second factor again that was not begun in time. It signs nobody out and takes
// nothing away: who held a factor still gives it first, and who lost one by a reset is asked for an enrolment code, of
// which a fresh one is made. It needs technicians.write and a fresh proof.
func (s *Service) OpenSetup(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID) (FactorReset, error) {
	var opened FactorReset
	err := s.attempt(ctx, actor, id, func(tx Tx) error {
		w, t, err := target(ctx, tx, actor, id, sallyport.WriteTechnicians)
		if err != nil {
			return err
		}
		held, err := tx.Factor(ctx, id)
		if err != nil {
			return err
		}
		switch {
		case t.Status != sallyport.Active:
			return errNotActive
		case !needsSetup(t, held):
			return errSetUpAlready
		case w.is(id):
			return errOwnReset
		case w.shut(t, held):
			return errShut
		}
		if err := w.fresh(); err != nil {
			return err
		}
		opened, err = s.openSetup(ctx, tx, w, t)
		return err
	})
	if err != nil {
		return FactorReset{}, err
	}
	return opened, nil
}

func (s *Service) openSetup(ctx context.Context, tx Tx, w who, t sallyport.Technician) (FactorReset, error) {
	t.SetupUntil = w.now.Add(w.settings.SetupLife)
	opened := FactorReset{SetupUntil: t.SetupUntil}
	if err := tx.UpdateTechnician(ctx, t); err != nil {
		return FactorReset{}, err
	}
	after := map[string]string{"setup_until": t.SetupUntil.UTC().Format(time.RFC3339)}
	if t.EnrolmentNeeded {
		if err := s.enrolmentCode(ctx, tx, w, t, &opened); err != nil {
			return FactorReset{}, err
		}
	}
	if opened.EnrolmentCode != "" {
		after["enrolment_code"] = "made"
	}
	return opened, s.record(ctx, tx, w, entry{what: audit.SetupOpened, on: t, after: after})
}

// firstErr runs steps until one fails.
func firstErr(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

var (
	errNotActive    = sallyport.E(sallyport.Conflict, "not_active", "This account is not active. An invited technician gets a fresh invitation instead; a deactivated one is activated first.")
	errNoFactor     = sallyport.E(sallyport.Conflict, "no_second_factor", "The second factor of this technician is Off: there is nothing to reset.")
	errShut         = sallyport.E(sallyport.Conflict, "set_up_shut", "Too many wrong codes were typed at this set-up, and none is taken any more. “Reset second factor” opens it anew.")
	errSetUpAlready = sallyport.E(sallyport.Conflict, "set_up_already", "The second factor is set up: there is nothing to open.")
)
