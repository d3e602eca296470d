package session

import (
	"context"
	"errors"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/factor"
	"sallyport/internal/keyring"
	"sallyport/internal/login"
)

// ErrWrongPassword is the one answer to a wrong user name, a wrong password, an unknown or a deactivated account.
var ErrWrongPassword = sallyport.E(sallyport.Invalid, "wrong_password", "User name or password is not right.")

// Password begins a sign-in. A right password leads to the second page; every other case is ErrWrongPassword after
// the same work, or TooMany with the time to wait.
func (s *Service) Password(ctx context.Context, a Attempt) (Outcome, error) {
	leave, err := s.hasher.Enter(ctx, s.knows(ctx, a))
	if err != nil {
		return Outcome{}, err
	}
	m, out, err := s.compareAndBegin(ctx, a)
	leave()
	if err != nil {
		return Outcome{}, err
	}
	return s.reached(ctx, &m, a.Client, out)
}

// knows reports whether a browser signed in to the account before. It is asked only where the browser says so: then it
// has a place of its own in the queue, and whoever makes that up has not.
func (s *Service) knows(ctx context.Context, a Attempt) bool {
	if _, claims := a.Device.Hash(); !claims {
		return false
	}
	var g guess
	err := s.store.Read(ctx, func(tx Tx) (err error) {
		g, err = s.lookUp(ctx, tx, a)
		return err
	})
	return err == nil && g.known
}

// compareAndBegin counts, compares, and stores the sign-in of a right password.
func (s *Service) compareAndBegin(ctx context.Context, a Attempt) (m moment, out Outcome, err error) {
	g, err := s.countGuess(ctx, a)
	if err != nil {
		return m, out, s.unopened(ctx, nobody(a.Client), g.technician, err)
	}
	ok, renew, err := s.compareHash(ctx, g, a.Password)
	if err != nil {
		return m, out, s.notCompared(ctx, g, err)
	}
	if !ok || g.technician.Status != sallyport.Active {
		return m, out, s.wrongPassword(ctx, g, a)
	}
	m, out, err = s.begin(ctx, g, a)
	if errors.Is(err, errChanged) {
		return m, Outcome{}, s.changedMeanwhile(ctx, g, a, err)
	}
	if err != nil {
		return m, Outcome{}, err
	}
	if renew {
		s.renewHash(ctx, g.technician, a.Password)
	}
	return m, out, nil
}

// openPassword replaces phc by t's own; without a password the dummy stays, and the same work is done.
func (s *Service) openPassword(t sallyport.Technician, phc *string) error {
	sealed := t.Password
	if len(sealed) == 0 {
		return nil
	}
	plain, err := s.keys.Open(sealed, passwordPlace(t.ID))
	if err == nil {
		*phc = string(plain)
	}
	return err
}

func passwordPlace(id sallyport.TechnicianID) keyring.Place {
	return keyring.Place{Table: "technician", Row: string(id), Column: "password"}
}

func (s *Service) guessEvent(what audit.Type, g guess, a Attempt) audit.Builder {
	e := audit.New(what, nobody(a.Client))
	if g.technician.ID != "" {
		return e.On(g.technician)
	}
	return e // what was typed may be a password in the wrong field: it is kept nowhere
}

func (s *Service) wrongPassword(ctx context.Context, g guess, a Attempt) error {
	err := s.counted(ctx, func(ctx context.Context, tx Tx) error {
		if err := g.countWrong(ctx, tx); err != nil {
			return err
		}
		return tx.InsertEvent(ctx, s.guessEvent(audit.SignInPasswordWrong, g, a).Outcome("wrong").Event())
	})
	if err != nil {
		return err
	}
	return ErrWrongPassword
}

// changedMeanwhile answers to a password that was right for what the account was when the attempt was counted. That stays
// counted under the account and its networks, and is no wrong password of a sprayer.
func (s *Service) changedMeanwhile(ctx context.Context, g guess, a Attempt, why error) error {
	err := s.counted(ctx, func(ctx context.Context, tx Tx) error {
		return tx.InsertEvent(ctx, s.guessEvent(audit.SignInPasswordWrong, g, a).Outcome("wrong").Because("the account changed meanwhile").Event())
	})
	if err != nil {
		return err
	}
	return ErrWrongPassword.Because(why)
}

// begin stores the sign-in of a right password, and readies its next step.
func (s *Service) begin(ctx context.Context, g guess, a Attempt) (moment, Outcome, error) {
	m, out, err := s.beginAsking(ctx, g, a)
	if errors.Is(err, errLookAgain) {
		m, out, err = s.beginLooking(ctx, g, a)
	}
	return m, out, err
}

// errLookAgain says that what was read when the attempt was counted does not lead on.
var errLookAgain = sallyport.E(sallyport.Conflict, "look_again", "Something changed meanwhile. Please try again.")

// errChanged says that the account is another one, or none, since the attempt was counted.
var errChanged = sallyport.E(sallyport.Conflict, "account_changed", "Something changed meanwhile. Please try again.")

// beginAsking stores the sign-in of a right password where, by what was read when the attempt was counted, an answer is
// asked for next. Then nothing is to be made ready or decided here, and each answer looks at everything anew. Only that
// the account is still active and of its generation is made sure of. Whatever else it meets is errLookAgain.
func (s *Service) beginAsking(ctx context.Context, g guess, a Attempt) (m moment, out Outcome, err error) {
	out = Outcome{SignIn: sallyport.NewToken(), Return: a.Return}
	m = moment{technician: g.technician, factor: g.factor}
	if m.signIn, err = newSignIn(g.technician, out.SignIn, a); err != nil {
		return m, out, err
	}
	m.look(g.facts)
	if k := m.step.Kind; k != login.Factor && k != login.Opener && k != login.EnrolmentCode {
		return m, out, errLookAgain
	}
	m.signIn.CreatedAt = g.facts.Now
	err = s.store.Write(ctx, func(tx Tx) (err error) {
		counted := g.counted()
		if err := tx.ForgiveGuesses(ctx, g.counters[0].wrong, g.technician, errLookAgain, counted[0], counted[1:]...); err != nil {
			return err
		}
		return s.insertBegun(ctx, tx, &m, a)
	})
	return m, out, err
}

// newSignIn is the sign-in of a right password, without its times.
func newSignIn(t sallyport.Technician, token sallyport.Token, a Attempt) (sallyport.SignIn, error) {
	hash, _ := token.Hash()
	proofs, err := login.Apply(sallyport.Proofs{}, login.Step{Kind: login.Password}, login.PasswordRight)
	return sallyport.SignIn{Hash: hash, Technician: t.ID, Generation: t.Generation, Purpose: sallyport.PurposeSignIn, Proofs: proofs,
		Return: a.Return, Address: a.Client.Address, Browser: a.Client.Browser}, err
}

// insertBegun stores m's sign-in, with its event.
func (s *Service) insertBegun(ctx context.Context, tx Tx, m *moment, a Attempt) (err error) {
	if m.signIn, err = s.insertSignIn(ctx, tx, m.technician, m.signIn); err != nil {
		return err
	}
	return tx.InsertEvent(ctx, audit.New(audit.SignInPasswordRight, himself(m.technician, a.Client)).On(m.technician).Event())
}

// beginLooking stores the sign-in of a right password whatever comes next, and makes that ready. The account's row is read
// again: what changed meanwhile counts.
func (s *Service) beginLooking(ctx context.Context, g guess, a Attempt) (m moment, out Outcome, err error) {
	token := sallyport.NewToken()
	err = s.store.Write(ctx, func(tx Tx) error {
		m, out = moment{}, Outcome{SignIn: token, Return: a.Return}
		tries := 0
		var facts sallyport.Facts
		err := tx.Together(ctx,
			func() (err error) { m.technician, err = tx.Technician(ctx, g.technician.ID); return err },
			func() (err error) { tries, err = tx.EndGuesses(ctx, g.counters[0].key); return err },
			func() (err error) { facts, err = tx.Facts(ctx); return err },
			func() (err error) { m.factor, err = tx.Factor(ctx, g.technician.ID); return err },
		)
		t := m.technician
		switch {
		case err != nil && sallyport.KindOf(err) != sallyport.NotFound:
			return err // nobody knows what changed
		case err != nil || t.Generation != g.technician.Generation || t.Status != sallyport.Active:
			return errChanged.Because(err)
		}
		if err := g.takeBack(ctx, tx, tries); err != nil {
			return err
		}
		if m.signIn, err = newSignIn(t, token, a); err != nil {
			return err
		}
		m.signIn.CreatedAt = facts.Now
		if err := s.insertBegun(ctx, tx, &m, a); err != nil {
			return err
		}
		m.look(facts)
		return s.reach(ctx, tx, &m, a.Client, &out)
	})
	return m, out, err
}

// insertSignIn stores a new sign-in of t with its life from its creation on, and returns it so.
func (s *Service) insertSignIn(ctx context.Context, tx Tx, t sallyport.Technician, in sallyport.SignIn) (sallyport.SignIn, error) {
	in.Technician, in.Generation = t.ID, t.Generation
	in.ExpiresAt = in.CreatedAt.Add(signInLife)
	if in.Purpose == sallyport.PurposeSetup || in.Purpose == sallyport.PurposePhone {
		in.ExpiresAt = in.CreatedAt.Add(enrolLife)
	}
	return in, tx.InsertSignIn(ctx, in)
}

// renewHash stores the password with today's parameters. That fails quietly: the old hash still works.
func (s *Service) renewHash(ctx context.Context, t sallyport.Technician, password string) {
	phc, err := s.hasher.Hash(ctx, password)
	if err == nil {
		err = s.store.Write(ctx, func(tx Tx) error {
			if _, err := tx.Now(ctx); err != nil { // the transaction has begun: see sealPassword
				return err
			}
			return tx.SetPassword(ctx, t.ID, t.Generation, s.sealPassword(t.ID, phc))
		})
	}
	if err != nil {
		s.log.WarnContext(ctx, "password hash not renewed", "technician", t.ID, "error", err)
	}
}

// sealPassword is called within the transaction that stores it, which has had an answer: no transaction stands still for so
// long that the key it seals with can be dropped meanwhile (docs/adr/0025), as all that comes before it may.
func (s *Service) sealPassword(id sallyport.TechnicianID, phc string) []byte {
	return s.keys.Seal([]byte(phc), passwordPlace(id))
}

// checkPassword judges a new password by the policy and the words of the account and the organisation.
func checkPassword(password string, t sallyport.Technician, set sallyport.Settings) error {
	words := []string{t.FirstName, t.LastName, t.UserName, t.Email, set.Organisation, "sallyport"}
	return factor.CheckPassword(password, factor.PasswordRules{Min: set.PasswordMin, Words: words})
}
