package session

import (
	"context"
	"errors"

	"sallyport"
	"sallyport/internal/audit"
)

func asError(err error, target **sallyport.Error) bool { return errors.As(err, target) }

// storeFirst stores the first Super Admin. A second one who was as fast finds the database no longer empty.
func (s *Service) storeFirst(ctx context.Context, tx Tx, m *moment, p pending, c sallyport.Client) error {
	empty, err := tx.IsEmpty(ctx)
	if err != nil {
		return err
	}
	if !empty {
		return errSetupDone
	}
	t, err := firstAccount(LinkForm{FirstName: p.FirstName, LastName: p.LastName, UserName: p.UserName, Email: p.Email})
	if err != nil {
		return err
	}
	t.ID = sallyport.TechnicianID(sallyport.NewID())
	t.Role, t.Status, t.Method, t.Generation, t.Version = sallyport.SuperAdmin, sallyport.Active, sallyport.MethodApp, 1, 1
	t.CreatedAt, t.PasswordAt = m.now, m.now
	t.Password = s.keys.Seal([]byte(p.PHC), passwordPlace(t.ID))
	if err := tx.InsertTechnician(ctx, t); err != nil {
		return err
	}
	m.technician = t
	return tx.InsertEvent(ctx, audit.New(audit.SetupFinished, himself(t, c)).On(t).Changed(nil, map[string]string{
		"first_name": t.FirstName, "last_name": t.LastName, "user_name": t.UserName, "email": t.Email,
		"role": string(t.Role), "status": string(t.Status), "method": string(t.Method)}).Event())
}

// storeRescued gives a rescued account its new password, makes it active, and turns its method to the app.
func (s *Service) storeRescued(ctx context.Context, tx Tx, m *moment, p pending, c sallyport.Client) error {
	t := m.technician
	before := map[string]string{"method": string(t.Method), "status": string(t.Status)}
	t.Method, t.Status = sallyport.MethodApp, sallyport.Active
	if err := tx.UpdateTechnician(ctx, t); err != nil {
		return err
	}
	if err := tx.SetPassword(ctx, t.ID, t.Generation, s.keys.Seal([]byte(p.PHC), passwordPlace(t.ID))); err != nil {
		return err
	}
	if err := s.retire(ctx, tx, m, c); err != nil {
		return err
	}
	m.technician, m.factor = t, nil
	event := audit.New(audit.RescueUsed, himself(t, c)).On(t).Changed(before, map[string]string{"method": string(t.Method), "status": string(t.Status)})
	if err := tx.InsertEvent(ctx, event.Event()); err != nil {
		return err
	}
	return s.tell(ctx, tx, NoticePasswordChanged, t, c)
}

// enrolAndCreate stores the confirmed app of a set-up and lets its owner in.
func (s *Service) enrolAndCreate(ctx context.Context, tx Tx, m *moment, t *try, p pending, out *Outcome) error {
	m.signIn.Proofs.Factor, m.signIn.Proofs.Enrolled, m.recoveryLeft = true, true, nil
	f := sallyport.Factor{Technician: m.technician.ID, Kind: sallyport.MethodApp, ProvedAt: m.now, UsedAt: m.now,
		Secret: s.keys.Seal(p.Secret, secretPlace(m.technician.ID)), LastStep: t.step, Offset: t.offset}
	if err := s.putFactor(ctx, tx, m.technician, f, t.client, out); err != nil {
		return err
	}
	return s.finish(ctx, tx, m, t.client, out)
}
