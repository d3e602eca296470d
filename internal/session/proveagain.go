package session

import (
	"context"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/login"
)

const (
	stepUpTries = 3                // wrong answers that end the session (contract section 6; fixed)
	stepUpLife  = 10 * time.Second // how long one answer is waited for before the next is looked at
)

var (
	errGuessing = sallyport.E(sallyport.Unauthorized, "guessing", "Three wrong answers. You are signed out.")
	errBeside   = sallyport.E(sallyport.TooMany, "answer_beside", "Another answer of yours is being looked at. Please try again in a moment.").After(time.Second)
)

// provesSession reports whether the answer that is waited for proves a live session again: before a sensitive change, and
// before the app moves to another phone. The code that confirms the new phone proves nothing yet.
func (m *moment) provesSession() bool {
	return m.signIn.Purpose == sallyport.PurposeStepUp || m.signIn.Purpose == sallyport.PurposePhone && m.step.Kind != login.Enrol
}

// stillSignedIn refuses an answer for a session that is not usable any more: what its holder proves brings no session back that
// was idle for too long. An answer is a use of it.
func (s *Service) stillSignedIn(ctx context.Context, m *moment) error {
	if m.signIn.Session == (sallyport.Hash{}) {
		return nil
	}
	usable, err := s.checks.Check(ctx, m.signIn.Session)
	if err == nil && !usable {
		err = errOver
	}
	return err
}

// countProof counts an answer of a session that is asked for its proof again, before it is compared, and refuses it while
// another one is being looked at: one after the other, or more than three of them would be compared before it is known that
// three were wrong. It counts for the session, whichever tab it was given in. An answer whose end is lost in a crash counts
// as a wrong one, and the next is looked at when its time is over.
func (s *Service) countProof(ctx context.Context, tx Tx, t *try) (refused, err error) {
	if !t.m.provesSession() {
		return nil, nil
	}
	key := s.stepUpKey(t.m.signIn.Session)
	tries, err := tx.CountGuesses(ctx, []string{key})
	if err != nil {
		return nil, err
	}
	if tries[key] == 0 {
		return errBeside, nil
	}
	t.until = t.m.now.Add(stepUpLife)
	return nil, tx.SetGuessWait(ctx, key, t.until)
}

// provedInVain lets the next answer be looked at, and reports the third wrong one. Where this one took so long that others
// were looked at meanwhile it is counted anew, under the token that the session has by now.
func (s *Service) provedInVain(ctx context.Context, tx Tx, t *try) (over bool, err error) {
	if !t.m.provesSession() {
		return false, nil
	}
	key := s.stepUpKey(t.m.signIn.Session)
	held, err := tx.Guess(ctx, key)
	if err != nil {
		return false, err
	}
	if held.WaitUntil.Equal(t.until) {
		return held.Wrong >= stepUpTries, tx.TakeGuesses(ctx, key, 0, t.until)
	}
	tries, err := tx.CountGuesses(ctx, []string{key}, key)
	return tries[key] >= stepUpTries, err
}

// followGuesses counts for a session under the token to what was counted for it as from: an own change ends no row of wrong
// answers, for whoever knows the password would have as many as he likes.
func (s *Service) followGuesses(ctx context.Context, tx Tx, from sallyport.Hash, to sallyport.Token) error {
	n, err := tx.EndGuesses(ctx, s.stepUpKey(from))
	hash, _ := to.Hash()
	for range min(n, stepUpTries) {
		if _, err := tx.CountGuesses(ctx, []string{s.stepUpKey(hash)}); err != nil {
			return err
		}
	}
	return err
}

// notProved takes an answer back that could not be compared: whoever found no place at the hash has given no wrong one.
func (s *Service) notProved(ctx context.Context, t *try) error {
	if t.until.IsZero() {
		return nil
	}
	return s.counted(ctx, func(ctx context.Context, tx Tx) error {
		return tx.TakeGuesses(ctx, s.stepUpKey(t.m.signIn.Session), 1, t.until)
	})
}

func (s *Service) stepUpKey(session sallyport.Hash) string {
	return "s" + s.opaque("guess", string(session[:]))
}

// endGuessing ends the session whose holder could not prove it again.
func (s *Service) endGuessing(ctx context.Context, tx Tx, t *try) error {
	if _, err := tx.EndSession(ctx, t.m.signIn.Session, sallyport.EndedByGuessing); err != nil {
		return err
	}
	if _, err := tx.DeleteSignIn(ctx, t.signIn); err != nil {
		return err
	}
	if err := s.tell(ctx, tx, NoticeSessionEnded, t.m.technician, t.client); err != nil {
		return err
	}
	return tx.InsertEvent(ctx, audit.New(audit.SessionEnded, himself(t.m.technician, t.client)).On(t.m.technician).
		Because(string(sallyport.EndedByGuessing)).Event())
}
