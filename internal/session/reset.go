package session

import (
	"context"
	"slices"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/identity"
)

const (
	resetLife = 24 * time.Hour // of a password-reset link (contract section 5; fixed)
	resetHour = 3              // resets an hour
	resetDay  = 5              // resets a day
)

// resetsAtOnce bounds the work that asking for resets may cause at one time.
const resetsAtOnce = 64

// AskReset begins "forgotten password" for a user name or email address. The answer comes before anything was looked
// up, so it is the same, and takes the same work, whether or not there is such an account. Unavailable when very many
// ask at once.
func (s *Service) AskReset(ctx context.Context, typed string, c sallyport.Client) error {
	select {
	case s.resets <- struct{}{}:
	default:
		return sallyport.E(sallyport.Unavailable, "busy", "Very many people ask right now. Please try again in a moment.").After(time.Second)
	}
	s.sending.Go(func() {
		defer func() { <-s.resets }()
		err := s.counted(ctx, func(ctx context.Context, tx Tx) error { return s.beginReset(ctx, tx, typed, c) })
		if err != nil {
			s.log.ErrorContext(ctx, "password reset", "request_id", c.RequestID, "error", err)
		}
		s.messages.Wake()
	})
	return nil
}

// beginReset does what AskReset promised, in one transaction.
func (s *Service) beginReset(ctx context.Context, tx Tx, typed string, c sallyport.Client) error {
	t, ok, err := findForReset(ctx, tx, typed)
	if err != nil {
		return err
	}
	event := audit.New(audit.PasswordResetAsked, nobody(c))
	if !ok {
		return tx.InsertEvent(ctx, event.Outcome("refused").Event())
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	spent, err := resetsSpent(ctx, tx, t.ID, now)
	if err != nil {
		return err
	}
	if spent {
		return tx.InsertEvent(ctx, event.On(t).Outcome("refused").Because("too many").Event())
	}
	if err := tx.InsertEvent(ctx, event.On(t).Event()); err != nil {
		return err
	}
	return s.openReset(ctx, tx, t, c)
}

// findForReset finds the one active account of a user name, or else of an email address. An address that several of them share
// names none.
func findForReset(ctx context.Context, tx Tx, typed string) (sallyport.Technician, bool, error) {
	_, key, _, invalid := identity.UserName(typed)
	if invalid != nil {
		key = "?"
	}
	t, err := tx.TechnicianByKey(ctx, key)
	if err != nil && sallyport.KindOf(err) != sallyport.NotFound {
		return t, false, err
	}
	email, invalid := identity.Email(typed)
	if invalid != nil {
		email = "?"
	}
	list, err := tx.TechniciansByEmail(ctx, email)
	if err != nil {
		return t, false, err
	}
	active := func(t sallyport.Technician) bool { return t.ID != "" && t.Status == sallyport.Active }
	if list = slices.DeleteFunc(list, func(t sallyport.Technician) bool { return !active(t) }); !active(t) && len(list) == 1 {
		t = list[0]
	}
	return t, active(t) && t.Email != "", nil
}

func resetsSpent(ctx context.Context, tx Tx, id sallyport.TechnicianID, now time.Time) (bool, error) {
	hour, err := tx.CountResets(ctx, id, now.Add(-time.Hour))
	if err != nil {
		return false, err
	}
	day, err := tx.CountResets(ctx, id, now.Add(-24*time.Hour))
	return hour >= resetHour || day >= resetDay, err
}

// openReset sends the link, or lets the reset wait for an administrator wherever nothing outside the mailbox would be
// asked for after it.
func (s *Service) openReset(ctx context.Context, tx Tx, t sallyport.Technician, c sallyport.Client) error {
	if err := tx.NoteReset(ctx, t.ID); err != nil {
		return err
	}
	f, err := tx.Factor(ctx, t.ID)
	if err != nil {
		return err
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	if mailboxAlone(t, f) {
		reset := sallyport.PasswordReset{ID: sallyport.NewID(), Technician: t.ID, Generation: t.Generation, Waiting: true,
			Address: c.Address, CreatedAt: now, ExpiresAt: now.Add(resetLife)}
		if err := tx.InsertReset(ctx, reset); err != nil {
			return err
		}
		if err := tx.InsertEvent(ctx, audit.New(audit.PasswordResetWaiting, nobody(c)).On(t).Event()); err != nil {
			return err
		}
		told, err := s.tellAdministrators(ctx, tx, NoticeResetToDecide, t, NoticeData{Address: c.Address, Browser: c.Browser})
		if err != nil {
			return err
		}
		if told == 0 {
			return s.tell(ctx, tx, NoticeResetAlone, t, c)
		}
		return s.tell(ctx, tx, NoticeResetWaiting, t, c)
	}
	token := sallyport.NewToken()
	hash, _ := token.Hash()
	link := sallyport.Link{Hash: hash, Kind: sallyport.LinkReset, Technician: t.ID, Generation: t.Generation, CreatedAt: now, ExpiresAt: now.Add(resetLife)}
	if err := tx.InsertLink(ctx, link); err != nil {
		return err
	}
	m, err := s.notice(ctx, tx, NoticeReset, t, NoticeData{Link: s.public + "/reset/" + token.Reveal(), Until: link.ExpiresAt, Address: c.Address, Browser: c.Browser})
	if err != nil {
		return err
	}
	m.Link = hash
	return tx.InsertOutbox(ctx, m)
}

// mailboxAlone reports whether the mailbox would be all that a sign-in after the reset asks for (contract section 5).
func mailboxAlone(t sallyport.Technician, f *sallyport.Factor) bool {
	return t.Method == sallyport.MethodEmail || t.Method == sallyport.MethodOff || !f.Serves(t)
}
