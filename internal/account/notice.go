package account

import (
	"context"
	"time"

	"sallyport"
)

// Notices makes sealed messages for the outbox. It sends nothing.
type Notices interface {
	// Notice makes a message to an email address. The error is for an address that cannot be one.
	Notice(kind NoticeKind, to string, data NoticeData) (sallyport.OutboxMessage, error)
}

// NoticeKind names a message that this package asks for.
type NoticeKind string

const (
	NoticeInvitation    NoticeKind = "invitation"     // Link, Until
	NoticeInvitationOff NoticeKind = "invitation-off" // to the old address
	NoticeReset         NoticeKind = "password-reset" // Link, Until: an administrator approved it
	NoticeResetRefused  NoticeKind = "reset-refused"
	NoticeMethod        NoticeKind = "method-changed" // Method, Shut
	NoticeAccount       NoticeKind = "account"        // What, Shut
	NoticeFactorReset   NoticeKind = "factor-reset"
	NoticeSignedOut     NoticeKind = "signed-out"
	NoticeRescue        NoticeKind = "rescue" // Who
	NoticeDeactivated   NoticeKind = "deactivated"
)

// NoticeData are the words that a message may need. What a kind does not name stays empty.
type NoticeData struct {
	Organisation string
	Name         string           // whom it is to, as people call him
	UserName     string           // the account it is about
	Link         string           // a one-use address
	Until        time.Time        // when the link ends; also the message's own end
	By           string           // the administrator who did it
	Who          string           // the technician whom a message to administrators is about
	What         string           // what was changed, like "email address and role"
	Method       sallyport.Method // the new method
	Number       string           // the number of a request for help
	Left         int              // recovery codes left
	Shut         bool             // the account is deactivated, and stays so
	At           time.Time        // when it happened
	Address      string           // client address
	Browser      string
}

// tell puts a message to the technician into the outbox, in the transaction of the act that it tells of. While Email
// Settings are not proved there is no way to tell him, and nothing is kept.
func (s *Service) tell(ctx context.Context, tx Tx, w who, m message) error {
	if !w.open.email {
		return nil
	}
	letters, err := s.letters(w, m)
	if err != nil {
		return err
	}
	for _, letter := range letters {
		if err := tx.InsertOutbox(ctx, letter); err != nil {
			return err
		}
	}
	return nil
}

// letters are a message as it lies in the outbox, one for each address.
func (s *Service) letters(w who, m message) ([]sallyport.OutboxMessage, error) {
	m.data.Organisation, m.data.At, m.data.By = w.settings.Organisation, w.now, w.title()
	m.data.Name = m.to.Name()
	if m.data.UserName == "" {
		m.data.UserName = m.to.UserName
	}
	var letters []sallyport.OutboxMessage
	sent := map[string]bool{"": true}
	for _, address := range append([]string{m.to.Email}, m.also...) {
		if sent[address] {
			continue
		}
		sent[address] = true
		sealed, err := s.notices.Notice(m.kind, address, m.data)
		if err != nil {
			return nil, err
		}
		sealed.Link = m.link
		letters = append(letters, sealed)
	}
	return letters, nil
}

// message is one notice to one technician.
type message struct {
	kind NoticeKind
	to   sallyport.Technician
	also []string // further addresses, such as the old one
	data NoticeData
	link sallyport.Hash // that it brings, with which it is withdrawn
}

// title names the actor for the reader of a message. Nobody is told about the host's users.
func (w who) title() string {
	if w.host() {
		return ""
	}
	return w.row.Name()
}
