package session

import (
	"context"
	"errors"
	"strconv"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/factor"
	"sallyport/internal/login"
)

// consume uses a right answer up, and readies what follows from it. errLost means somebody else was first.
func (s *Service) consume(ctx context.Context, t *try) (Outcome, error) {
	out, err := s.letIn(ctx, t)
	if errors.Is(err, errLookAgain) {
		out, err = s.consumeLooking(ctx, t)
	}
	return out, err
}

// letIn uses the digits of an app up where, by what was read when they were counted, the session is all that follows. Then
// nothing is read again: that the technician is still as he was left by the count and the life of sessions what it was, that
// the sign-in is there and in time, and that the step is unused is made sure of by what is written. Whatever else it meets
// is errLookAgain.
func (s *Service) letIn(ctx context.Context, t *try) (out Outcome, err error) {
	m := t.m
	step := m.step
	if t.kind != AnswerCode || t.code != nil || step.Kind != login.Factor || m.signIn.Purpose != sallyport.PurposeSignIn || m.settings.SessionLimit > 0 {
		return out, errLookAgain
	}
	if m.signIn.Proofs, err = login.Apply(m.signIn.Proofs, step, t.event); err != nil {
		return out, err
	}
	if m.step = login.Next(m.state()); m.step.Kind != login.Done {
		return out, errLookAgain
	}
	m.taken = true
	err = s.store.Write(ctx, func(tx Tx) error {
		out, m.ended = Outcome{}, false
		if err := tx.ClearAnswersOf(ctx, m.technician, t.run, m.now, m.settings, errLookAgain); err != nil {
			return err
		}
		if err := tx.UseStep(ctx, m.technician.ID, t.step, errLookAgain); err != nil {
			return err
		}
		if err := tx.InsertEvent(ctx, t.right(m, step)); err != nil {
			return err
		}
		return s.finish(ctx, tx, &m, t.client, &out)
	})
	if errors.Is(err, errOver) {
		err = errLookAgain
	}
	return out, err
}

// right is the event of a right answer; of a recovery code it says how many are left.
func (t *try) right(m moment, step login.Step) sallyport.Event {
	event := audit.New(rightEvent[t.kind], himself(m.technician, t.client)).On(m.technician).Because(string(step.Kind) + " " + string(step.Method))
	if t.kind == AnswerRecovery && m.recoveryLeft != nil {
		event = event.Changed(nil, map[string]string{"recovery_left": strconv.Itoa(*m.recoveryLeft)})
	}
	return event.Event()
}

// consumeLooking uses a right answer up whatever follows, in one transaction: generation and step as they are now, the code
// still live and newest or the TOTP step unused, the proof, and what follows from it.
func (s *Service) consumeLooking(ctx context.Context, t *try) (Outcome, error) {
	var out Outcome
	err := s.store.Write(ctx, func(tx Tx) error {
		out = Outcome{}
		m, err := at(ctx, tx, t.signIn)
		if err != nil {
			return err
		}
		m.without(t)
		if m.step != t.m.step {
			return login.ErrOutOfOrder
		}
		if err := s.useUp(ctx, tx, t, &m); err != nil {
			return err
		}
		if m.signIn.Proofs, err = login.Apply(m.signIn.Proofs, m.step, t.event); err != nil {
			return err
		}
		if err := tx.InsertEvent(ctx, t.right(m, m.step)); err != nil {
			return err
		}
		if m.step.Kind == login.Enrol && m.signIn.Purpose == sallyport.PurposeSetup {
			return s.finishSetup(ctx, tx, &m, t, &out)
		}
		return s.goOn(ctx, tx, &m, t, &out)
	})
	if err != nil {
		return Outcome{}, err
	}
	if t.kind != AnswerCode || t.m.step.Kind == login.Enrol { // any other right answer leaves no message
		s.messages.Wake()
	}
	return out, nil
}

var rightEvent = map[AnswerKind]audit.Type{AnswerCode: audit.SignInFactorRight, AnswerRecovery: audit.SignInRecoveryUsed,
	AnswerEnrolment: audit.SignInEnrolmentCodeRight, AnswerPassword: audit.SignInPasswordRight}

// useUp ends the run of wrong answers and makes sure that this one succeeds once (invariant I2). The run comes first: it
// stands in the technician's row.
func (s *Service) useUp(ctx context.Context, tx Tx, t *try, m *moment) (err error) {
	if m.provesSession() {
		if _, err := tx.EndGuesses(ctx, s.stepUpKey(m.signIn.Session)); err != nil {
			return err
		}
	}
	switch {
	case t.kind == AnswerPassword, t.m.replaces(): // which count in no run
		err = tx.Hold(ctx, m.technician.ID)
	case m.technician.ID != "" && t.run != 0:
		err = tx.ClearAnswers(ctx, m.technician.ID, t.kind == AnswerRecovery)
	}
	if err != nil {
		return err
	}
	used := true
	switch {
	case t.kind == AnswerRecovery:
		m.recoveryLeft = nil
		used, err = tx.UseRecoveryCode(ctx, m.technician.ID, s.recoveryHash(m.technician.ID, t.typed))
	case t.kind == AnswerEnrolment:
		used, err = tx.UseEnrolmentCode(ctx, m.technician.ID, m.technician.Generation, s.enrolmentHash(m.technician.ID, t.typed))
	case t.code != nil:
		used, err = s.useSent(ctx, tx, t, m)
	case t.kind == AnswerCode && m.step.Kind != login.Enrol:
		err = tx.UseStep(ctx, m.technician.ID, t.step, errLost)
	}
	if err != nil {
		return err
	}
	if !used {
		return errLost
	}
	if t.kind == AnswerRecovery {
		left, err := tx.RecoveryLeft(ctx, m.technician.ID)
		if err != nil {
			return err
		}
		m.recoveryLeft = &left
		return s.tell(ctx, tx, NoticeRecoveryUsed, m.technician, t.client)
	}
	return nil
}

// useSent uses a sent code up. What it proved was used with it, but where it is only being set up.
func (s *Service) useSent(ctx context.Context, tx Tx, t *try, m *moment) (used bool, err error) {
	if used, err = tx.ConsumeCode(ctx, t.code.ID); err != nil || !used {
		return used, err
	}
	if err := tx.SucceedSends(ctx, t.signIn); err != nil || m.step.Kind == login.Enrol {
		return true, err
	}
	return true, tx.NoteUse(ctx, m.technician.ID)
}

func (s *Service) recoveryHash(id sallyport.TechnicianID, canonical string) []byte {
	return s.keys.MAC("recovery", []byte(id), []byte(canonical))
}

// goOn stores a set-up where that was the step, asks login what is next, and either finishes or waits for it under a
// fresh token.
func (s *Service) goOn(ctx context.Context, tx Tx, m *moment, t *try, out *Outcome) error {
	enrolled := m.step.Kind == login.Enrol
	if enrolled {
		if err := s.enrol(ctx, tx, m, t, out); err != nil {
			return err
		}
		again, err := tx.Technician(ctx, m.technician.ID)
		if err != nil {
			return err
		}
		m.technician = again
		if err := m.read(ctx, tx); err != nil {
			return err
		}
	}
	m.step = login.Next(m.state()) // of the same transaction: nothing else has changed
	if m.step.Kind == login.Done {
		return s.finish(ctx, tx, m, t.client, out)
	}
	token := sallyport.NewToken()
	hash, _ := token.Hash()
	if err := tx.RotateSignIn(ctx, t.signIn, hash); err != nil {
		return err
	}
	m.signIn.Hash, out.SignIn, out.Return = hash, token, m.signIn.Return
	if _, err := s.giveSecret(m); err != nil {
		return err
	}
	t.next = *m
	return tx.UpdateSignIn(ctx, m.signIn)
}

// enrol stores what was just proved as the one factor that the technician holds. Whatever he held before is retired
// with its recovery codes, and ten new ones are made.
func (s *Service) enrol(ctx context.Context, tx Tx, m *moment, t *try, out *Outcome) error {
	f := sallyport.Factor{Technician: m.technician.ID, Kind: m.step.Method, ProvedAt: m.now, UsedAt: m.now}
	if t.code != nil {
		if t.code.Address != m.address() {
			return login.ErrOutOfOrder
		}
		f.Address = t.code.Address
	} else {
		p, err := s.openPending(m)
		if err != nil {
			return err
		}
		f.Secret, f.LastStep, f.Offset = s.keys.Seal(p.Secret, secretPlace(m.technician.ID)), t.step, t.offset
	}
	m.recoveryLeft, out.OlderCodes = nil, m.factor != nil
	if err := s.retire(ctx, tx, m, t.client); err != nil {
		return err
	}
	return s.putFactor(ctx, tx, m.technician, f, t.client, out)
}

// putFactor stores a proved factor with ten new recovery codes, its event and its notice.
func (s *Service) putFactor(ctx context.Context, tx Tx, t sallyport.Technician, f sallyport.Factor, c sallyport.Client, out *Outcome) (err error) {
	if err = tx.PutFactor(ctx, f); err != nil {
		return err
	}
	out.UserName, out.Role = t.UserName, t.Role
	if out.RecoveryCodes, err = s.newRecoveryCodes(ctx, tx, t.ID); err != nil {
		return err
	}
	event := audit.New(audit.FactorEnrolled, himself(t, c)).On(t).Changed(nil, factorFields(f))
	if err := tx.InsertEvent(ctx, event.Event()); err != nil {
		return err
	}
	return s.tell(ctx, tx, NoticeEnrolled, t, c)
}

// retire removes the factor that was held until now, with its recovery codes and its count of wrong answers.
func (s *Service) retire(ctx context.Context, tx Tx, m *moment, c sallyport.Client) error {
	if err := tx.ResetWrong(ctx, m.technician.ID); err != nil || m.factor == nil {
		return err
	}
	if err := tx.DeleteFactor(ctx, m.technician.ID); err != nil {
		return err
	}
	event := audit.New(audit.FactorRetired, himself(m.technician, c)).On(m.technician).
		Changed(factorFields(*m.factor), nil)
	return tx.InsertEvent(ctx, event.Event())
}

// factorFields are what events say of a factor: its kind, and the mailbox or number that was proved.
func factorFields(f sallyport.Factor) map[string]string {
	fields := map[string]string{"factor": string(f.Kind)}
	if f.Address != "" {
		fields["address"] = f.Address
	}
	return fields
}

func (s *Service) newRecoveryCodes(ctx context.Context, tx Tx, id sallyport.TechnicianID) ([]string, error) {
	codes := factor.NewRecoveryCodes()
	hashes := make([][]byte, len(codes))
	for i, code := range codes {
		canonical, _ := factor.CanonicalRecovery(code)
		hashes[i] = s.recoveryHash(id, canonical)
	}
	return codes, tx.SetRecoveryCodes(ctx, id, hashes)
}
