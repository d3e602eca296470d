package account

import (
	"context"
	"slices"
	"time"

	"sallyport"
	"sallyport/internal/audit"
)

const (
	resetLife    = 24 * time.Hour     // of the link (contract section 5)
	emailRecency = 7 * 24 * time.Hour // who changed the email address approves no reset for so long
)

// WaitingResets lists the password resets that wait for an approval, one for each technician, and which of them the actor
// may approve. It needs technicians.read.
func (s *Service) WaitingResets(ctx context.Context, actor sallyport.Actor) ([]WaitingReset, error) {
	var waiting []WaitingReset
	err := s.store.Read(ctx, func(tx Tx) error {
		w, err := judge(ctx, tx, actor, sallyport.ReadTechnicians)
		if err != nil {
			return err
		}
		resets, err := tx.WaitingResets(ctx)
		if err != nil {
			return err
		}
		waiting = nil
		for _, asked := range byTechnician(resets) {
			row, err := waitingReset(ctx, tx, w, asked[0])
			if err != nil {
				return err
			}
			row.Earlier = asked[1:]
			waiting = append(waiting, row)
		}
		return nil
	})
	return waiting, err
}

// byTechnician gathers resets, the oldest first, by whom they are of, and turns each one's round. Who asked first comes first.
func byTechnician(resets []sallyport.PasswordReset) (all [][]sallyport.PasswordReset) {
	at := map[sallyport.TechnicianID]int{}
	for _, r := range resets {
		i, known := at[r.Technician]
		if !known {
			i, all = len(all), append(all, nil)
			at[r.Technician] = i
		}
		all[i] = slices.Insert(all[i], 0, r)
	}
	return all
}

func waitingReset(ctx context.Context, tx Tx, w who, r sallyport.PasswordReset) (WaitingReset, error) {
	t, err := tx.Technician(ctx, r.Technician)
	if err != nil {
		return WaitingReset{}, err
	}
	row := WaitingReset{PasswordReset: r, UserName: t.UserName, Name: t.Name(), Email: t.Email}
	why, err := whyNotApprove(ctx, tx, w, t)
	if why != nil {
		row.WhyNot = why.Message
	}
	row.MayApprove = why == nil
	row.Own = w.is(t.ID)
	row.MayDeny = w.may(sallyport.WriteTechnicians) && w.over(t) == nil
	return row, err
}

// whyNotApprove says why w may not approve a reset of t, nil when he may.
func whyNotApprove(ctx context.Context, tx Tx, w who, t sallyport.Technician) (*sallyport.Error, error) {
	if !w.may(sallyport.WriteTechnicians) {
		return sallyport.ErrForbidden, nil
	}
	if err := w.over(t); err != nil {
		return err.(*sallyport.Error), nil
	}
	if w.is(t.ID) {
		return errOwnApproval, nil
	}
	changed, err := changedEmail(ctx, tx, w, t)
	switch {
	case changed:
		return errChangedEmail, err
	case !w.open.email:
		return errNoEmail, err
	}
	return nil, err
}

// changedEmail reports whether w changed t's email address lately. The row remembers the last one who did; the audit
// log also knows those whom somebody has followed since.
func changedEmail(ctx context.Context, tx Tx, w who, t sallyport.Technician) (bool, error) {
	if w.host() {
		return false, nil
	}
	since := w.now.Add(-emailRecency)
	if t.EmailChangedBy == w.ID && t.EmailChangedAt.After(since) {
		return true, nil
	}
	f := sallyport.EventFilter{Actor: w.ID, Target: t.ID, Type: "technician.", From: since, Limit: eventsAtOnce}
	for {
		events, err := tx.Events(ctx, f)
		if err != nil || len(events) == 0 {
			return false, err
		}
		for _, e := range events {
			if _, ok := e.After[FieldEmail]; ok && e.Outcome == "ok" && e.Before != nil {
				return true, nil
			}
		}
		f.Before = events[len(events)-1].ID
	}
}

// ApproveReset sends the link of a waiting password reset to the technician's email address. It needs
// technicians.write and a fresh proof. Nobody approves his own, or one for an account whose address he changed in the
// last seven days.
func (s *Service) ApproveReset(ctx context.Context, actor sallyport.Actor, id string) error {
	return s.decideReset(ctx, actor, id, func(tx Tx, w who, t sallyport.Technician) error {
		why, err := whyNotApprove(ctx, tx, w, t)
		if err != nil {
			return err
		}
		if why != nil {
			return why
		}
		if err := w.fresh(); err != nil {
			return err
		}
		return s.approve(ctx, tx, w, t)
	})
}

func (s *Service) approve(ctx context.Context, tx Tx, w who, t sallyport.Technician) error {
	url, link := s.newLink(w, t, sallyport.LinkReset, resetLife)
	return firstErr(
		func() error { return tx.InsertLink(ctx, link) },
		func() error { return s.record(ctx, tx, w, entry{what: audit.PasswordResetApproved, on: t}) },
		func() error {
			return s.tell(ctx, tx, w, message{kind: NoticeReset, to: t, link: link.Hash, data: NoticeData{Link: url, Until: link.ExpiresAt}})
		},
	)
}

// DenyReset removes a waiting password reset, those asked for before with it, and tells the technician. It needs technicians.write.
func (s *Service) DenyReset(ctx context.Context, actor sallyport.Actor, id string) error {
	return s.decideReset(ctx, actor, id, func(tx Tx, w who, t sallyport.Technician) error {
		if err := s.record(ctx, tx, w, entry{what: audit.PasswordResetDenied, on: t}); err != nil {
			return err
		}
		return s.tell(ctx, tx, w, message{kind: NoticeResetRefused, to: t})
	})
}

// decideReset is the frame of both: the right, one decision only, a generation that still holds.
func (s *Service) decideReset(ctx context.Context, actor sallyport.Actor, id string, decide func(Tx, who, sallyport.Technician) error) error {
	var about sallyport.TechnicianID
	return s.attemptOn(ctx, actor, &about, func(tx Tx) error {
		w, err := judge(ctx, tx, actor, sallyport.WriteTechnicians)
		if err != nil {
			return err
		}
		r, err := tx.Reset(ctx, id)
		if err != nil {
			return err
		}
		about = r.Technician
		_, t, err := target(ctx, tx, actor, r.Technician, sallyport.WriteTechnicians)
		if err != nil {
			return err
		}
		if !r.Waiting || !w.now.Before(r.ExpiresAt) || r.Generation != t.Generation || t.Status != sallyport.Active {
			return errResetOver
		}
		if err := takeReset(ctx, tx, r); err != nil {
			return err
		}
		return decide(tx, w, t)
	})
}

// takeReset deletes r with what the same technician had asked for before: it is one question, and whoever answers it has seen
// them beside each other. What was asked for later waits.
func takeReset(ctx context.Context, tx Tx, r sallyport.PasswordReset) error {
	gone, err := tx.DeleteReset(ctx, r.ID)
	if err != nil {
		return err
	}
	if !gone {
		return errResetOver
	}
	waiting, err := tx.WaitingResets(ctx)
	for _, other := range waiting {
		if err == nil && other.Technician == r.Technician && !other.CreatedAt.After(r.CreatedAt) {
			_, err = tx.DeleteReset(ctx, other.ID)
		}
	}
	return err
}

var (
	errOwnApproval  = sallyport.E(sallyport.Forbidden, "own_approval", "Nobody approves their own password reset.")
	errChangedEmail = sallyport.E(sallyport.Forbidden, "changed_email", "You changed the email address of this account in the last seven days: somebody else must approve.")
	errResetOver    = sallyport.E(sallyport.Gone, "reset_over", "This request was decided already, or has run out.")
	errNoEmail      = sallyport.E(sallyport.Unavailable, "email_not_ready", "The link goes by email, and Email Settings are not proved.")
)
