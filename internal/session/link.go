package session

import (
	"context"
	"strings"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/factor"
	"sallyport/internal/identity"
	"sallyport/internal/login"
)

var errLink = sallyport.E(sallyport.Gone, "link_over", "This link was used already, has run out, or was replaced by a newer one.")

// Link looks at a one-use link of the given kind without consuming it.
func (s *Service) Link(ctx context.Context, kind sallyport.LinkKind, token sallyport.Token) (LinkPage, error) {
	hash, ok := token.Hash()
	if !ok {
		return LinkPage{}, errLink
	}
	var p LinkPage
	err := s.store.Read(ctx, func(tx Tx) error {
		link, t, err := openLink(ctx, tx, kind, hash)
		if err != nil {
			return err
		}
		set, err := tx.Settings(ctx)
		p = LinkPage{Kind: kind, UserName: t.UserName, Organisation: set.Organisation, PasswordMin: set.PasswordMin,
			ExpiresAt: link.ExpiresAt, Method: t.Method}
		if t.ID != "" {
			p.Name = t.Name()
		}
		return err
	})
	return p, err
}

// openLink reads a live link and its technician; the set-up link has none.
func openLink(ctx context.Context, tx Tx, kind sallyport.LinkKind, hash sallyport.Hash) (sallyport.Link, sallyport.Technician, error) {
	link, err := tx.Link(ctx, hash)
	if err != nil {
		return link, sallyport.Technician{}, err
	}
	if link.Kind != kind {
		return link, sallyport.Technician{}, errLink
	}
	if kind == sallyport.LinkSetup {
		empty, err := tx.IsEmpty(ctx)
		if err == nil && !empty {
			err = errSetupDone
		}
		return link, sallyport.Technician{}, err
	}
	t, err := tx.Technician(ctx, link.Technician)
	return link, t, err
}

var errSetupDone = sallyport.E(sallyport.Gone, "setup_done", "Set-up is done and never opens again. Please sign in.")

// CompleteLink does what the link is for. An invitation and a reset are consumed here; the set-up link and rescue
// only by the transaction that stores the account with its confirmed app, so an abandoned set-up spends nothing.
func (s *Service) CompleteLink(ctx context.Context, kind sallyport.LinkKind, token sallyport.Token, f LinkForm, c sallyport.Client) (Outcome, error) {
	hash, ok := token.Hash()
	if !ok {
		return Outcome{}, errLink
	}
	var t sallyport.Technician
	err := s.store.Read(ctx, func(tx Tx) (err error) {
		_, t, err = openLink(ctx, tx, kind, hash)
		return err
	})
	if err != nil {
		return Outcome{}, err
	}
	switch kind {
	case sallyport.LinkInvitation, sallyport.LinkReset:
		return s.completePassword(ctx, completion{kind, hash, t, c}, f.Password)
	case sallyport.LinkSetup, sallyport.LinkRescue:
		return s.beginSetup(ctx, completion{kind, hash, t, c}, f)
	}
	return Outcome{}, errLink
}

// completion is a link that is being completed.
type completion struct {
	kind   sallyport.LinkKind
	hash   sallyport.Hash
	t      sallyport.Technician
	client sallyport.Client
}

// completePassword consumes an invitation or a reset by the transaction that sets the password, and of an invitation also
// reaches the next step: what works once is not spent for nothing.
func (s *Service) completePassword(ctx context.Context, l completion, password string) (Outcome, error) {
	phc, err := s.newPassword(ctx, l.t, password)
	if err != nil {
		return Outcome{}, err
	}
	var out Outcome
	var m moment
	err = s.store.Write(ctx, func(tx Tx) error {
		m, out = moment{}, Outcome{}
		if err := tx.Hold(ctx, l.t.ID); err != nil {
			return err
		}
		if _, used, err := tx.ConsumeLink(ctx, l.hash); err != nil || !used {
			return orLinkOver(err)
		}
		t, err := tx.Technician(ctx, l.t.ID)
		if err != nil {
			return err
		}
		sealed := s.sealPassword(t.ID, phc)
		if l.kind == sallyport.LinkReset {
			return s.completeReset(ctx, tx, t, l.client, sealed)
		}
		if m, out.SignIn, err = s.acceptInvitation(ctx, tx, t, l.client, sealed); err != nil {
			return err
		}
		return s.reach(ctx, tx, &m, l.client, &out)
	})
	if err != nil {
		return Outcome{}, err
	}
	s.messages.Wake()
	switch {
	case out.Finished:
		out.SignIn = ""
	case out.SignIn != "":
		s.firstCode(ctx, &m, l.client)
	}
	return out, nil
}

func orLinkOver(err error) error {
	if err != nil {
		return err
	}
	return errLink
}

// completeReset sets the password and signs everybody of the account out, the acting browser included.
func (s *Service) completeReset(ctx context.Context, tx Tx, t sallyport.Technician, c sallyport.Client, sealed []byte) error {
	if t.Status != sallyport.Active {
		return errLink
	}
	if err := tx.SetPassword(ctx, t.ID, t.Generation, sealed); err != nil {
		return err
	}
	if err := raise(ctx, tx, &t, sallyport.EndedByPassword); err != nil {
		return err
	}
	if err := tx.InsertEvent(ctx, audit.New(audit.PasswordResetCompleted, himself(t, c)).On(t).Event()); err != nil {
		return err
	}
	return s.tell(ctx, tx, NoticePasswordChanged, t, c)
}

// acceptInvitation sets the first password, and begins the sign-in that goes straight on to the second factor.
func (s *Service) acceptInvitation(ctx context.Context, tx Tx, t sallyport.Technician, c sallyport.Client, sealed []byte) (m moment, token sallyport.Token, err error) {
	if t.Status != sallyport.Invited {
		return m, "", errLink
	}
	if err := tx.SetPassword(ctx, t.ID, t.Generation, sealed); err != nil {
		return m, "", err
	}
	if err := tx.Activate(ctx, t.ID, t.Generation); err != nil {
		return m, "", err
	}
	if err := tx.InsertEvent(ctx, audit.New(audit.InvitationAccepted, himself(t, c)).On(t).
		Changed(map[string]string{"status": string(sallyport.Invited)}, map[string]string{"status": string(sallyport.Active)}).Event()); err != nil {
		return m, "", err
	}
	token = sallyport.NewToken()
	hash, _ := token.Hash()
	now, err := tx.Now(ctx)
	if err != nil {
		return m, "", err
	}
	_, err = s.insertSignIn(ctx, tx, t, sallyport.SignIn{Hash: hash, CreatedAt: now, Purpose: sallyport.PurposeSignIn,
		Proofs: sallyport.Proofs{Password: true}, Address: c.Address, Browser: c.Browser})
	if err == nil {
		m, err = at(ctx, tx, hash)
	}
	return m, token, err
}

// beginSetup keeps the whole account in a sealed sign-in until its app is confirmed.
func (s *Service) beginSetup(ctx context.Context, l completion, f LinkForm) (Outcome, error) {
	p := pending{Secret: factor.NewSecret(), Link: l.hash, Kind: l.kind}
	t := l.t
	if l.kind == sallyport.LinkSetup {
		var err error
		if t, err = firstAccount(f); err != nil {
			return Outcome{}, err
		}
		p.FirstName, p.LastName, p.UserName, p.Email = t.FirstName, t.LastName, t.UserName, t.Email
	}
	phc, err := s.newPassword(ctx, t, f.Password)
	if err != nil {
		return Outcome{}, err
	}
	p.PHC = phc
	token := sallyport.NewToken()
	hash, _ := token.Hash()
	err = s.store.Write(ctx, func(tx Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		sealed, err := s.sealPending(l.t.ID, p)
		if err != nil {
			return err
		}
		_, err = s.insertSignIn(ctx, tx, l.t, sallyport.SignIn{Hash: hash, CreatedAt: now, Purpose: sallyport.PurposeSetup, Pending: sealed, PendingAt: now,
			Proofs: sallyport.Proofs{Password: true}, Address: l.client.Address, Browser: l.client.Browser})
		return err
	})
	if err != nil {
		return Outcome{}, err
	}
	return s.arrive(ctx, Outcome{SignIn: token}, l.client)
}

// firstAccount reads the set-up form; every wrong field is named at once.
func firstAccount(f LinkForm) (sallyport.Technician, error) {
	var t sallyport.Technician
	var fields []sallyport.Field
	note := func(name string, err error) {
		if err != nil {
			fields = append(fields, sallyport.Field{Name: name, Message: messageOf(err)})
		}
	}
	var err error
	t.FirstName, err = nameOrNone(f.FirstName)
	note("first_name", err)
	t.LastName, err = nameOrNone(f.LastName)
	note("last_name", err)
	t.Email, err = identity.Email(f.Email)
	note("email", err)
	name := f.UserName
	if name == "" {
		name = f.Email
	}
	t.UserName, t.UserNameKey, t.Skeleton, err = identity.UserName(name)
	if f.UserName != "" || t.Email != "" {
		note("user_name", err)
	}
	return t, sallyport.InvalidFields(fields)
}

// nameOrNone reads a name that may stay empty: without, he is called by his user name.
func nameOrNone(typed string) (string, error) {
	if strings.TrimSpace(typed) == "" {
		return "", nil
	}
	return identity.PersonName(typed)
}

func messageOf(err error) string {
	var e *sallyport.Error
	if asError(err, &e) {
		return e.Message
	}
	return "Please check this field."
}

// finishSetup stores the account with its confirmed app and consumes the link, all in the caller's transaction.
func (s *Service) finishSetup(ctx context.Context, tx Tx, m *moment, t *try, out *Outcome) error {
	p, err := s.openPending(m)
	if err != nil {
		return err
	}
	if err := tx.Hold(ctx, m.technician.ID); err != nil {
		return err
	}
	link, used, err := tx.ConsumeLink(ctx, p.Link)
	if err != nil || !used || link.Kind != p.Kind {
		return orLinkOver(err)
	}
	if m.step.Kind != login.Enrol {
		return login.ErrOutOfOrder
	}
	out.OlderCodes = m.factor != nil
	if p.Kind == sallyport.LinkSetup {
		err = s.storeFirst(ctx, tx, m, p, t.client)
	} else {
		err = s.storeRescued(ctx, tx, m, p, t.client)
	}
	if err != nil {
		return err
	}
	m.signIn.Technician = m.technician.ID
	return s.enrolAndCreate(ctx, tx, m, t, p, out)
}

// newPassword judges and hashes a password for t. Nothing is stored yet.
func (s *Service) newPassword(ctx context.Context, t sallyport.Technician, password string) (phc string, err error) {
	var set sallyport.Settings
	err = s.store.Read(ctx, func(tx Tx) (err error) {
		set, err = tx.Settings(ctx)
		return err
	})
	if err != nil {
		return "", err
	}
	if err := checkPassword(password, t, set); err != nil {
		return "", err
	}
	return s.hasher.Hash(ctx, password)
}
