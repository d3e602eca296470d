package account

import (
	"context"
	"slices"

	"sallyport"
	"sallyport/internal/policy"
)

// ways are the channels that were proved: what may be required of anybody, and what a code can be sent through.
type ways struct{ email, text bool }

func readWays(ctx context.Context, tx Tx) (ways, error) {
	email, err := tx.Gateway(ctx, string(sallyport.ChannelEmail), "live")
	if err != nil {
		return ways{}, err
	}
	text, err := tx.Gateway(ctx, string(sallyport.ChannelSMS), "live")
	if err != nil {
		return ways{}, err
	}
	proved := func(g *sallyport.Gateway) bool { return g != nil && !g.ProvedAt.IsZero() }
	return ways{email: proved(email), text: proved(text)}, nil
}

// usableAdmins returns the Super Admins who can sign in, as this transaction sees them, its own writes included.
func usableAdmins(ctx context.Context, tx Tx) ([]sallyport.Technician, error) {
	admins, err := tx.TechniciansByRole(ctx, sallyport.SuperAdmin)
	if err != nil {
		return nil, err
	}
	in, err := channels(ctx, tx)
	if err != nil {
		return nil, err
	}
	var usable []sallyport.Technician
	for _, t := range admins {
		h, err := hold(ctx, tx, t.ID)
		if err != nil {
			return nil, err
		}
		if policy.CanSignIn(t, h.factor, h.left, in) {
			usable = append(usable, t)
		}
	}
	return usable, nil
}

func channels(ctx context.Context, tx Tx) (policy.Channels, error) {
	open, err := readWays(ctx, tx)
	if err != nil {
		return policy.Channels{}, err
	}
	settings, err := tx.Settings(ctx)
	return open.channels(settings), err
}

func (o ways) channels(s sallyport.Settings) policy.Channels {
	return policy.Channels{EmailProved: o.email, SMSProved: o.text, OffPermitted: s.PermitOff, FactorRun: s.FactorRun}
}

// guarded runs an act on one technician and refuses it afterwards, inside the same transaction, where it left no
// Super Admin who can sign in (invariant I6). The count is taken from what the act has written, so that two acts at
// once, which the database puts one after the other, cannot pass it together.
func guarded(ctx context.Context, tx Tx, act func() error) error {
	before, err := usableAdmins(ctx, tx)
	if err != nil {
		return err
	}
	if err := act(); err != nil {
		return err
	}
	after, err := usableAdmins(ctx, tx)
	if err != nil {
		return err
	}
	if len(before) > 0 && len(after) == 0 {
		return errLastAdmin
	}
	return nil
}

// needsSecond refuses what a Super Admin may not do to himself while another one could.
func needsSecond(ctx context.Context, tx Tx, w who, t sallyport.Technician) error {
	if t.Role != sallyport.SuperAdmin || !w.is(t.ID) {
		return nil
	}
	usable, err := usableAdmins(ctx, tx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(usable, func(a sallyport.Technician) bool { return a.ID != t.ID }) {
		return errSecondAdmin
	}
	return nil
}
