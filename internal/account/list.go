package account

import (
	"context"

	"sallyport"
)

// Pages have 50 rows where nobody asks for another number, and at most 200.
const (
	usualSize = 50
	mostSize  = 200
)

func pageAndSize(page, size int) (int, int) {
	if size < 1 {
		size = usualSize
	}
	return max(page, 1), min(size, mostSize)
}

// List returns one page of the technicians list. It needs technicians.read.
func (s *Service) List(ctx context.Context, actor sallyport.Actor, f sallyport.Filter) (Page, error) {
	f.Page, f.Size = pageAndSize(f.Page, f.Size)
	var page Page
	err := s.store.Read(ctx, func(tx Tx) error {
		w, err := judge(ctx, tx, actor, sallyport.ReadTechnicians)
		if err != nil {
			return err
		}
		page = Page{Now: w.now, MayAdd: w.may(sallyport.WriteTechnicians), MayOff: w.settings.PermitOff, Roles: w.givable()}
		if page.Counts, err = tx.TeamCounts(ctx); err != nil {
			return err
		}
		page.Rows, page.Total, err = tx.Rows(ctx, f)
		for i := range page.Rows {
			page.Rows[i].Technician = w.shown(page.Rows[i].Technician)
		}
		return err
	})
	return page, err
}

// Everybody returns those whom the filter matches, at most so many, as they are at one moment. It needs technicians.read.
func (s *Service) Everybody(ctx context.Context, actor sallyport.Actor, f sallyport.Filter, most int) (ids []sallyport.TechnicianID, err error) {
	err = s.store.Read(ctx, func(tx Tx) error {
		if _, err := judge(ctx, tx, actor, sallyport.ReadTechnicians); err != nil {
			return err
		}
		ids, err = tx.Matching(ctx, f, most)
		return err
	})
	return ids, err
}

// Technician returns what one technician's page shows. It needs technicians.read.
func (s *Service) Technician(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID) (Detail, error) {
	var d Detail
	err := s.store.Read(ctx, func(tx Tx) error {
		w, err := judge(ctx, tx, actor, sallyport.ReadTechnicians)
		if err != nil {
			return err
		}
		t, err := tx.Technician(ctx, id)
		if err != nil {
			return err
		}
		d, err = detail(ctx, tx, w, t)
		return err
	})
	return d, err
}

func detail(ctx context.Context, tx Tx, w who, t sallyport.Technician) (Detail, error) {
	d := Detail{Technician: w.shown(t), Self: w.is(t.ID), Roles: w.givable(), MayOff: w.settings.PermitOff, Now: w.now}
	d.Role, _ = sallyport.RoleByID(t.Role)
	h, err := hold(ctx, tx, t.ID)
	if err != nil {
		return d, err
	}
	d.Factor, d.RecoveryLeft, d.SetUp = summary(h.factor, d.Technician, w.settings), h.left, h.factor.Serves(t)
	d.RecoveryOff = t.RecoveryRun >= w.settings.FactorRun
	d.SetupOpen = needsSetup(t, h.factor) && w.now.Before(t.SetupUntil)
	d.AsksCode = needsSetup(t, h.factor) && h.factor == nil && t.EnrolmentNeeded && w.settings.EnrolmentCodes
	d.Choices = choices(t, w.settings, w.open)
	d.May = rights(w, t, needsSetup(t, h.factor) && !w.shut(t, h.factor))
	if err := w.over(t); err != nil {
		d.WhyNot = err.(*sallyport.Error).Message
	}
	return d, d.rest(ctx, tx, w)
}

// rest reads what lies beside the technician.
func (d *Detail) rest(ctx context.Context, tx Tx, w who) (err error) {
	id := d.Technician.ID
	if w.may(sallyport.ReadSessions) {
		if d.Sessions, err = tx.SessionsOf(ctx, id); err != nil {
			return err
		}
	}
	if d.AsksCode {
		code, err := tx.EnrolmentCode(ctx, id)
		if err != nil {
			return err
		}
		if code != nil {
			d.CodeUntil = code.ExpiresAt
		}
	}
	if d.Invitation, err = tx.LiveLink(ctx, id, sallyport.LinkInvitation); err != nil {
		return err
	}
	if !w.may(sallyport.ReadAudit) {
		return nil
	}
	d.LastChange, err = lastChange(ctx, tx, id)
	return err
}

func summary(f *sallyport.Factor, t sallyport.Technician, s sallyport.Settings) *FactorSummary {
	if f == nil {
		return nil
	}
	return &FactorSummary{Kind: f.Kind, Serves: f.Serves(t), Opens: needsSetup(t, f) && s.OpenerRequired, Address: f.Address, ProvedAt: f.ProvedAt, UsedAt: f.UsedAt,
		Disabled: t.FactorDisabled}
}

// rights are what w may do to t now, as far as a page can know before it asks.
func rights(w who, t sallyport.Technician, needs bool) Rights {
	if w.over(t) != nil {
		return Rights{}
	}
	edit, active := w.may(sallyport.WriteTechnicians), t.Status == sallyport.Active
	return Rights{
		Edit:       edit,
		Reset:      edit && active && t.Method != sallyport.MethodOff && !w.is(t.ID),
		OpenSetup:  edit && active && needs && !w.is(t.ID),
		SignOut:    w.may(sallyport.EndSessions) && active,
		Resend:     edit && t.Status == sallyport.Invited,
		Deactivate: edit && t.Status != sallyport.Deactivated,
		Activate:   edit && t.Status == sallyport.Deactivated,
		Delete:     edit,
	}
}
