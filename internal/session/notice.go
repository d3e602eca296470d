package session

import (
	"context"
	"time"

	"sallyport"
)

// NoticeKind names a message that tells a technician what happened to his account.
type NoticeKind string

const (
	NoticeEnrolled        NoticeKind = "factor-set-up"  // Method
	NoticeWrongCodes      NoticeKind = "wrong-codes"    // three wrong answers after the right password
	NoticeCodesPaused     NoticeKind = "codes-paused"   // a limit of messages was reached: What, Until, Left
	NoticeCodesPausedOf   NoticeKind = "paused-of"      // to administrators: Who, What, Until
	NoticeFactorOff       NoticeKind = "factor-off"     // switched off by too many wrong answers: Left
	NoticeRecoveryUsed    NoticeKind = "recovery-used"  // Left
	NoticeRecoveryOff     NoticeKind = "recovery-off"   // switched off by too many wrong ones: Shut where the factor is, too
	NoticeRecoveryNew     NoticeKind = "recovery-new"   // ten new ones were made
	NoticePasswordChanged NoticeKind = "password"       // by himself, by a reset or by rescue
	NoticeReset           NoticeKind = "password-reset" // Link, Until
	NoticeResetWaiting    NoticeKind = "reset-waiting"  // an administrator must approve it first
	NoticeResetAlone      NoticeKind = "reset-alone"    // and there is none who could
	NoticeResetToDecide   NoticeKind = "reset-decide"   // to administrators: Who asked
	NoticeHelp            NoticeKind = "help"           // to administrators: Who, Number
	NoticeSessionEnded    NoticeKind = "session-ended"  // three wrong answers when asked again: Method
)

// NoticeData are the words that a notice may need. What a kind does not name stays empty.
type NoticeData struct {
	Organisation string
	Name         string           // whom it is to, as people call him
	UserName     string           // the account it is about
	Link         string           // a one-use address
	Until        time.Time        // when the link ends, or the pause
	By           string           // the administrator who did it
	Who          string           // the technician whom a message to administrators is about
	What         string           // what was changed, or what is paused
	Method       sallyport.Method // the new method or factor
	Number       string           // the number of a request for help
	Left         int              // recovery codes left that are taken
	Shut         bool             // the second factor is switched off
	At           time.Time        // when it happened
	Address      string           // client address
	Browser      string
}

// tell queues a notice to t's mailbox in the caller's transaction.
func (s *Service) tell(ctx context.Context, tx Tx, kind NoticeKind, t sallyport.Technician, c sallyport.Client) error {
	return s.tellWith(ctx, tx, kind, t, NoticeData{Address: c.Address, Browser: c.Browser})
}

func (s *Service) tellWith(ctx context.Context, tx Tx, kind NoticeKind, t sallyport.Technician, d NoticeData) error {
	if t.Email == "" {
		return nil
	}
	message, err := s.notice(ctx, tx, kind, t, d)
	if err != nil {
		return err
	}
	return tx.InsertOutbox(ctx, message)
}

// notice is a message to t's mailbox, which the caller puts into the outbox.
func (s *Service) notice(ctx context.Context, tx Tx, kind NoticeKind, t sallyport.Technician, d NoticeData) (none sallyport.OutboxMessage, err error) {
	set, err := tx.Settings(ctx)
	if err != nil {
		return none, err
	}
	if d.At, err = tx.Now(ctx); err != nil {
		return none, err
	}
	if kind == NoticeRecoveryUsed || kind == NoticeFactorOff {
		if d.Left, err = tx.RecoveryLeft(ctx, t.ID); err != nil {
			return none, err
		}
	}
	if kind == NoticeFactorOff {
		d.Left = recoveryLeft(t, set, d.Left)
	}
	d.Shut = kind == NoticeRecoveryOff && factorOff(t, set)
	d.Name, d.Organisation, d.Method = t.Name(), set.Organisation, t.Method
	if d.UserName == "" {
		d.UserName = t.UserName
	}
	return s.messages.Notice(kind, t.Email, d)
}

// tellAdministrators queues a notice about t to every active administrator who may help him, and says how many these are.
func (s *Service) tellAdministrators(ctx context.Context, tx Tx, kind NoticeKind, t sallyport.Technician, d NoticeData) (told int, err error) {
	d.Who, d.UserName = t.Name()+" ("+t.UserName+")", t.UserName
	for _, role := range []sallyport.RoleID{sallyport.SuperAdmin, sallyport.Admin} {
		if t.Role == sallyport.SuperAdmin && role != sallyport.SuperAdmin {
			continue // only his like may act on a Super Admin
		}
		list, err := tx.TechniciansByRole(ctx, role)
		if err != nil {
			return 0, err
		}
		for _, admin := range list {
			if admin.Status != sallyport.Active || admin.ID == t.ID {
				continue
			}
			if err := s.tellWith(ctx, tx, kind, admin, d); err != nil {
				return 0, err
			}
			told++
		}
	}
	return told, nil
}
