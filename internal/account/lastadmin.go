package account

import (
	"context"
	"slices"
	"time"

	"sallyport"
	"sallyport/internal/policy"
)

// ways are the channels that were proved: what may be required of anybody, and what a code can be sent through.
type ways struct{ email, text bool }

func waysOf(proved []sallyport.Channel) ways {
	return ways{email: slices.Contains(proved, sallyport.ChannelEmail), text: slices.Contains(proved, sallyport.ChannelSMS)}
}

// eachUsable calls yield for the Super Admins who can sign in, as this transaction sees them, its own writes included,
// until yield returns false.
func eachUsable(ctx context.Context, tx Tx, yield func(sallyport.Technician) bool) error {
	var admins []sallyport.Technician
	var facts sallyport.Facts
	err := tx.Together(ctx,
		func() (err error) { admins, err = tx.TechniciansByRole(ctx, sallyport.SuperAdmin); return err },
		func() (err error) { facts, err = tx.Facts(ctx); return err })
	if err != nil {
		return err
	}
	in := waysOf(facts.Proved).channels(facts.Settings, facts.Now)
	for _, t := range admins {
		h, err := hold(ctx, tx, t.ID)
		if err != nil {
			return err
		}
		if policy.CanSignIn(t, h.factor, h.left, in) && !yield(t) {
			return nil
		}
	}
	return nil
}

// usableBut reports whether a Super Admin other than id can sign in.
func usableBut(ctx context.Context, tx Tx, id sallyport.TechnicianID) (found bool, err error) {
	err = eachUsable(ctx, tx, func(t sallyport.Technician) bool {
		found = t.ID != id
		return !found
	})
	return found, err
}

func (o ways) channels(s sallyport.Settings, now time.Time) policy.Channels {
	return policy.Channels{EmailProved: o.email, SMSProved: o.text, OffPermitted: s.PermitOff, FactorRun: s.FactorRun, Now: now}
}

// supers is what the rule of the last Super Admin looks at.
type supers struct {
	usable bool // one can sign in
	some   bool // one is active or invited, whom a rescue on the host could let in again
}

// supersBut looks at the Super Admins other than id.
func supersBut(ctx context.Context, tx Tx, id sallyport.TechnicianID) (s supers, err error) {
	if s.usable, err = usableBut(ctx, tx, id); err != nil || s.usable {
		return supers{usable: s.usable, some: s.usable}, err
	}
	admins, err := tx.TechniciansByRole(ctx, sallyport.SuperAdmin)
	for _, t := range admins {
		s.some = s.some || t.ID != id && t.Status != sallyport.Deactivated
	}
	return s, err
}

// keep reports whether what was there is there still.
func (s supers) keep(after supers) bool {
	return (after.usable || !s.usable) && (after.some || !s.some)
}

// guarded runs an act and refuses it afterwards, inside the same transaction, where it left no Super Admin who can sign
// in (invariant I6), or, where none could before, none whom a rescue could let in again. The count is taken from what the
// act has written, so that two acts at once, which the database puts one after the other, cannot pass it together.
func guarded(ctx context.Context, tx Tx, act func() error) error {
	before, err := supersBut(ctx, tx, "")
	if err != nil {
		return err
	}
	if err := act(); err != nil {
		return err
	}
	after, err := supersBut(ctx, tx, "")
	if err != nil {
		return err
	}
	if !before.keep(after) {
		return errLastAdmin
	}
	return nil
}

// guardedOn is guarded for an act on t alone, as this transaction read him. Whoever is no Super Admin leaves as many as
// there are.
func guardedOn(ctx context.Context, tx Tx, t sallyport.Technician, act func() error) error {
	if t.Role != sallyport.SuperAdmin {
		return act()
	}
	return guarded(ctx, tx, act)
}

// needsSecond refuses what a Super Admin may not do to himself while another one could.
func needsSecond(ctx context.Context, tx Tx, w who, t sallyport.Technician) error {
	if t.Role != sallyport.SuperAdmin || !w.is(t.ID) {
		return nil
	}
	another, err := usableBut(ctx, tx, t.ID)
	if err == nil && another {
		return errSecondAdmin
	}
	return err
}
