package session

import (
	"context"
	"errors"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/login"
	"sallyport/internal/policy"
)

// Actor is who acts through a session, read anew for each page: ErrUnauthorized unless the session is usable now, another
// error where that could not be looked up.
func (s *Service) Actor(ctx context.Context, token sallyport.Token, c sallyport.Client) (sallyport.Actor, sallyport.Technician, error) {
	hash, ok := token.Hash()
	if !ok {
		return sallyport.Actor{}, sallyport.Technician{}, sallyport.ErrUnauthorized
	}
	usable, err := s.checks.Check(ctx, hash)
	if err == nil && !usable {
		err = sallyport.ErrUnauthorized
	}
	if err != nil {
		return sallyport.Actor{}, sallyport.Technician{}, err
	}
	var session sallyport.Session
	var t sallyport.Technician
	err = s.store.Read(ctx, func(tx Tx) (err error) {
		session, t, err = tx.Session(ctx, hash, sallyport.AnyIdle)
		return err
	})
	if err != nil {
		return sallyport.Actor{}, sallyport.Technician{}, err
	}
	actor := himself(t, c)
	actor.Session, actor.ProvedAt, actor.EndsAt = hash, session.ProvedAt, session.ExpiresAt
	return actor, t, nil
}

// Check reports whether token is a usable session now. Where that could not be looked up it is an error of the kind
// Unavailable: neither a yes nor a no. It is the hot path: no write, no log line, no allocation that lasts.
func (s *Service) Check(ctx context.Context, token sallyport.Token) (bool, error) {
	hash, ok := token.Hash()
	if !ok {
		return false, nil
	}
	return s.Usable(ctx, hash)
}

// Usable is Check for who knows a session by its hash alone.
func (s *Service) Usable(ctx context.Context, hash sallyport.Hash) (bool, error) {
	return s.checks.Check(ctx, hash)
}

// couldNotLook is err as a check answers it, whatever kind of error it was.
func couldNotLook(err error) error {
	if sallyport.KindOf(err) == sallyport.Unavailable {
		return err
	}
	return sallyport.ErrUnavailable.Because(err)
}

// SignOut ends the session of token. Ending one that is over already is no error.
func (s *Service) SignOut(ctx context.Context, token sallyport.Token, c sallyport.Client) error {
	hash, ok := token.Hash()
	if !ok {
		return nil
	}
	return s.store.Write(ctx, func(tx Tx) error {
		_, t, err := tx.Session(ctx, hash, sallyport.AnyIdle)
		if sallyport.KindOf(err) == sallyport.Unauthorized {
			return nil
		}
		if err != nil {
			return err
		}
		return s.end(ctx, tx, hash, himself(t, c), t)
	})
}

func (s *Service) end(ctx context.Context, tx Tx, hash sallyport.Hash, actor sallyport.Actor, t sallyport.Technician) error {
	if err := tx.Hold(ctx, t.ID); err != nil {
		return err
	}
	ended, err := tx.EndSession(ctx, hash, sallyport.EndedByOwner)
	if err != nil || !ended {
		return err
	}
	return tx.InsertEvent(ctx, ownEnd(actor, t))
}

// EndedReason says why the session of token ended, to whoever still holds it; false when that is not known any more, or
// could not be looked up. That is an error in the log alone, unless he hung up: the session is over either way, and its owner can sign in.
func (s *Service) EndedReason(ctx context.Context, token sallyport.Token, c sallyport.Client) (reason sallyport.EndReason, known bool) {
	hash, ok := token.Hash()
	if !ok {
		return "", false
	}
	err := s.store.Read(ctx, func(tx Tx) (err error) {
		reason, known, err = tx.EndedReason(ctx, hash)
		return err
	})
	if err != nil && ctx.Err() == nil {
		s.log.ErrorContext(ctx, "why a session ended could not be looked up", "request_id", c.RequestID, "error", err)
	}
	if err != nil {
		return "", false
	}
	return reason, known
}

// own reads what an own change needs: the acting session as it is now, and the moment around its technician.
func (s *Service) own(ctx context.Context, tx Tx, actor sallyport.Actor) (m moment, session sallyport.Session, err error) {
	if session, m.technician, err = s.acting(ctx, tx, actor); err != nil {
		return m, session, err
	}
	return m, session, m.read(ctx, tx)
}

// fresh refuses a sensitive change when the session's last proof is too old.
func fresh(m *moment, session sallyport.Session) error {
	if m.now.Sub(session.ProvedAt) > m.settings.StepUpAfter {
		return sallyport.ErrStepUp
	}
	return nil
}

// ChangePassword sets the actor's own password. Everything but the acting session ends; that goes on under a new token. The
// password is its proof only where the method is Off. Whether the new one will do is said first: whoever has to think of
// another has given no wrong one.
func (s *Service) ChangePassword(ctx context.Context, actor sallyport.Actor, old, password string) (Outcome, error) {
	if err := s.judgeOwn(ctx, actor, password); err != nil {
		return Outcome{}, err
	}
	g, err := s.countOwnGuess(ctx, actor)
	if err != nil {
		return Outcome{}, s.unopened(ctx, actor, g.technician, err)
	}
	ok, _, err := s.hasher.Verify(ctx, g.phc, old, true)
	if err != nil {
		return Outcome{}, s.notCompared(ctx, g, err)
	}
	if !ok {
		return Outcome{}, s.wrongOwnPassword(ctx, actor, g.technician)
	}
	phc, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return Outcome{}, s.notCompared(ctx, g, err)
	}
	var out Outcome
	err = s.store.Write(ctx, func(tx Tx) error {
		out = Outcome{}
		m, session, err := s.own(ctx, tx, actor)
		if err != nil {
			return err
		}
		if m.technician.Method == sallyport.MethodOff {
			session.ProvedAt = m.now
		}
		if err := g.right(ctx, tx); err != nil {
			return err
		}
		token := sallyport.NewToken()
		if m.technician.Method != sallyport.MethodOff { // else the password was the proof, and right
			if err := s.followGuesses(ctx, tx, actor.Session, token); err != nil {
				return err
			}
		}
		if err := tx.SetPassword(ctx, actor.ID, m.technician.Generation, s.sealPassword(actor.ID, phc)); err != nil {
			return err
		}
		event := audit.New(audit.PasswordChanged, actor).On(m.technician)
		if err := tx.InsertEvent(ctx, event.Event()); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, NoticePasswordChanged, m.technician, actor.Client); err != nil {
			return err
		}
		return s.survive(ctx, tx, survival{&m.technician, session, &m, sallyport.EndedByPassword, token}, &out)
	})
	s.messages.Wake()
	return out, err
}

// ownPasswordChange is where a password was tried, in events.
const ownPasswordChange = "own password change"

// judgeOwn says what is wrong with a new password of the actor's.
func (s *Service) judgeOwn(ctx context.Context, actor sallyport.Actor, password string) error {
	var m moment
	err := s.store.Read(ctx, func(tx Tx) (err error) {
		m, _, err = s.own(ctx, tx, actor)
		return err
	})
	if err != nil {
		return err
	}
	return checkPassword(password, m.technician, m.settings)
}

func (s *Service) wrongOwnPassword(ctx context.Context, actor sallyport.Actor, t sallyport.Technician) error {
	err := s.counted(ctx, func(ctx context.Context, tx Tx) error {
		return tx.InsertEvent(ctx, audit.New(audit.SignInPasswordWrong, actor).On(t).Because(ownPasswordChange).Event())
	})
	if err != nil {
		return err
	}
	return sallyport.InvalidField("old_password", "That is not your password.")
}

// countOwnGuess counts a try of the own password like any other guess, in the account's own lane.
func (s *Service) countOwnGuess(ctx context.Context, actor sallyport.Actor) (guess, error) {
	g := guess{phc: s.dummy.hash(), known: true, counters: []counter{{key: "o" + s.opaque("guess", string(actor.ID)), wait: policy.PasswordWait}}}
	err := s.counted(ctx, func(ctx context.Context, tx Tx) error {
		m, _, err := s.own(ctx, tx, actor)
		if err != nil {
			return err
		}
		g.technician = m.technician
		return g.count(ctx, tx, func() time.Time { return m.now })
	})
	if errors.Is(err, errWaiting) {
		err = s.waitOwn(ctx, g, actor)
	}
	if err == nil {
		err = s.openPassword(g.technician, &g.phc)
	}
	return g, err
}

// waitOwn writes the event of a try of the own password that was not counted, and says how long to wait with the next.
func (s *Service) waitOwn(ctx context.Context, g guess, actor sallyport.Actor) error {
	wait := time.Duration(0)
	err := s.counted(ctx, func(ctx context.Context, tx Tx) (err error) {
		if wait, err = g.longestWait(ctx, tx, false); err != nil {
			return err
		}
		return tx.InsertEvent(ctx, audit.New(audit.SignInThrottled, actor).On(g.technician).Because(ownPasswordChange).Event())
	})
	if err != nil {
		return err
	}
	return tooManyPasswords(wait)
}

// NewRecoveryCodes replaces the actor's ten. It is a sensitive change: ErrStepUp when the last proof is too old.
func (s *Service) NewRecoveryCodes(ctx context.Context, actor sallyport.Actor) (Outcome, error) {
	var out Outcome
	err := s.store.Write(ctx, func(tx Tx) error {
		out = Outcome{}
		m, session, err := s.own(ctx, tx, actor)
		if err != nil {
			return err
		}
		if err := fresh(&m, session); err != nil {
			return err
		}
		if !m.factor.Serves(m.technician) {
			return sallyport.E(sallyport.Conflict, "no_factor", "Recovery codes belong to a second factor, and none is set up.")
		}
		if err := tx.ClearAnswers(ctx, actor.ID, true); err != nil { // which takes the row; the new ones have had no wrong answer
			return err
		}
		out.UserName, out.Role, out.OlderCodes = m.technician.UserName, m.technician.Role, true
		if out.RecoveryCodes, err = s.newRecoveryCodes(ctx, tx, actor.ID); err != nil {
			return err
		}
		if err := tx.InsertEvent(ctx, audit.New(audit.RecoveryRenewed, actor).On(m.technician).Event()); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, NoticeRecoveryNew, m.technician, actor.Client); err != nil {
			return err
		}
		return s.survive(ctx, tx, survival{&m.technician, session, &m, sallyport.EndedByOwner, sallyport.NewToken()}, &out)
	})
	s.messages.Wake()
	return out, err
}

// BeginStepUp lets the acting session prove itself again; ret is the local page to go back to.
func (s *Service) BeginStepUp(ctx context.Context, actor sallyport.Actor, ret string) (Outcome, error) {
	return s.beginWithin(ctx, actor, sallyport.SignIn{Purpose: sallyport.PurposeStepUp, Return: ret})
}

// phoneProof is how long a recovery code given at the sign-in counts as the proof for setting up a new phone.
const phoneProof = 10 * time.Minute

// provesPhone reports whether the last proof of a session was such a recovery code, and counts still.
func provesPhone(session sallyport.Session, now time.Time) bool {
	return session.Method == "recovery" && now.Sub(session.ProvedAt) <= phoneProof
}

// BeginPhone moves the actor's app to a new phone: the old one's code first, or the recovery code that he has just
// signed in with. ret is as of BeginStepUp.
func (s *Service) BeginPhone(ctx context.Context, actor sallyport.Actor, ret string) (Outcome, error) {
	return s.beginWithin(ctx, actor, sallyport.SignIn{Purpose: sallyport.PurposePhone, Return: ret})
}

// beginWithin starts a sign-in that belongs to a live session.
func (s *Service) beginWithin(ctx context.Context, actor sallyport.Actor, in sallyport.SignIn) (Outcome, error) {
	token := sallyport.NewToken()
	in.Hash, _ = token.Hash()
	in.Session, in.Address, in.Browser = actor.Session, actor.Client.Address, actor.Client.Browser
	err := s.store.Write(ctx, func(tx Tx) error {
		m, session, err := s.own(ctx, tx, actor)
		if err != nil {
			return err
		}
		in.Proofs.Recovery = in.Purpose == sallyport.PurposePhone && provesPhone(session, m.now)
		m.signIn = in
		if step := login.Next(m.state()); step.Kind == login.Refused {
			return sallyport.E(sallyport.Conflict, "not_set_up", "There is nothing to confirm with: your second factor is not set up.")
		}
		in.CreatedAt = m.now
		_, err = s.insertSignIn(ctx, tx, m.technician, in)
		return err
	})
	if err != nil {
		return Outcome{}, err
	}
	return s.arrive(ctx, Outcome{SignIn: token, Return: in.Return}, actor.Client)
}
