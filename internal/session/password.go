package session

import (
	"context"
	"net/netip"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/factor"
	"sallyport/internal/identity"
	"sallyport/internal/keyring"
	"sallyport/internal/login"
	"sallyport/internal/policy"
)

// ErrWrongPassword is the one answer to a wrong user name, a wrong password, an unknown or a deactivated account.
var ErrWrongPassword = sallyport.E(sallyport.Invalid, "wrong_password", "User name or password is not right.")

// Password begins a sign-in. A right password leads to the second page; every other case is ErrWrongPassword after
// the same work, or TooMany with the time to wait.
func (s *Service) Password(ctx context.Context, a Attempt) (Outcome, error) {
	g, err := s.countGuess(ctx, a)
	if err != nil {
		return Outcome{}, err
	}
	ok, renew, err := s.hasher.Verify(ctx, g.phc, a.Password, g.known)
	if err != nil {
		return Outcome{}, err
	}
	if !ok || g.technician.Status != sallyport.Active {
		return Outcome{}, s.wrongPassword(ctx, g, a)
	}
	out, err := s.begin(ctx, g, a)
	if err != nil {
		return Outcome{}, err
	}
	if renew {
		s.renewHash(ctx, g.technician, a.Password)
	}
	return s.arrive(ctx, out, a.Client)
}

// guess is what counting an attempt found out.
type guess struct {
	technician sallyport.Technician // zero where the name is unknown
	phc        string               // the dummy's where there is no password
	known      bool                 // this browser signed in to this account before
	keys       []string
}

// countGuess counts the attempt before anything is compared, and refuses it while a wait is running. Known and
// unknown names go through the same statements.
func (s *Service) countGuess(ctx context.Context, a Attempt) (guess, error) {
	var g guess
	var refused error
	err := s.counted(ctx, func(ctx context.Context, tx Tx) (err error) {
		refused = nil
		if g, err = s.lookUp(ctx, tx, a); err != nil {
			return err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		wait, err := longestWait(ctx, tx, g.keys, now)
		if err != nil {
			return err
		}
		if wait > 0 {
			refused = tooManyPasswords(wait)
			return tx.InsertEvent(ctx, s.guessEvent(audit.SignInThrottled, g, a).Event())
		}
		return s.raiseGuesses(ctx, tx, g, now)
	})
	if err == nil {
		err = refused
	}
	return g, err
}

func tooManyPasswords(wait time.Duration) error {
	return sallyport.E(sallyport.TooMany, "wait", "Too many tries. Please wait before the next one.").After(wait)
}

// lookUp finds the account of the typed name and the counters that this attempt falls under.
func (s *Service) lookUp(ctx context.Context, tx Tx, a Attempt) (guess, error) {
	_, key, _, invalid := identity.UserName(a.UserName)
	if invalid != nil {
		key = "?" + a.UserName // no key begins like that: the name of nobody
	}
	t, err := tx.TechnicianByKey(ctx, key)
	if err != nil && sallyport.KindOf(err) != sallyport.NotFound {
		return guess{}, err
	}
	g := guess{technician: t, phc: s.dummy}
	hash, _ := a.Device.Hash()
	owner, known, err := tx.Device(ctx, hash)
	if err != nil {
		return guess{}, err
	}
	g.known = known && t.ID != "" && owner == t.ID
	g.keys = s.guessKeys(key, a.Client.Address, hash, g.known)
	return g, s.openPassword(t, &g.phc)
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

// guessKeys are the counters of an attempt, first the narrow one: account and network, then the account over all
// networks. A browser that signed in before has its own counter instead, so that a stranger's guesses never hold it up.
func (s *Service) guessKeys(nameKey, address string, device sallyport.Hash, known bool) []string {
	if known {
		return []string{"d" + s.opaque("guess", nameKey, string(device[:]))}
	}
	return []string{"n" + s.opaque("guess", nameKey, network(address)), "a" + s.opaque("guess", nameKey)}
}

func (s *Service) opaque(purpose string, parts ...string) string {
	list := make([][]byte, len(parts))
	for i, p := range parts {
		list[i] = []byte(p)
	}
	const hex = "0123456789abcdef"
	sum := s.keys.MAC(purpose, list...)
	out := make([]byte, 0, 32)
	for _, b := range sum[:16] {
		out = append(out, hex[b>>4], hex[b&15])
	}
	return string(out)
}

// network is one IPv4 address or the /64 of an IPv6 address; whatever is neither stands for itself.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap()
	if ip.Is4() {
		return ip.String()
	}
	p, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return p.String()
}

func longestWait(ctx context.Context, tx Tx, keys []string, now time.Time) (time.Duration, error) {
	var wait time.Duration
	for _, key := range keys {
		g, err := tx.Guess(ctx, key)
		if err != nil {
			return 0, err
		}
		wait = max(wait, g.WaitUntil.Sub(now))
	}
	return wait, nil
}

// raiseGuesses counts the attempt under each of its keys, and lets the next one wait where five or more were wrong.
func (s *Service) raiseGuesses(ctx context.Context, tx Tx, g guess, now time.Time) error {
	for _, key := range g.keys {
		had, err := tx.Guess(ctx, key)
		if err != nil {
			return err
		}
		wrong, wait := had.Wrong+1, time.Duration(0)
		if key[0] == 'a' {
			wait = policy.AccountWait(wrong)
		} else {
			wait = policy.PasswordWait(wrong)
		}
		if err := tx.PutGuess(ctx, key, wrong, now.Add(wait)); err != nil {
			return err
		}
	}
	return nil
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
		return tx.InsertEvent(ctx, s.guessEvent(audit.SignInPasswordWrong, g, a).Outcome("wrong").Event())
	})
	if err != nil {
		return err
	}
	return ErrWrongPassword
}

// begin stores the sign-in of a right password. The account's row is read again: what changed meanwhile counts.
func (s *Service) begin(ctx context.Context, g guess, a Attempt) (Outcome, error) {
	token := sallyport.NewToken()
	hash, _ := token.Hash()
	err := s.store.Write(ctx, func(tx Tx) error {
		t, err := tx.Technician(ctx, g.technician.ID)
		if err != nil || t.Generation != g.technician.Generation || t.Status != sallyport.Active {
			return ErrWrongPassword.Because(err)
		}
		proofs, err := login.Apply(sallyport.Proofs{}, login.Step{Kind: login.Password}, login.PasswordRight)
		if err != nil {
			return err
		}
		if err := s.clearGuesses(ctx, tx, g); err != nil {
			return err
		}
		if err := s.insertSignIn(ctx, tx, t, sallyport.SignIn{Hash: hash, Purpose: sallyport.PurposeSignIn, Proofs: proofs,
			Return: a.Return, Address: a.Client.Address, Browser: a.Client.Browser}); err != nil {
			return err
		}
		return tx.InsertEvent(ctx, audit.New(audit.SignInPasswordRight, himself(t, a.Client)).On(t).Event())
	})
	return Outcome{SignIn: token, Return: a.Return}, err
}

// clearGuesses ends the counts that this attempt was counted under: its owner is here.
func (s *Service) clearGuesses(ctx context.Context, tx Tx, g guess) error {
	for _, key := range g.keys {
		if err := tx.DeleteGuess(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// insertSignIn stores a new sign-in of t with its life.
func (s *Service) insertSignIn(ctx context.Context, tx Tx, t sallyport.Technician, in sallyport.SignIn) error {
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	in.Technician, in.Generation, in.CreatedAt = t.ID, t.Generation, now
	in.ExpiresAt = now.Add(signInLife)
	if in.Purpose == sallyport.PurposeSetup || in.Purpose == sallyport.PurposePhone {
		in.ExpiresAt = now.Add(enrolLife)
	}
	return tx.InsertSignIn(ctx, in)
}

// renewHash stores the password with today's parameters. That fails quietly: the old hash still works.
func (s *Service) renewHash(ctx context.Context, t sallyport.Technician, password string) {
	sealed, err := s.sealPassword(ctx, t.ID, password)
	if err == nil {
		err = s.store.Write(ctx, func(tx Tx) error { return tx.SetPassword(ctx, t.ID, t.Generation, sealed) })
	}
	if err != nil {
		s.log.WarnContext(ctx, "password hash not renewed", "technician", t.ID, "error", err)
	}
}

func (s *Service) sealPassword(ctx context.Context, id sallyport.TechnicianID, password string) ([]byte, error) {
	phc, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return nil, err
	}
	return s.keys.Seal([]byte(phc), passwordPlace(id)), nil
}

// checkPassword judges a new password by the policy and the words of the account and the organisation.
func checkPassword(password string, t sallyport.Technician, set sallyport.Settings) error {
	words := []string{t.FirstName, t.LastName, t.UserName, t.Email, set.Organisation, "sallyport"}
	return factor.CheckPassword(password, factor.PasswordRules{Min: set.PasswordMin, Words: words})
}
