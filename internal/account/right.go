package account

import (
	"context"
	"time"

	"sallyport"
	"sallyport/internal/policy"
)

// who is the actor as one transaction sees him: his own row and role, never what a page remembered of him.
type who struct {
	sallyport.Actor
	row      sallyport.Technician // zero for the host
	role     sallyport.Role
	now      time.Time
	settings sallyport.Settings
	open     ways
}

// judge returns the actor if he may do p now. A technician must be active, and the session he acts through must still
// be good: a request that began before he was signed out does not end as if he were not. What also asks goes together with
// what it asks, whatever the judgement.
func judge(ctx context.Context, tx Tx, actor sallyport.Actor, p sallyport.Permission, also ...func() error) (who, error) {
	w, err := identify(ctx, tx, actor, also...)
	if err != nil {
		return who{}, err
	}
	if !w.may(p) {
		return who{}, sallyport.ErrForbidden
	}
	return w, nil
}

// identify returns the actor whatever he may do.
func identify(ctx context.Context, tx Tx, actor sallyport.Actor, also ...func() error) (who, error) {
	w := who{Actor: actor}
	err := tx.Together(ctx, append([]func() error{
		func() error { return w.look(ctx, tx) },
		func() error { return w.signedIn(ctx, tx) }}, also...)...)
	if err != nil {
		return who{}, err
	}
	return w, nil
}

// look reads what every decision looks at beside the accounts.
func (w *who) look(ctx context.Context, tx Tx) error {
	facts, err := tx.Facts(ctx)
	w.now, w.settings, w.open = facts.Now, facts.Settings, waysOf(facts.Proved)
	return err
}

func (w *who) signedIn(ctx context.Context, tx Tx) (err error) {
	switch w.Kind {
	case sallyport.ActorHost:
		w.role, _ = sallyport.RoleByID(sallyport.SuperAdmin)
		return nil
	case sallyport.ActorTechnician:
		if w.row, err = policy.SignedIn(ctx, tx, w.Actor); err != nil {
			return err
		}
		w.Name = w.row.UserName
		w.role, _ = sallyport.RoleByID(w.row.Role)
		return nil
	}
	return sallyport.ErrUnauthorized
}

func (w who) host() bool                        { return w.Kind == sallyport.ActorHost }
func (w who) may(p sallyport.Permission) bool   { return w.host() || w.role.Has(p) }
func (w who) is(id sallyport.TechnicianID) bool { return !w.host() && w.ID == id }

// switchedOff reports whether too many wrong answers switched t's second factor off, by the setting of now.
func (w who) switchedOff(t sallyport.Technician) bool {
	return t.FactorDisabled || t.WrongRun >= w.settings.FactorRun
}

// shut reports whether t, who holds nothing, can set nothing up before he is reset: too many wrong answers were given to that.
func (w who) shut(t sallyport.Technician, held *sallyport.Factor) bool {
	return held == nil && w.switchedOff(t)
}

// shown is t as pages show him: without what nobody is shown, his factor switched off where a sign-in finds it so.
func (w who) shown(t sallyport.Technician) sallyport.Technician {
	t.FactorDisabled = w.switchedOff(t)
	return public(t)
}

// invitedSetup is until when somebody who is invited now may begin his set-up: for as long as the invitation works.
func (w who) invitedSetup() time.Time {
	return w.now.Add(max(w.settings.SetupLife, w.settings.InvitationLife))
}

// over says whether the actor's rights reach t at all: every right over a Super Admin needs a permission of its own,
// and nobody has rights over somebody who may more than himself.
func (w who) over(t sallyport.Technician) error {
	if t.Role == sallyport.SuperAdmin && !w.may(sallyport.ManageSuperAdmins) {
		return errOverSuperAdmin
	}
	if !w.covers(t.Role) {
		return errOverStronger
	}
	return nil
}

// gives says whether the actor may give role.
func (w who) gives(role sallyport.RoleID) bool {
	if role == sallyport.SuperAdmin && !w.may(sallyport.ManageSuperAdmins) {
		return false
	}
	return w.covers(role)
}

func (w who) covers(id sallyport.RoleID) bool {
	role, ok := sallyport.RoleByID(id)
	return ok && w.role.Covers(role)
}

// givable lists the roles that the actor may give, strongest first.
func (w who) givable() []sallyport.Role {
	var roles []sallyport.Role
	for _, r := range sallyport.BuiltInRoles {
		if w.gives(r.ID) {
			roles = append(roles, r)
		}
	}
	return roles
}

// stale reports whether the actor's last proof is too old for a sensitive act. The host's shell is its own proof.
func (w who) stale() bool {
	return !w.host() && w.ProvedAt.Before(w.now.Add(-w.settings.StepUpAfter))
}

// fresh refuses a sensitive act after too old a proof.
func (w who) fresh() error {
	if w.stale() {
		return sallyport.ErrStepUp
	}
	return nil
}

// target reads a technician whom the actor may do p to.
func target(ctx context.Context, tx Tx, actor sallyport.Actor, id sallyport.TechnicianID, p sallyport.Permission) (who, sallyport.Technician, error) {
	var t sallyport.Technician
	var none error
	w, err := judge(ctx, tx, actor, p, func() error {
		t, none = tx.Technician(ctx, id)
		return nil
	})
	switch {
	case err != nil:
		return who{}, sallyport.Technician{}, err
	case none != nil:
		return who{}, sallyport.Technician{}, none
	}
	return w, t, w.over(t)
}

var (
	errOverSuperAdmin = sallyport.E(sallyport.Forbidden, "over_super_admin", "Only a Super Admin may change the account of a Super Admin.")
	errOverStronger   = sallyport.E(sallyport.Forbidden, "over_stronger", "This technician may do more than you: somebody who may as much must do this.")
	errOwnReset       = sallyport.E(sallyport.Forbidden, "own_reset", "Nobody resets their own second factor. Ask another administrator.")
	errSecondAdmin    = sallyport.E(sallyport.Forbidden, "second_super_admin", "A Super Admin's email address and role are changed by another Super Admin, as long as there is one.")
	errLastAdmin      = sallyport.E(sallyport.Conflict, "last_super_admin", "This would leave no Super Admin who can sign in.")
)
