package session

import (
	"context"
	"slices"
	"time"

	"sallyport"
	"sallyport/internal/login"
)

// moment is everything that one decision looks at, read in one transaction.
type moment struct {
	now        time.Time
	signIn     sallyport.SignIn
	technician sallyport.Technician
	factor     *sallyport.Factor
	settings   sallyport.Settings
	emailReady bool
	textReady  bool
	step       login.Step

	wrongYear    int  // wrong answers in 365 days, as at read them
	recoveryLeft *int // recovery codes that may be used, as at read them; nil: not known, or no longer

	taken bool // the technician's row was taken in this transaction, and made sure of
	ended bool // the sign-in's row is gone in this transaction
}

// at reads the live sign-in named by hash and what it waits for.
func at(ctx context.Context, tx Tx, hash sallyport.Hash) (m moment, err error) {
	var asked sallyport.Asked
	var facts sallyport.Facts
	err = tx.Together(ctx,
		func() (err error) { asked, err = tx.Asked(ctx, hash); return err },
		func() (err error) { facts, err = tx.Facts(ctx); return err },
	)
	if err != nil {
		return moment{}, err
	}
	m = moment{signIn: asked.SignIn, technician: asked.Technician, factor: asked.Factor, wrongYear: asked.WrongYear}
	m.look(facts)
	left := recoveryLeft(m.technician, m.settings, asked.RecoveryLeft)
	m.recoveryLeft = &left
	return m, nil
}

// recoveryLeft is how many of t's unused recovery codes may still be used: none where wrong ones have switched them off.
func recoveryLeft(t sallyport.Technician, set sallyport.Settings, unused int) int {
	if t.RecoveryRun >= set.FactorRun {
		return 0
	}
	return unused
}

// factorOff reports whether wrong answers have switched t's second factor off.
func factorOff(t sallyport.Technician, set sallyport.Settings) bool {
	return t.FactorDisabled || t.WrongRun >= set.FactorRun
}

// read fills in the facts around the sign-in and technician that m already has, and asks login for the step.
func (m *moment) read(ctx context.Context, tx Tx) (err error) {
	var facts sallyport.Facts
	err = tx.Together(ctx,
		func() (err error) { facts, err = tx.Facts(ctx); return err },
		func() (err error) { m.factor, err = m.held(ctx, tx); return err },
	)
	if err == nil {
		m.look(facts)
	}
	return err
}

// held is the factor of the technician that m has, nil where there is none of either.
func (m *moment) held(ctx context.Context, tx Tx) (*sallyport.Factor, error) {
	if m.technician.ID == "" {
		return nil, nil
	}
	return tx.Factor(ctx, m.technician.ID)
}

// look takes the facts in and asks login for the step.
func (m *moment) look(facts sallyport.Facts) {
	m.now, m.settings = facts.Now, facts.Settings
	m.emailReady, m.textReady = slices.Contains(facts.Proved, sallyport.ChannelEmail), slices.Contains(facts.Proved, sallyport.ChannelSMS)
	m.step = login.Next(m.state())
}

// without leaves out of the moment what t itself was counted as before it was looked at: a right answer after the last
// wrong one that is allowed is no wrong one too many.
func (m *moment) without(t *try) {
	if t.run > 0 && t.kind != AnswerRecovery {
		m.technician.WrongRun--
		m.step = login.Next(m.state())
	}
}

// state is the moment as login sees it.
func (m *moment) state() login.State {
	s := login.State{
		Purpose: m.signIn.Purpose, Proofs: m.signIn.Proofs,
		Status: m.technician.Status, Method: m.technician.Method,
		Serves:          m.factor.Serves(m.technician),
		OffPermitted:    m.settings.PermitOff,
		OpenerRequired:  m.settings.OpenerRequired,
		EnrolmentNeeded: m.technician.EnrolmentNeeded && m.settings.EnrolmentCodes,
		SetupOpen:       len(m.signIn.Pending) > 0 || m.now.Before(m.technician.SetupUntil),
		Disabled:        factorOff(m.technician, m.settings),
		EmailReady:      m.emailReady, TextReady: m.textReady,
	}
	if m.factor != nil {
		s.Held = m.factor.Kind
	}
	return s
}

// address is where a code of this step goes: the proved address of a held factor, or the one that is being proved.
func (m *moment) address() string {
	switch {
	case m.step.Kind == login.Enrol && m.step.Method == sallyport.MethodEmail:
		return m.technician.Email
	case m.step.Kind == login.Enrol && m.step.Method == sallyport.MethodText:
		return m.technician.Phone
	case m.factor != nil && (m.step.Kind == login.Factor || m.step.Kind == login.Opener):
		return m.factor.Address
	}
	return ""
}

// sends reports whether this step is answered with a code that is sent.
func (m *moment) sends() bool {
	asked := m.step.Kind == login.Factor || m.step.Kind == login.Opener || m.step.Kind == login.Enrol
	return asked && (m.step.Method == sallyport.MethodEmail || m.step.Method == sallyport.MethodText)
}

const (
	signInLife = 10 * time.Minute // from user name to session (contract section 1)
	enrolLife  = 30 * time.Minute // while enrolling
)
