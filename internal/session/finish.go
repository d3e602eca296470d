package session

import (
	"context"

	"sallyport"
	"sallyport/internal/audit"
)

// finish ends a sign-in whose step is Done: exactly one session for it, or the acting one under a new token.
func (s *Service) finish(ctx context.Context, tx Tx, m *moment, c sallyport.Client, out *Outcome) error {
	out.Finished, out.Return = true, m.signIn.Return
	if m.signIn.Purpose == sallyport.PurposeSignIn && !m.signIn.Proofs.Enrolled {
		return s.create(ctx, tx, m, c, out)
	}
	if err := m.end(ctx, tx); err != nil {
		return err
	}
	switch m.signIn.Purpose {
	case sallyport.PurposeStepUp:
		return s.stepUp(ctx, tx, m, c, out)
	case sallyport.PurposePhone:
		return s.keepSession(ctx, tx, m, c, out)
	}
	if err := raise(ctx, tx, &m.technician, sallyport.EndedBySave); err != nil {
		return err
	}
	return s.create(ctx, tx, m, c, out)
}

// end ends the sign-in, once; it is called when the technician's row was taken, which all acts take first (docs/adr/0027).
func (m *moment) end(ctx context.Context, tx Tx) error {
	if m.ended {
		return nil
	}
	m.ended = true
	return tx.EndSignIn(ctx, m.signIn.Hash, errOver)
}

// raise lifts the generation; t carries the new one.
func raise(ctx context.Context, tx Tx, t *sallyport.Technician, reason sallyport.EndReason) error {
	raised, err := tx.Raise(ctx, t.ID, reason)
	t.Generation = raised.Generation
	return err
}

// create makes the session of a finished sign-in. It takes the technician's row first, so that a Save that commits
// in between leaves nothing alive.
func (s *Service) create(ctx context.Context, tx Tx, m *moment, c sallyport.Client, out *Outcome) error {
	token, device := sallyport.NewToken(), sallyport.NewToken()
	hash, _ := token.Hash()
	deviceHash, _ := device.Hash()
	session := sallyport.Session{Hash: hash, Technician: m.technician.ID, Generation: m.technician.Generation,
		Method: provedBy(m), Address: c.Address, Browser: c.Browser, CreatedAt: m.now, UsedAt: m.now, ProvedAt: m.now,
		ExpiresAt: m.now.Add(m.settings.SessionAge)}
	ended, err := m.admit(ctx, tx, session)
	if err != nil {
		return err
	}
	for range ended {
		event := audit.New(audit.SessionEnded, himself(m.technician, c)).On(m.technician).Because(string(sallyport.EndedByLimit))
		if err := tx.InsertEvent(ctx, event.Event()); err != nil {
			return err
		}
	}
	if err := m.end(ctx, tx); err != nil {
		return err
	}
	if err := tx.PutDevice(ctx, deviceHash, m.technician.ID); err != nil {
		return err
	}
	out.Session, out.Device = token, device
	if err := s.countRecovery(ctx, tx, m, out); err != nil {
		return err
	}
	return tx.InsertEvent(ctx, audit.New(audit.SignInFinished, himself(m.technician, c)).On(m.technician).
		Changed(nil, map[string]string{"method": session.Method}).Event())
}

// admit stores the session, and returns those that end for it.
func (m *moment) admit(ctx context.Context, tx Tx, session sallyport.Session) ([]sallyport.Session, error) {
	if m.taken {
		return nil, tx.InsertSession(ctx, session)
	}
	return tx.CreateSession(ctx, session, m.settings.SessionLimit)
}

// fewRecovery is the number below which each sign-in says how many recovery codes are left (contract section 4; fixed).
const fewRecovery = 3

func (s *Service) countRecovery(ctx context.Context, tx Tx, m *moment, out *Outcome) (err error) {
	if m.technician.Method == sallyport.MethodOff {
		return nil
	}
	if m.recoveryLeft != nil {
		out.RecoveryLeft = *m.recoveryLeft
	} else {
		out.RecoveryLeft, err = tx.RecoveryLeft(ctx, m.technician.ID)
	}
	out.FewRecovery = out.RecoveryLeft < fewRecovery
	out.OfferPhone = m.signIn.Proofs.Recovery && !m.signIn.Proofs.Enrolled && m.technician.Method == sallyport.MethodApp
	return err
}

// provedBy is what the session list and the audit log show as the proof.
func provedBy(m *moment) string {
	p := m.signIn.Proofs
	if p.Recovery && !p.Factor {
		return "recovery"
	}
	return string(m.technician.Method)
}

// stepUp gives the acting session a new token, the time of its new proof and what that was.
func (s *Service) stepUp(ctx context.Context, tx Tx, m *moment, c sallyport.Client, out *Outcome) error {
	session, _, err := tx.Session(ctx, m.signIn.Session, m.settings.SessionIdle+sallyport.TouchEvery)
	if err != nil {
		return err
	}
	token := sallyport.NewToken()
	session.Hash, _ = token.Hash()
	session.ProvedAt, session.UsedAt, session.Method = m.now, m.now, provedBy(m)
	if err := tx.RotateSession(ctx, m.signIn.Session, session); err != nil {
		return err
	}
	out.Session = token
	return tx.InsertEvent(ctx, audit.New(audit.SessionStepUp, himself(m.technician, c)).On(m.technician).
		Changed(nil, map[string]string{"method": session.Method}).Event())
}

// keepSession raises the generation and lets only the acting session live on, under a new token and with its old end.
func (s *Service) keepSession(ctx context.Context, tx Tx, m *moment, c sallyport.Client, out *Outcome) error {
	old, _, err := tx.Session(ctx, m.signIn.Session, m.settings.SessionIdle+sallyport.TouchEvery)
	if err != nil {
		return err
	}
	old.ProvedAt = m.now // by the factor that he held, and the one that he has now
	return s.survive(ctx, tx, survival{&m.technician, old, m, sallyport.EndedByOwner, sallyport.NewToken()}, out)
}

// survival is an own change that ends everything but the acting session, which goes on with the proof that it has.
type survival struct {
	technician *sallyport.Technician
	session    sallyport.Session
	m          *moment
	reason     sallyport.EndReason // for the holders of the sessions that end
	token      sallyport.Token     // of the session from now on
}

func (s *Service) survive(ctx context.Context, tx Tx, v survival, out *Outcome) error {
	if err := raise(ctx, tx, v.technician, v.reason); err != nil {
		return err
	}
	next := v.session
	next.Hash, _ = v.token.Hash()
	next.Generation = v.technician.Generation
	next.UsedAt = v.m.now
	if v.m.signIn.Proofs.Enrolled {
		next.Method = string(v.technician.Method)
	}
	if _, err := tx.CreateSession(ctx, next, 0); err != nil {
		return err
	}
	out.Session, out.Finished = v.token, true
	return nil
}
