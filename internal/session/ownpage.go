package session

import (
	"context"

	"sallyport"
	"sallyport/internal/audit"
)

// ownSessions is how many of his other sessions the own page shows at once.
const ownSessions = 20

// Own is the own page of the technician whose session acts, with the given page, from 1, of his other sessions. A page beyond the last is the
// last.
func (s *Service) Own(ctx context.Context, actor sallyport.Actor, page int) (OwnPage, error) {
	var p OwnPage
	err := s.store.Read(ctx, func(tx Tx) (err error) {
		p = OwnPage{}
		if p.Settings, err = tx.Settings(ctx); err != nil {
			return err
		}
		if p.Current, p.Technician, err = tx.Session(ctx, actor.Session, sallyport.AnyIdle); err != nil {
			return err
		}
		p.Role, _ = sallyport.RoleByID(p.Technician.Role)
		if p.Now, err = tx.Now(ctx); err != nil {
			return err
		}
		if p.RecoveryLeft, err = tx.RecoveryLeft(ctx, p.Technician.ID); err != nil {
			return err
		}
		p.RecoveryLeft = recoveryLeft(p.Technician, p.Settings, p.RecoveryLeft)
		f, err := tx.Factor(ctx, p.Technician.ID)
		if err != nil {
			return err
		}
		if f.Serves(p.Technician) {
			p.SetUp, p.FactorAt, p.FactorUsed = true, f.ProvedAt, f.UsedAt
		}
		p.MayRecovery = p.SetUp
		p.MayNewPhone = p.SetUp && p.Technician.Method == sallyport.MethodApp
		p.PhoneProved = provesPhone(p.Current, p.Now)
		return p.others(ctx, tx, page)
	})
	return p, err
}

// others reads one page of the sessions beside the current one.
func (p *OwnPage) others(ctx context.Context, tx Tx, page int) error {
	f := sallyport.SessionFilter{Technician: p.Technician.ID, Except: p.Current.Hash, Page: max(page, 1), Size: ownSessions}
	rows, total, err := tx.Sessions(ctx, f)
	if last := (total + ownSessions - 1) / ownSessions; err == nil && total > 0 && f.Page > last {
		f.Page = last
		rows, total, err = tx.Sessions(ctx, f)
	}
	if err != nil {
		return err
	}
	p.Page, p.Size, p.Total = f.Page, f.Size, total
	for _, row := range rows {
		p.Others = append(p.Others, row.Session)
	}
	return nil
}

// EndOwn ends one of the actor's own sessions, ErrNotFound when it is not his or over.
func (s *Service) EndOwn(ctx context.Context, actor sallyport.Actor, hash sallyport.Hash) error {
	return s.store.Write(ctx, func(tx Tx) error {
		_, t, err := tx.Session(ctx, hash, sallyport.AnyIdle)
		if sallyport.KindOf(err) == sallyport.Unauthorized || err == nil && t.ID != actor.ID {
			return sallyport.ErrNotFound
		}
		if err != nil {
			return err
		}
		return s.end(ctx, tx, hash, actor, t)
	})
}

// EndOthers ends every session of the actor's but the one that acts, and says how many.
func (s *Service) EndOthers(ctx context.Context, actor sallyport.Actor) (int, error) {
	n := 0
	err := s.store.Write(ctx, func(tx Tx) error {
		_, t, err := s.acting(ctx, tx, actor)
		if err != nil {
			return err
		}
		if err := tx.Hold(ctx, t.ID); err != nil {
			return err
		}
		ended, err := tx.EndSessions(ctx, t.ID, actor.Session, sallyport.EndedByOwner)
		if err != nil {
			return err
		}
		n = len(ended)
		for range ended {
			if err := tx.InsertEvent(ctx, ownEnd(actor, t)); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// acting reads the session that acts, and its technician; ErrUnauthorized when it is not the actor's any more.
func (s *Service) acting(ctx context.Context, tx Tx, actor sallyport.Actor) (sallyport.Session, sallyport.Technician, error) {
	session, t, err := tx.Session(ctx, actor.Session, sallyport.AnyIdle)
	if err == nil && t.ID != actor.ID {
		err = sallyport.ErrUnauthorized
	}
	return session, t, err
}

// ownEnd is the event of a session that its owner ended.
func ownEnd(actor sallyport.Actor, t sallyport.Technician) sallyport.Event {
	return audit.New(audit.SessionEnded, actor).On(t).Because(string(sallyport.EndedByOwner)).Event()
}
