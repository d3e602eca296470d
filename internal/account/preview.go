package account

import (
	"context"
	"errors"

	"sallyport"
	"sallyport/internal/policy"
)

// Preview says what Save would do with form, which began from version. It needs the right to edit, and changes nothing.
// What Save would refuse stands in Refusals; only a right that is missing is an error.
func (s *Service) Preview(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID, form Form, version int64) (Preview, error) {
	var preview Preview
	err := s.store.Read(ctx, func(tx Tx) error {
		p, err := planEdit(ctx, tx, actor, edit{id, form, version})
		if err != nil {
			return err
		}
		preview, err = foresee(ctx, tx, p)
		return err
	})
	return preview, err
}

// foresee says what carrying out p would do.
func foresee(ctx context.Context, tx Tx, p plan) (Preview, error) {
	v := Preview{Technician: public(p.was), Changes: p.changes, Refusals: p.wrong, Security: p.security,
		Nothing: len(p.changes) == 0 && len(p.wrong) == 0, NeedsProof: sensitive(p.changes) && p.w.stale()}
	if err := v.refusals(ctx, tx, p); err != nil || !p.security {
		return v, err
	}
	v.MustSetUp = mustSetUp(p)
	v.Stranded = stranded(p)
	v.Invitation = p.was.Status == sallyport.Invited
	v.Self = p.w.is(p.was.ID)
	var err error
	if v.SignsOut, err = tx.SessionsOf(ctx, p.was.ID); err != nil {
		return v, err
	}
	v.Warnings, err = warnings(ctx, tx, p)
	return v, err
}

// refusals adds what is judged beyond the fields.
func (v *Preview) refusals(ctx context.Context, tx Tx, p plan) error {
	var known *sallyport.Error
	if changed(p.changes, FieldEmail, FieldRole) {
		err := needsSecond(ctx, tx, p.w, p.was)
		if errors.As(err, &known) {
			v.Refusals = append(v.Refusals, sallyport.Field{Message: known.Message})
		} else if err != nil {
			return err
		}
	}
	last, err := leavesNobody(ctx, tx, p)
	if last {
		v.Refusals = append(v.Refusals, sallyport.Field{Message: errLastAdmin.Message})
	}
	return err
}

// leavesNobody foresees the last-admin rule for a plan that was not written.
func leavesNobody(ctx context.Context, tx Tx, p plan) (bool, error) {
	if p.was.Role != sallyport.SuperAdmin {
		return false, nil
	}
	after, err := supersBut(ctx, tx, p.was.ID)
	if err != nil || after.usable {
		return false, err
	}
	before, err := supersBut(ctx, tx, "")
	if err != nil {
		return false, err
	}
	if p.next.Role == sallyport.SuperAdmin {
		after.usable = policy.CanSignIn(p.next, p.held.factor, p.held.left, p.w.open.channels(p.w.settings, p.w.now))
		after.some = after.some || p.next.Status != sallyport.Deactivated
	}
	return !before.keep(after), nil
}

// warnings are what an administrator should know before he saves.
func warnings(ctx context.Context, tx Tx, p plan) ([]string, error) {
	var out []string
	if p.w.switchedOff(p.next) && p.next.Method != sallyport.MethodOff {
		out = append(out, "The second factor is switched off by too many wrong answers. Only a reset opens it again.")
	}
	if f := p.held.factor; f != nil && f.Kind != sallyport.MethodApp && f.Address == p.was.Email && changed(p.changes, FieldEmail) {
		out = append(out, "The code that is asked for first still goes to "+f.Address+". If that mailbox is lost, reset the second factor.")
	}
	if !p.w.open.email {
		out = append(out, "Email Settings are not proved: nobody is told by email.")
	}
	allSent, err := allBySent(ctx, tx, p)
	if allSent {
		out = append(out, "After this every Super Admin depends on sent codes: if sending fails, only recovery codes or a rescue on the host let one in.")
	}
	if err != nil {
		return nil, err
	}
	alone, err := aloneInTime(ctx, tx, p)
	if alone {
		out = append(out, "Nobody else could open the set-up again: sign in before "+p.next.SetupUntil.UTC().Format("2 January 2006 at 15:04 UTC")+
			", or only a rescue on the host lets this account in.")
	}
	return out, err
}

// aloneInTime foresees that a set-up must begin in time and that no other Super Admin can sign in, who could open it again.
func aloneInTime(ctx context.Context, tx Tx, p plan) (bool, error) {
	if p.next.Role != sallyport.SuperAdmin || mustSetUp(p) == "" {
		return false, nil
	}
	another, err := usableBut(ctx, tx, p.was.ID)
	return err == nil && !another, err
}

// allBySent foresees that each Super Admin who can sign in waits for a code that must be sent.
func allBySent(ctx context.Context, tx Tx, p plan) (bool, error) {
	if p.next.Role != sallyport.SuperAdmin || !sent(p.next.Method) {
		return false, nil
	}
	all := true
	err := eachUsable(ctx, tx, func(t sallyport.Technician) bool {
		all = t.ID == p.was.ID || sent(t.Method)
		return all
	})
	return all, err
}

func sent(m sallyport.Method) bool { return m == sallyport.MethodEmail || m == sallyport.MethodText }
