package session

import (
	"context"

	"sallyport"
	"sallyport/internal/login"
)

// arrive readies the step that a sign-in has just reached: it finishes where nothing more is asked, makes the secret
// that the page shows, or sends the first code.
func (s *Service) arrive(ctx context.Context, out Outcome, c sallyport.Client) (Outcome, error) {
	hash, ok := out.SignIn.Hash()
	if !ok {
		return out, errOver
	}
	var m moment
	reached := out
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		out = reached
		if m, err = at(ctx, tx, hash); err != nil {
			return err
		}
		return s.reach(ctx, tx, &m, c, &out)
	})
	if err != nil {
		return Outcome{}, err
	}
	return s.reached(ctx, &m, c, out)
}

// reach is the part of arrive that belongs to the transaction in which the step was reached.
func (s *Service) reach(ctx context.Context, tx Tx, m *moment, c sallyport.Client, out *Outcome) error {
	if err := s.recordRun(ctx, tx, m, c); err != nil {
		return err
	}
	if m.step.Kind == login.Done {
		return s.finish(ctx, tx, m, c, out)
	}
	return s.ensurePending(ctx, tx, m)
}

// reached is what follows when that transaction has committed.
func (s *Service) reached(ctx context.Context, m *moment, c sallyport.Client, out Outcome) (Outcome, error) {
	if out.Finished {
		out.SignIn = ""
		return out, nil
	}
	if m.sends() {
		if err := s.send(ctx, m.signIn.Hash, c, false); err != nil && sallyport.KindOf(err) != sallyport.TooMany {
			return out, err
		}
	}
	return out, nil
}

// firstCode sends the first code of the step that m waits at, where that is answered with one. What led there is used up, and so
// the sign-in goes on where none could be sent: its page has a button for that.
func (s *Service) firstCode(ctx context.Context, m *moment, c sallyport.Client) {
	if !m.sends() {
		return
	}
	if err := s.send(ctx, m.signIn.Hash, c, false); err != nil && sallyport.KindOf(err) != sallyport.TooMany {
		s.log.WarnContext(ctx, "first code not sent", "request_id", c.RequestID, "error", err)
	}
}

// Page returns what the page of a sign-in shows now. It changes nothing.
func (s *Service) Page(ctx context.Context, token sallyport.Token) (Page, error) {
	hash, ok := token.Hash()
	if !ok {
		return Page{}, errOver
	}
	return s.page(ctx, hash)
}

// Again ends a sign-in at its owner's wish; the next one begins with the password.
func (s *Service) Again(ctx context.Context, token sallyport.Token) error {
	hash, ok := token.Hash()
	if !ok {
		return nil
	}
	return s.store.Write(ctx, func(tx Tx) error {
		_, err := tx.DeleteSignIn(ctx, hash)
		return err
	})
}
