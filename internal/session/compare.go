package session

import (
	"context"
	"fmt"
	"math"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/factor"
	"sallyport/internal/keyring"
	"sallyport/internal/login"
)

func secretPlace(id sallyport.TechnicianID) keyring.Place {
	return keyring.Place{Table: "factor", Row: string(id), Column: "secret"}
}

// compare judges a counted answer, outside any transaction.
func (s *Service) compare(ctx context.Context, t *try) (bool, error) {
	if err := s.stillSignedIn(ctx, &t.m); err != nil {
		return false, err
	}
	switch t.kind {
	case AnswerRecovery:
		return true, nil // found or not by the statement that uses it
	case AnswerEnrolment:
		return s.compareEnrolment(ctx, t)
	case AnswerPassword:
		phc := s.dummy.hash()
		if err := s.openPassword(t.m.technician, &phc); err != nil {
			return false, err
		}
		ok, _, err := s.hasher.Verify(ctx, phc, t.typed, true)
		return ok, err
	}
	if t.code != nil {
		return factor.SameCode(t.code.Hash, s.codeHash(t.code.ID, t.typed)), nil
	}
	return s.compareApp(t)
}

func (s *Service) codeHash(id sallyport.CodeID, digits string) []byte {
	return s.keys.MAC("code", []byte(id), []byte(digits))
}

func (s *Service) compareEnrolment(ctx context.Context, t *try) (bool, error) {
	var c *sallyport.EnrolmentCode
	err := s.store.Read(ctx, func(tx Tx) (err error) {
		c, err = tx.EnrolmentCode(ctx, t.m.technician.ID)
		return err
	})
	if err != nil || c == nil {
		return false, err
	}
	return factor.SameCode(c.Hash, s.enrolmentHash(t.m.technician.ID, t.typed)), nil
}

func (s *Service) enrolmentHash(id sallyport.TechnicianID, typed string) []byte {
	return s.keys.MAC("enrolment", []byte(id), []byte(typed))
}

// compareApp looks the digits up in the window of the held secret, or of the one that is being set up.
func (s *Service) compareApp(t *try) (bool, error) {
	secret, window, err := s.appSecret(t)
	if err != nil {
		return false, err
	}
	var ok bool
	if t.step, ok = factor.Match(secret, t.typed, window); ok {
		t.offset = window.Offset
		return true, nil
	}
	return s.secondAtOffset(t, secret), nil
}

func (s *Service) appSecret(t *try) ([]byte, factor.Window, error) {
	w := factor.Window{Now: t.m.now, Aside: t.m.settings.StepsAside, LastStep: math.MinInt64}
	if t.m.step.Kind == login.Enrol {
		p, err := s.openPending(&t.m)
		return p.Secret, w, err
	}
	if t.m.factor == nil {
		return nil, w, login.ErrOutOfOrder
	}
	w.Offset, w.LastStep = t.m.factor.Offset, t.m.factor.LastStep
	secret, err := s.keys.Open(t.m.factor.Secret, secretPlace(t.m.technician.ID))
	return secret, w, err
}

// wrong records a wrong answer and says so in words at its field.
func (s *Service) wrong(ctx context.Context, t *try) error {
	message, over := "", false
	err := s.counted(ctx, func(ctx context.Context, tx Tx) (err error) {
		message, over = "", false
		if t.m.signIn, t.m.technician, err = tx.SignIn(ctx, t.signIn); err != nil {
			return err
		}
		if over, err = s.provedInVain(ctx, tx, t); err != nil {
			return err
		}
		if err := s.recordWrong(ctx, tx, t, over); err != nil {
			return err
		}
		if over || t.step != 0 {
			if err := tx.Hold(ctx, t.m.technician.ID); err != nil {
				return err
			}
		}
		if message, err = s.clockHint(ctx, tx, t); err != nil {
			return err
		}
		if over {
			return s.endGuessing(ctx, tx, t)
		}
		t.m.signIn.Wrong++
		return tx.UpdateSignIn(ctx, t.m.signIn)
	})
	switch {
	case err != nil:
		return err
	case over:
		return errGuessing
	case message == "":
		message = t.message()
	}
	return sallyport.InvalidField(t.field(), message)
}

// field is where the answer was typed.
func (t *try) field() string {
	if t.kind == AnswerPassword {
		return "password"
	}
	return "code"
}

// recordWrong writes the event, and what a wrong answer leads to: a notice after three in a row (where over is true the
// end of the session is another), the end of the factor, or of the recovery codes, after too many.
func (s *Service) recordWrong(ctx context.Context, tx Tx, t *try, over bool) error {
	technician := t.m.technician
	what := map[AnswerKind]audit.Type{AnswerCode: audit.SignInFactorWrong, AnswerRecovery: audit.SignInRecoveryWrong,
		AnswerEnrolment: audit.SignInEnrolmentCodeWrong, AnswerPassword: audit.SignInPasswordWrong}[t.kind]
	if t.m.provesSession() {
		what = audit.SessionStepUpWrong
	}
	event := audit.New(what, himself(technician, t.client)).On(technician).Outcome("wrong")
	if err := tx.InsertEvent(ctx, event.Event()); err != nil {
		return err
	}
	if err := s.tellWrong(ctx, tx, t, over); err != nil {
		return err
	}
	switch {
	case t.run < t.m.settings.FactorRun:
		return nil
	case t.kind == AnswerRecovery:
		return s.recoveryOff(ctx, tx, technician, t.client)
	}
	return s.disable(ctx, tx, &t.m, t.client)
}

const (
	wrongTold = 3              // the wrong answer in a row at which its owner is told, however many sign-ins they are spread over
	toldAgain = 24 * time.Hour // after which he is told again, while they go on
)

// tellWrong tells the owner of three wrong answers in a row. Where the record of the third was lost, the next one tells him.
func (s *Service) tellWrong(ctx context.Context, tx Tx, t *try, over bool) error {
	if t.run < wrongTold || t.kind == AnswerPassword || t.m.step.Kind == login.Enrol || over {
		return nil
	}
	of := "factor"
	if t.kind == AnswerRecovery { // which have a run of their own
		of = "recovery"
	}
	due, err := tx.Fill(ctx, "t"+s.opaque("wrong answers", string(t.m.technician.ID), of), toldAgain, toldAgain)
	if err != nil || !due && t.run > wrongTold {
		return err
	}
	return s.tell(ctx, tx, NoticeWrongCodes, t.m.technician, t.client)
}

// recoveryOff tells that the last wrong recovery code in a row was one too many: none is taken until there are new ones.
func (s *Service) recoveryOff(ctx context.Context, tx Tx, t sallyport.Technician, c sallyport.Client) error {
	if err := s.tell(ctx, tx, NoticeRecoveryOff, t, c); err != nil {
		return err
	}
	return tx.InsertEvent(ctx, audit.New(audit.SignInRecoveryDisabled, himself(t, c)).On(t).Event())
}

// message is what a wrong answer is told, without saying whether it was ever right.
func (t *try) message() string {
	switch {
	case t.kind == AnswerRecovery:
		return "That recovery code is not right, or was used already."
	case t.kind == AnswerEnrolment:
		return "That enrolment code is not right, or has run out. Your administrator can make a new one."
	case t.kind == AnswerPassword:
		return "That password is not right."
	case t.code != nil && t.code.Attempts >= sallyport.CodeTries:
		return "Three wrong codes. Send a new one to go on."
	case t.code != nil && sallyport.CodeTries-t.code.Attempts == 1:
		return "That code is not right. 1 try left."
	case t.code != nil:
		return fmt.Sprintf("That code is not right. %d tries left.", sallyport.CodeTries-t.code.Attempts)
	}
	next := 30 - t.m.now.Unix()%30
	if t.m.step.Kind == login.Enrol {
		return fmt.Sprintf("That code is not right. Please take it from the entry that the QR code on this page made, not from an older one. The next one comes in %d s.", next)
	}
	return fmt.Sprintf("That code is not right, or was used already. The next one comes in %d s.", next)
}

func until(t, now time.Time) time.Duration { return max(0, t.Sub(now)) }
