package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/factor"
	"sallyport/internal/login"
	"sallyport/internal/policy"
)

// Answer judges what was typed at a step. It counts first, in a transaction of its own that neither an error nor a
// client that hangs up takes back, then compares, then consumes. A wrong answer is an error at the field "code", for a
// password "password".
func (s *Service) Answer(ctx context.Context, token sallyport.Token, a Answer, c sallyport.Client) (Outcome, error) {
	hash, ok := token.Hash()
	if !ok {
		return Outcome{}, errOver
	}
	try, err := s.parse(a)
	if err != nil {
		return Outcome{}, err
	}
	try.signIn, try.whose, try.client = hash, a.Whose, c
	if err := s.count(ctx, try); err != nil {
		return Outcome{}, err
	}
	out, err := s.settle(ctx, try)
	if err != nil {
		return Outcome{}, s.unopened(ctx, himself(try.m.technician, c), try.m.technician, err)
	}
	if !out.Finished {
		s.firstCode(ctx, &try.next, c)
	}
	return out, nil
}

// settle compares a counted answer, and consumes it where it is right or records that it is wrong.
func (s *Service) settle(ctx context.Context, t *try) (Outcome, error) {
	right, err := s.compare(ctx, t)
	if err != nil {
		return Outcome{}, errors.Join(err, s.notProved(ctx, t))
	}
	if !right {
		return Outcome{}, s.wrong(ctx, t)
	}
	out, err := s.consume(ctx, t)
	if errors.Is(err, errLost) {
		return Outcome{}, s.wrong(ctx, t)
	}
	return out, err
}

// Mixed refuses a form that was shown in the sign-in of somebody else than the one that the browser holds now: another one was
// begun in another tab. What he typed is no guess at that one's code, and his phone not to be set up for that one's account.
func Mixed(whose, holds string) error {
	if whose == "" || holds == "" || whose == holds {
		return nil
	}
	return sallyport.E(sallyport.Conflict, "another_sign_in", fmt.Sprintf("In another tab of this browser a sign-in as %s was begun meanwhile. What was sent for %s did nothing. "+
		"This page is the one of %[1]s: for %[2]s please start again, best in another browser.", holds, whose))
}

var (
	errOver = sallyport.E(sallyport.Gone, "sign_in_over", "This sign-in is over. Please start again.")
	errLost = sallyport.E(sallyport.Conflict, "answer_used", "Somebody else used this answer first.")
)

// try is one answer on its way: typed, counted, compared, consumed.
type try struct {
	kind   AnswerKind
	event  login.Event
	typed  string // canonical
	signIn sallyport.Hash
	whose  string // as Answer.Whose
	client sallyport.Client
	m      moment          // as it was counted
	next   moment          // what the sign-in waits for after the right answer, where it goes on
	code   *sallyport.Code // the sent code that it is compared with
	run    int             // answers in a row, this one with them
	until  time.Time       // the session's next proof is not looked at before that; zero where it is not asked for one
	step   int64           // TOTP step that matched
	offset int             // of the phone's clock, confirmed at set-up by a second code
}

// parse brings the typed text into its one form, or says what is wrong with it. What is not of the form is no guess
// and is not counted.
func (s *Service) parse(a Answer) (*try, error) {
	t := &try{kind: a.Kind}
	ok := true
	switch a.Kind {
	case AnswerCode:
		t.event = login.CodeRight
		t.typed, ok = factor.Canonical(a.Typed)
	case AnswerRecovery:
		t.event = login.RecoveryRight
		t.typed, ok = factor.CanonicalRecovery(a.Typed)
	case AnswerEnrolment:
		t.event = login.EnrolmentCodeRight
		t.typed, ok = factor.CanonicalEnrolment(a.Typed)
	case AnswerPassword:
		t.event, t.typed = login.PasswordRight, a.Typed
	default:
		return nil, login.ErrOutOfOrder
	}
	if !ok {
		return nil, sallyport.InvalidField("code", shape[a.Kind])
	}
	return t, nil
}

var shape = map[AnswerKind]string{
	AnswerCode:      "Please type the 6 digits of the code.",
	AnswerRecovery:  "That is not a recovery code. It has 26 letters and digits, in groups.",
	AnswerEnrolment: "That is not an enrolment code. It has 8 letters and digits.",
}

// count reads the moment and counts the answer against the sent code and the technician's run.
func (s *Service) count(ctx context.Context, t *try) error {
	var refused error
	err := s.counted(ctx, func(ctx context.Context, tx Tx) (err error) {
		t.code, t.run, t.until, refused = nil, 0, time.Time{}, nil
		if t.m, err = at(ctx, tx, t.signIn); err != nil {
			return err
		}
		if err := Mixed(t.whose, t.m.technician.UserName); err != nil {
			return err
		}
		if err := s.recordRun(ctx, tx, &t.m, t.client); err != nil {
			return err
		}
		if login.Accepts(t.m.step, t.event) {
			refused, err = s.countWithin(ctx, tx, t)
		} else if refused = notNow(t.m); !errors.Is(refused, errDisabled) { // else what has just been recorded stays
			err = refused
		}
		if err != nil {
			return err
		}
		what, why := audit.SignInFactorAttempt, string(t.m.step.Kind)+" "+string(t.m.step.Method)
		if refused != nil {
			what, why = audit.SignInCodeRefused, why+": "+refused.Error()
		}
		return tx.InsertEvent(ctx, audit.New(what, himself(t.m.technician, t.client)).On(t.m.technician).Because(why).Event())
	})
	if err == nil {
		err = refused
	}
	return err
}

// notNow says why no answer is taken at this step.
func notNow(m moment) error {
	switch m.step.Kind {
	case login.Disabled, login.Shut:
		return errDisabled
	case login.Closed:
		return errClosed
	case login.NoFactor:
		return errNoFactor
	}
	return login.ErrOutOfOrder
}

var (
	errDisabled = sallyport.E(sallyport.Forbidden, "factor_disabled", "Too many wrong codes. Your second factor is switched off until an administrator resets it.")
	errNoFactor = sallyport.E(sallyport.Forbidden, "no_second_factor", "Your account has no second factor, and the policy asks for one. Ask your administrator to choose it.")
	errClosed   = sallyport.E(sallyport.Forbidden, "setup_closed", "The time for setting up has passed. Ask your administrator to open it again.")
)

// countWithin does the conditional updates. The first result is a refusal that is to be committed, the second an error that
// takes everything back.
func (s *Service) countWithin(ctx context.Context, tx Tx, t *try) (refused, err error) {
	if t.m.step.Kind == login.Enrol && t.m.step.Method == sallyport.MethodApp {
		return nil, nil // the secret is on the page: there is nothing to guess
	}
	if t.kind == AnswerCode && t.m.sends() {
		if t.code, err = newestCode(ctx, tx, &t.m); err != nil {
			return nil, err
		}
		if refused := usable(t.code, t.m.now); refused != nil {
			return refused, nil
		}
	}
	if t.kind == AnswerPassword && t.m.provesSession() {
		return s.countProof(ctx, tx, t) // it is no second factor: what that was guessed at, or its end, is another matter
	}
	recovery := t.kind == AnswerRecovery
	if refused := whyNotCounted(t.m, recovery); refused != nil {
		return refused, nil
	}
	if refused, err := s.countProof(ctx, tx, t); refused != nil || err != nil {
		return refused, err
	}
	if t.m.replaces() {
		return nil, t.countSent(ctx, tx)
	}
	if t.run, err = tx.CountAnswer(ctx, t.m.technician, t.m.settings.FactorRun, recovery); err != nil {
		return nil, err
	}
	if err := t.countSent(ctx, tx); err != nil {
		return nil, err
	}
	return s.slowDown(ctx, tx, t, t.m.wrongYear+1)
}

// countSent counts an answer against the sent code that it is compared with, where it is one.
func (t *try) countSent(ctx context.Context, tx Tx) error {
	if t.code == nil {
		return nil
	}
	counted, ok, err := tx.CountAttempt(ctx, t.code.ID)
	if err != nil || !ok {
		return errors.Join(err, errNoCode)
	}
	t.code = &counted
	return nil
}

// replaces reports whether a set-up takes the place of a factor that was switched off, which a recovery code led past. The run
// of that factor is full and ends with it: an answer counts against its code alone, and each such sign-in costs a recovery code.
func (m *moment) replaces() bool {
	return m.step.Kind == login.Enrol && m.state().Disabled
}

var errNoCode = sallyport.InvalidField("code", "This code can no longer be used. Send a new one to go on.")

// usable says in words why a sent code cannot be compared any more; nil when it can.
func usable(c *sallyport.Code, now time.Time) error {
	switch {
	case c == nil:
		return sallyport.InvalidField("code", "No code was sent yet. Send one to go on.")
	case c.Attempts >= sallyport.CodeTries:
		return sallyport.InvalidField("code", "Three wrong codes. Send a new one to go on.")
	case c.Dead:
		return sallyport.InvalidField("code", "This code was used already. Send a new one to go on.")
	case !now.Before(c.ExpiresAt):
		return sallyport.InvalidField("code", fmt.Sprintf("This code has run out (%d minutes). Send a new one.", int(c.ExpiresAt.Sub(c.CreatedAt).Minutes())))
	}
	return nil
}

// whyNotCounted says why no answer is counted now, and so none looked at: a wait, or too many in a row; nil where it is.
func whyNotCounted(m moment, recovery bool) error {
	run, off := m.technician.WrongRun, m.technician.FactorDisabled
	if recovery {
		run, off = m.technician.RecoveryRun, false // recovery codes have a run of their own
	}
	if wait := m.technician.WaitUntil.Sub(m.now); wait > 0 {
		return sallyport.E(sallyport.TooMany, "wait", "Too many wrong codes. Please wait before the next one.").After(wait)
	}
	switch {
	case !off && run < m.settings.FactorRun, m.replaces():
		return nil
	case recovery:
		return sallyport.E(sallyport.Forbidden, "recovery_disabled", "Too many wrong recovery codes: none is taken any more. Sign in with your second factor and make new ones, or ask your administrator to reset it.")
	}
	return errDisabled
}

// wrongYearCap is how many wrong second-factor answers within 365 days switch the factor off (contract section 5; fixed).
const wrongYearCap = 300

// slowDown lets the next answer wait after a row of wrong ones, and ends the year's budget. Year is how many there were,
// with this one.
func (s *Service) slowDown(ctx context.Context, tx Tx, t *try, year int) (refused, err error) {
	if year > wrongYearCap && t.kind != AnswerRecovery {
		return errDisabled, s.disable(ctx, tx, &t.m, t.client)
	}
	if wait := policy.FactorWait(t.run); wait > 0 {
		return nil, tx.SetWait(ctx, t.m.technician.ID, t.m.now.Add(wait))
	}
	return nil, nil
}

// recordRun makes good what a crash left undone between the last wrong answer's count and its record: the run is full, and
// nobody was told. While that answer's wait lasts it may still be under way, and records itself.
func (s *Service) recordRun(ctx context.Context, tx Tx, m *moment, c sallyport.Client) error {
	if m.step.Kind != login.Disabled && m.step.Kind != login.Shut || m.now.Before(m.technician.WaitUntil) {
		return nil
	}
	return s.disable(ctx, tx, m, c)
}

// disable switches the factor off, with its event and a notice to the technician; once, however many come to it.
func (s *Service) disable(ctx context.Context, tx Tx, m *moment, c sallyport.Client) error {
	if m.technician.FactorDisabled {
		return nil
	}
	if err := tx.DisableFactor(ctx, m.technician.ID); err != nil {
		return err
	}
	if err := s.tell(ctx, tx, NoticeFactorOff, m.technician, c); err != nil {
		return err
	}
	event := audit.New(audit.SignInFactorDisabled, himself(m.technician, c)).On(m.technician)
	m.technician.FactorDisabled = true
	return tx.InsertEvent(ctx, event.Event())
}
