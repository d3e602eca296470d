package account

import (
	"context"
	"strings"
	"time"

	"sallyport"
)

// plan is one Save, thought through before anything is written.
type plan struct {
	draft
	w        who
	changes  []Change
	security bool // the generation rises
	held     holding
}

// holding is what a technician could prove himself with.
type holding struct {
	factor *sallyport.Factor
	left   int // recovery codes
}

func hold(ctx context.Context, tx Tx, id sallyport.TechnicianID) (h holding, err error) {
	err = tx.Together(ctx,
		func() (err error) { h.factor, err = tx.Factor(ctx, id); return err },
		func() (err error) { h.left, err = tx.RecoveryLeft(ctx, id); return err })
	return h, err
}

// think makes the plan of a Save by w of form over t.
func think(ctx context.Context, tx Tx, w who, t sallyport.Technician, form Form) (plan, error) {
	d, err := readForm(ctx, tx, w, t, form)
	if err != nil {
		return plan{}, err
	}
	p := plan{draft: d, w: w, changes: diff(t, d.next)}
	p.security = signsOut(p.changes)
	if p.held, err = hold(ctx, tx, t.ID); err != nil {
		return plan{}, err
	}
	p.openSetup()
	p.noteEmail()
	return p, nil
}

// openSetup opens the window of a set-up where the change made one necessary, and closes it where none is.
func (p *plan) openSetup() {
	switch {
	case !p.security:
	case !needsSetup(p.next, p.held.factor):
		p.next.SetupUntil = time.Time{}
	case p.was.Status == sallyport.Invited: // a fresh invitation goes out, which the set-up belongs to
		p.next.SetupUntil = p.w.invitedSetup()
	case changed(p.changes, FieldMethod, FieldEmail, FieldPhone):
		p.next.SetupUntil = p.w.now.Add(p.w.settings.SetupLife)
	}
}

// noteEmail remembers who changed an email address: he approves no password reset of it for seven days.
func (p *plan) noteEmail() {
	if changed(p.changes, FieldEmail) && !p.w.is(p.was.ID) {
		p.next.EmailChangedAt, p.next.EmailChangedBy = p.w.now, p.w.ID
	}
}

// Save changes a technician in one transaction: what changed, the end of everything older, the event, the messages.
// version is the one that the form began from; after another Save in between it is refused with a *StaleError. Wrong
// fields are sallyport.Invalid, a proof that is too old sallyport.ErrStepUp; nothing has changed after either.
func (s *Service) Save(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID, form Form, version int64) (Saved, error) {
	var saved Saved
	refusal, err := s.attemptMeasured(ctx, actor, &id, func(tx Tx) error {
		p, err := planEdit(ctx, tx, actor, edit{id, form, version})
		if err != nil {
			return err
		}
		saved, err = s.carryOut(ctx, tx, p)
		return err
	})
	if err != nil {
		return Saved{}, err
	}
	saved.Refusal = refusal
	return saved, nil
}

// edit is a form about a technician that began from one version of him.
type edit struct {
	id      sallyport.TechnicianID
	form    Form
	version int64
}

// planEdit plans an edit, *StaleError after another Save in between.
func planEdit(ctx context.Context, tx Tx, actor sallyport.Actor, e edit) (plan, error) {
	w, t, err := target(ctx, tx, actor, e.id, sallyport.WriteTechnicians)
	if err != nil {
		return plan{}, err
	}
	if t.Version != e.version {
		return plan{}, staleError(ctx, tx, t, e.form)
	}
	return think(ctx, tx, w, t, e.form)
}

// carryOut judges a plan and does it.
func (s *Service) carryOut(ctx context.Context, tx Tx, p plan) (saved Saved, err error) {
	if err := p.fields(); err != nil {
		return Saved{}, err
	}
	if len(p.changes) == 0 {
		return Saved{ID: p.was.ID, Version: p.was.Version, Nothing: true}, nil
	}
	if err := p.permitted(ctx, tx); err != nil {
		return Saved{}, err
	}
	err = guardedOn(ctx, tx, p.was, func() error {
		saved, err = s.write(ctx, tx, p)
		return err
	})
	return saved, err
}

// permitted judges what needs more than the right to edit.
func (p plan) permitted(ctx context.Context, tx Tx) error {
	if changed(p.changes, FieldEmail, FieldRole) {
		if err := needsSecond(ctx, tx, p.w, p.was); err != nil {
			return err
		}
	}
	if sensitive(p.changes) {
		return p.w.fresh()
	}
	return nil
}

// write does the plan: the row, the rise of the generation, the invitation, the messages, the one event.
func (s *Service) write(ctx context.Context, tx Tx, p plan) (Saved, error) {
	if err := tx.UpdateTechnician(ctx, p.next); err != nil {
		return Saved{}, takenField(err)
	}
	saved := Saved{ID: p.was.ID, Version: p.was.Version + 1, What: lines(p.changes)}
	if err := s.record(ctx, tx, p.w, technicianSaved(p)); err != nil {
		return Saved{}, err
	}
	if !p.security {
		return saved, nil
	}
	raised, err := tx.Raise(ctx, p.was.ID, p.endReason())
	if err != nil {
		return Saved{}, err
	}
	saved.SignedOut, saved.SessionsEnded = true, raised.Sessions
	saved.SelfSignedOut = p.w.is(p.was.ID)
	saved.MustSetUp = mustSetUp(p)
	if p.was.Status == sallyport.Invited {
		if err := s.callOff(ctx, tx, p, raised); err != nil {
			return Saved{}, err
		}
		return s.inviteAgain(ctx, tx, p, saved)
	}
	if p.was.Status == sallyport.Deactivated && len(p.was.Password) == 0 {
		return saved, nil // he never came in, and was not told of that either
	}
	return saved, s.tell(ctx, tx, p.w, p.message())
}

// endReason is what the holders of the sessions are told that the Save ends.
func (p plan) endReason() sallyport.EndReason {
	if p.w.is(p.was.ID) {
		return sallyport.EndedByOwnSave
	}
	return sallyport.EndedBySave
}

// callOff tells the mailbox that holds the invitation which has just ended where the next one goes to another. It is told
// nothing new of the account: it may be that of a stranger, whose address was typed by mistake. One that no invitation
// came to is told nothing at all.
func (s *Service) callOff(ctx context.Context, tx Tx, p plan, ended sallyport.Raised) error {
	if ended.Links == ended.Withdrawn || strings.EqualFold(p.was.Email, p.next.Email) {
		return nil
	}
	return s.tell(ctx, tx, p.w, message{kind: NoticeInvitationOff, to: p.was})
}

func (s *Service) inviteAgain(ctx context.Context, tx Tx, p plan, saved Saved) (Saved, error) {
	fresh, err := tx.Technician(ctx, p.was.ID)
	if err != nil {
		return Saved{}, err
	}
	invited, err := s.invite(ctx, tx, p.w, fresh)
	saved.Invitation, saved.InvitationSent, saved.InvitedUntil = invited.Link, invited.Sent, invited.ExpiresAt
	return saved, err
}

// message tells the technician, at his old address too where it changed.
func (p plan) message() message {
	m := message{kind: NoticeAccount, to: p.next, data: NoticeData{What: words(p.changes), Shut: p.next.Status == sallyport.Deactivated}}
	if len(p.changes) == 1 && changed(p.changes, FieldMethod) {
		m.kind, m.data.Method = NoticeMethod, p.next.Method
	}
	if p.was.Email != p.next.Email {
		m.also = []string{p.was.Email}
	}
	return m
}
