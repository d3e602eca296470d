package account

import (
	"context"
	"fmt"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/identity"
)

const (
	rescueLife = 15 * time.Minute // contract section 8
	setUpLife  = 24 * time.Hour
)

// Rescue makes a one-use link that sets a new password and enrols the Authenticator App, whatever the method was. It
// ends everything older of that technician and stands on every Super Admin's page until acknowledged. Only the host
// may: there is no way to it over the network.
func (s *Service) Rescue(ctx context.Context, actor sallyport.Actor, userName string) (link string, expires time.Time, err error) {
	if actor.Kind != sallyport.ActorHost {
		return "", time.Time{}, sallyport.ErrForbidden
	}
	var about sallyport.TechnicianID
	err = s.attemptOn(ctx, actor, &about, func(tx Tx) error {
		w, err := identify(ctx, tx, actor)
		if err != nil {
			return err
		}
		t, err := byUserName(ctx, tx, userName)
		if err != nil {
			return err
		}
		about = t.ID
		if t.Status == sallyport.Deactivated {
			return errRescueDeactivated
		}
		link, expires, err = s.rescue(ctx, tx, w, t)
		return err
	})
	if err != nil {
		return "", time.Time{}, err
	}
	return link, expires, nil
}

func byUserName(ctx context.Context, tx Tx, typed string) (sallyport.Technician, error) {
	_, key, _, err := identity.UserName(typed)
	if err != nil {
		return sallyport.Technician{}, errNoSuchUser
	}
	t, found, err := other(ctx, tx.TechnicianByKey, key)
	if err == nil && !found {
		err = errNoSuchUser
	}
	return t, err
}

func (s *Service) rescue(ctx context.Context, tx Tx, w who, t sallyport.Technician) (string, time.Time, error) {
	raised, err := tx.Raise(ctx, t.ID, sallyport.EndedByAdmin)
	if err != nil {
		return "", time.Time{}, err
	}
	t.Generation = raised.Generation
	url, link := s.newLink(w, t, sallyport.LinkRescue, rescueLife)
	notice := sallyport.Notice{ID: sallyport.NewID(), Type: string(audit.RescueIssued), CreatedAt: w.now,
		Text: fmt.Sprintf("A rescue link for %s was made on the host by %s.", t.UserName, w.Name)}
	return url, link.ExpiresAt, firstErr(
		func() error { return tx.InsertLink(ctx, link) },
		func() error { return tx.InsertNotice(ctx, notice) },
		func() error { return s.record(ctx, tx, w, entry{what: audit.RescueIssued, on: t}) },
		func() error { return s.tellAdmins(ctx, tx, w, t) },
	)
}

// tellAdmins sends word of a rescue to every active Super Admin.
func (s *Service) tellAdmins(ctx context.Context, tx Tx, w who, about sallyport.Technician) error {
	admins, err := tx.TechniciansByRole(ctx, sallyport.SuperAdmin)
	if err != nil {
		return err
	}
	for _, a := range admins {
		if a.Status != sallyport.Active {
			continue
		}
		if err := s.tell(ctx, tx, w, message{kind: NoticeRescue, to: a, data: NoticeData{Who: about.Name(), UserName: about.UserName}}); err != nil {
			return err
		}
	}
	return nil
}

// Notices returns what the actor has not acknowledged yet; nothing for everybody but Super Admins.
func (s *Service) Notices(ctx context.Context, actor sallyport.Actor) ([]sallyport.Notice, error) {
	var open []sallyport.Notice
	err := s.store.Read(ctx, func(tx Tx) error {
		w, err := identify(ctx, tx, actor)
		if err != nil || w.host() || !w.may(sallyport.ManageSuperAdmins) {
			return err
		}
		open, err = tx.OpenNotices(ctx, w.ID)
		return err
	})
	return open, err
}

// AckNotice acknowledges one notice for the actor alone, once. It needs superadmins.manage.
func (s *Service) AckNotice(ctx context.Context, actor sallyport.Actor, id string) error {
	return s.attempt(ctx, actor, "", func(tx Tx) error {
		w, err := judge(ctx, tx, actor, sallyport.ManageSuperAdmins)
		if err != nil {
			return err
		}
		if w.host() {
			return sallyport.ErrForbidden
		}
		if first, err := tx.AckNotice(ctx, id, w.ID); err != nil || !first {
			return err
		}
		return s.record(ctx, tx, w, entry{what: audit.RescueAcknowledged, on: w.row, reason: id})
	})
}

// FirstLink makes the one-use link of the first Super Admin, in the place of any older one. made is false once there
// was a technician: set-up never opens again.
func (s *Service) FirstLink(ctx context.Context) (link string, made bool, err error) {
	err = s.store.Write(ctx, func(tx Tx) error {
		link, made = "", false // the function may run again
		empty, err := tx.IsEmpty(ctx)
		if err != nil || !empty {
			return err
		}
		w := who{Actor: sallyport.Actor{Kind: sallyport.ActorSystem, Name: "sallyport"}}
		if w.now, err = tx.Now(ctx); err != nil {
			return err
		}
		if _, err := tx.DeleteLinks(ctx, "", sallyport.LinkSetup); err != nil {
			return err
		}
		url, stored := s.newLink(w, sallyport.Technician{}, sallyport.LinkSetup, setUpLife)
		if err := tx.InsertLink(ctx, stored); err != nil {
			return err
		}
		link, made = url, true
		return nil
	})
	if err != nil {
		return "", false, err
	}
	return link, made, nil
}

var (
	errNoSuchUser        = sallyport.E(sallyport.NotFound, "no_such_user", "There is no technician of that user name.")
	errRescueDeactivated = sallyport.E(sallyport.Conflict, "deactivated", "This account is deactivated. Activate it first.")
)
