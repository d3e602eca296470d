package account

import (
	"context"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/policy"
)

// NewForm is the form that Add begins with: the choices of method and the roles that the actor may give.
func (s *Service) NewForm(ctx context.Context, actor sallyport.Actor) (form Form, offer []policy.Choice, roles []sallyport.Role, err error) {
	err = s.store.Read(ctx, func(tx Tx) error {
		w, err := judge(ctx, tx, actor, sallyport.WriteTechnicians)
		if err != nil {
			return err
		}
		form = Form{Method: sallyport.MethodApp, Role: sallyport.ReadOnlyTechnician}
		offer, roles = choices(sallyport.Technician{Method: sallyport.MethodApp}, w.settings, w.open), w.givable()
		return nil
	})
	return form, offer, roles, err
}

// PreviewAdd says what Add would do with form: what it would refuse, and whether it would ask for a fresh proof. It needs
// technicians.write, and changes nothing.
func (s *Service) PreviewAdd(ctx context.Context, actor sallyport.Actor, form Form) (refusals []sallyport.Field, needsProof bool, err error) {
	err = s.store.Read(ctx, func(tx Tx) error {
		w, err := judge(ctx, tx, actor, sallyport.WriteTechnicians)
		if err != nil {
			return err
		}
		d, err := readForm(ctx, tx, w, sallyport.Technician{}, form)
		refusals, needsProof = d.wrong, mayBring(w, d.next) != nil
		return err
	})
	return refusals, needsProof, err
}

// Add makes an invited technician and his invitation. It needs technicians.write, and a fresh proof where the role
// can change other technicians. Wrong fields are sallyport.Invalid with Fields.
func (s *Service) Add(ctx context.Context, actor sallyport.Actor, form Form) (Added, error) {
	var added Added
	err := s.attempt(ctx, actor, "", func(tx Tx) error {
		w, err := judge(ctx, tx, actor, sallyport.WriteTechnicians)
		if err != nil {
			return err
		}
		t, err := newcomer(ctx, tx, w, form)
		if err != nil {
			return err
		}
		if err := mayBring(w, t); err != nil {
			return err
		}
		invited, err := s.welcome(ctx, tx, w, t, audit.TechnicianAdded)
		added = Added{ID: t.ID, InvitationLink: invited.Link, Sent: invited.Sent, ExpiresAt: invited.ExpiresAt}
		return err
	})
	if err != nil {
		return Added{}, err
	}
	return added, nil
}

// newcomer reads form into a technician who is not stored yet.
func newcomer(ctx context.Context, tx Tx, w who, form Form) (sallyport.Technician, error) {
	d, err := readForm(ctx, tx, w, sallyport.Technician{}, form)
	if err != nil {
		return sallyport.Technician{}, err
	}
	return d.newcomer(w), d.fields()
}

// newcomer is who the draft of somebody new makes.
func (d *draft) newcomer(w who) sallyport.Technician {
	t := d.next
	t.ID, t.Status = sallyport.TechnicianID(sallyport.NewID()), sallyport.Invited
	t.Generation, t.Version, t.CreatedAt = 1, 1, w.now
	return t
}

// mayBring asks for a fresh proof before somebody is brought in who can change other technicians.
func mayBring(w who, t sallyport.Technician) error {
	if sallyport.May(t.Role, sallyport.WriteTechnicians) {
		return w.fresh()
	}
	return nil
}

var errNoSuperAdmin = sallyport.E(sallyport.Conflict, "no_super_admin", "The first Super Admin comes before anybody else: open the one-use address "+
	"that “sallyport serve” gives, or add one here with the role super-admin.")

// afterFirst refuses a newcomer whom the host adds before there is a Super Admin: whoever is stored first closes set-up.
func afterFirst(ctx context.Context, tx Tx, w who, t sallyport.Technician) error {
	if !w.host() || t.Role == sallyport.SuperAdmin {
		return nil
	}
	empty, err := tx.IsEmpty(ctx)
	if err == nil && empty {
		err = errNoSuperAdmin
	}
	return err
}

// welcome stores a newcomer with his invitation and event.
func (s *Service) welcome(ctx context.Context, tx Tx, w who, t sallyport.Technician, what audit.Type) (Invited, error) {
	if err := afterFirst(ctx, tx, w, t); err != nil {
		return Invited{}, err
	}
	t = w.welcomed(t)
	if err := tx.InsertTechnician(ctx, t); err != nil {
		return Invited{}, takenField(err)
	}
	if err := s.record(ctx, tx, w, brought(t, what)); err != nil {
		return Invited{}, err
	}
	return s.invite(ctx, tx, w, t)
}

// welcomed is a newcomer as he is stored.
func (w who) welcomed(t sallyport.Technician) sallyport.Technician {
	if t.Method != sallyport.MethodOff {
		t.SetupUntil = w.invitedSetup()
	}
	return t
}

// brought is the event of a newcomer.
func brought(t sallyport.Technician, what audit.Type) entry {
	_, after := beforeAfter(sallyport.Technician{}, t)
	return entry{what: what, on: t, after: after}
}

// invite makes an invitation in the place of any older one: by email, or as a link to hand over while Email Settings
// are not proved.
func (s *Service) invite(ctx context.Context, tx Tx, w who, t sallyport.Technician) (Invited, error) {
	if _, err := tx.DeleteLinks(ctx, t.ID, sallyport.LinkInvitation); err != nil {
		return Invited{}, err
	}
	url, link := s.newLink(w, t, sallyport.LinkInvitation, w.settings.InvitationLife)
	if err := tx.InsertLink(ctx, link); err != nil {
		return Invited{}, err
	}
	if !w.open.email {
		return Invited{Link: url, ExpiresAt: link.ExpiresAt}, nil
	}
	err := s.tell(ctx, tx, w, invitation(t, url, link))
	return Invited{Sent: true, ExpiresAt: link.ExpiresAt}, err
}

func invitation(t sallyport.Technician, url string, link sallyport.Link) message {
	return message{kind: NoticeInvitation, to: t, link: link.Hash, data: NoticeData{Link: url, Until: link.ExpiresAt, Method: t.Method}}
}

var linkPaths = map[sallyport.LinkKind]string{sallyport.LinkInvitation: "/invitation/", sallyport.LinkReset: "/reset/",
	sallyport.LinkSetup: "/set-up/", sallyport.LinkRescue: "/rescue/"}

// newLink makes a one-use link: its address, which is given out once, and what is stored of it.
func (s *Service) newLink(w who, t sallyport.Technician, kind sallyport.LinkKind, life time.Duration) (string, sallyport.Link) {
	token := sallyport.NewToken()
	hash, _ := token.Hash()
	return s.publicURL + linkPaths[kind] + token.Reveal(), sallyport.Link{Hash: hash, Kind: kind, Technician: t.ID,
		Generation: t.Generation, CreatedAt: w.now, ExpiresAt: w.now.Add(life), CreatedBy: w.ID}
}

// ResendInvitation makes a fresh invitation in the place of an older one. It needs technicians.write, and a fresh proof
// where the role can change other technicians: the link may be shown, and whoever has it sets the password.
func (s *Service) ResendInvitation(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID) (Invited, error) {
	var invited Invited
	err := s.attempt(ctx, actor, id, func(tx Tx) error {
		w, t, err := target(ctx, tx, actor, id, sallyport.WriteTechnicians)
		if err != nil {
			return err
		}
		if t.Status != sallyport.Invited {
			return errNotInvited
		}
		if err := mayBring(w, t); err != nil {
			return err
		}
		if err := s.reopenSetup(ctx, tx, w, &t); err != nil {
			return err
		}
		if err := s.record(ctx, tx, w, entry{what: audit.InvitationSent, on: t}); err != nil {
			return err
		}
		invited, err = s.invite(ctx, tx, w, t)
		return err
	})
	if err != nil {
		return Invited{}, err
	}
	return invited, nil
}

// reopenSetup lets the set-up begin for as long as a fresh invitation lives.
func (s *Service) reopenSetup(ctx context.Context, tx Tx, w who, t *sallyport.Technician) error {
	if t.Method == sallyport.MethodOff {
		return nil
	}
	t.SetupUntil = w.invitedSetup()
	if err := tx.UpdateTechnician(ctx, *t); err != nil {
		return err
	}
	t.Version++
	return nil
}

var errNotInvited = sallyport.E(sallyport.Conflict, "not_invited", "This technician has accepted the invitation already.")
