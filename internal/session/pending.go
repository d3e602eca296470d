package session

import (
	"context"
	"encoding/json"

	"sallyport"
	"sallyport/internal/factor"
	"sallyport/internal/keyring"
	"sallyport/internal/login"
)

// pending is what a sign-in is setting up, sealed in its row. The set-up link and rescue keep the whole account here
// until the app is confirmed, so that nothing half-made is ever stored.
type pending struct {
	Secret    []byte         // TOTP
	Link      sallyport.Hash `json:",omitzero"` // the link that the last step consumes
	Kind      sallyport.LinkKind
	PHC       string `json:",omitempty"`
	FirstName string `json:",omitempty"`
	LastName  string `json:",omitempty"`
	UserName  string `json:",omitempty"`
	Email     string `json:",omitempty"`
}

func pendingPlace(id sallyport.TechnicianID) keyring.Place {
	return keyring.Place{Table: "sign_in", Row: string(id), Column: "pending"}
}

func (s *Service) sealPending(id sallyport.TechnicianID, p pending) ([]byte, error) {
	plain, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	return s.keys.Seal(plain, pendingPlace(id)), nil
}

// openPending is what m's sign-in sets up. Where that is nothing it came to its set-up by a change meanwhile, such as one that
// was opened again, and is over: the next one begins there.
func (s *Service) openPending(m *moment) (p pending, err error) {
	if len(m.signIn.Pending) == 0 {
		return p, errOver
	}
	plain, err := s.keys.Open(m.signIn.Pending, pendingPlace(m.technician.ID))
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(plain, &p)
}

// ensurePending gives a sign-in that sets up the app its secret, once: a reload shows the same one.
func (s *Service) ensurePending(ctx context.Context, tx Tx, m *moment) error {
	given, err := s.giveSecret(m)
	if err != nil || !given {
		return err
	}
	return tx.UpdateSignIn(ctx, m.signIn)
}

// giveSecret puts the secret of a set-up that begins, and its longer life, into m's sign-in. Given says that it did, and
// that the sign-in is to be stored.
func (s *Service) giveSecret(m *moment) (given bool, err error) {
	if m.step.Kind != login.Enrol || len(m.signIn.Pending) > 0 {
		return false, nil
	}
	m.signIn.Pending, err = s.sealPending(m.technician.ID, pending{Secret: factor.NewSecret()})
	m.signIn.PendingAt, m.signIn.ExpiresAt = m.now, m.now.Add(enrolLife)
	return err == nil, err
}
