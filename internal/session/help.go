package session

import (
	"context"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/factor"
)

const (
	helpNote = 200 // characters that are kept of what he writes
	helpMost = 3   // requests an hour of one technician: each is a message to every administrator who may help
)

// errHelped says that the administrators know by now.
var errHelped = sallyport.E(sallyport.TooMany, "helped", "Your administrators have been told three times within the hour. Please call them.")

// errAlone says that there is nobody to be told.
var errAlone = sallyport.E(sallyport.Conflict, "nobody_to_ask", "No other administrator can help with this account. Whoever runs the server can: sallyport rescue.")

// Help tells the administrators that somebody is stuck after the right password, TooMany where they were told often enough,
// Conflict where there is none but himself.
// The number is for him to read out, so that they know whose voice it is.
func (s *Service) Help(ctx context.Context, signIn sallyport.Token, note string, c sallyport.Client) (string, error) {
	hash, ok := signIn.Hash()
	if !ok {
		return "", errOver
	}
	number := helpNumber(factor.NewCode())
	err := s.store.Write(ctx, func(tx Tx) error {
		m, err := at(ctx, tx, hash)
		if err != nil {
			return err
		}
		if m.technician.ID == "" {
			return sallyport.E(sallyport.Conflict, "nobody_to_ask", "There is no administrator yet. Start the server again for a new set-up address.")
		}
		asked, oldest, err := tx.CountHelp(ctx, m.technician.ID, m.now.Add(-time.Hour))
		if err != nil {
			return err
		}
		if asked >= helpMost {
			return errHelped.After(oldest.Add(time.Hour).Sub(m.now))
		}
		request := sallyport.HelpRequest{ID: sallyport.NewID(), Number: number, Technician: m.technician.ID, Note: cut(note, helpNote),
			Address: c.Address, Browser: c.Browser, CreatedAt: m.now}
		if err := tx.InsertHelp(ctx, request); err != nil {
			return err
		}
		told, err := s.tellAdministrators(ctx, tx, NoticeHelp, m.technician, NoticeData{Number: number, Address: c.Address, Browser: c.Browser})
		if err == nil && told == 0 {
			err = errAlone
		}
		if err != nil {
			return err
		}
		return tx.InsertEvent(ctx, audit.New(audit.SignInHelp, himself(m.technician, c)).On(m.technician).Event())
	})
	if err != nil {
		return "", err
	}
	s.messages.Wake()
	return number, nil
}

func cut(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n])
	}
	return text
}

// helpNumber makes the 4 digits that the technician reads out.
func helpNumber(digits string) string { return digits[:4] }
