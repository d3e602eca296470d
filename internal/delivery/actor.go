package delivery

import (
	"context"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/policy"
)

// words are what differs between the two channels.
type words struct {
	permission sallyport.Permission
	method     sallyport.Method
	page       string
	events
}

// events are the audit types of what is done to a channel's settings.
type events struct{ draft, tested, proved, discarded, removed audit.Type }

var channels = map[sallyport.Channel]words{
	sallyport.ChannelEmail: {sallyport.ManageEmail, sallyport.MethodEmail, "Email Settings", events{audit.EmailSettingsDraft,
		audit.EmailSettingsTested, audit.EmailSettingsProved, audit.EmailSettingsDiscarded, audit.EmailSettingsRemoved}},
	sallyport.ChannelSMS: {sallyport.ManageSMS, sallyport.MethodText, "SMS Settings", events{audit.SMSSettingsDraft,
		audit.SMSSettingsTested, audit.SMSSettingsProved, audit.SMSSettingsDiscarded, audit.SMSSettingsRemoved}},
}

// itself is the actor where it is not known, or does not matter, who asked.
var itself = sallyport.Actor{Kind: sallyport.ActorSystem}

// act is who does something to which channel.
type act struct {
	actor sallyport.Actor
	words
	channel sallyport.Channel
}

func channelWords(channel sallyport.Channel) (words, error) {
	w, ok := channels[channel]
	if !ok {
		return words{}, sallyport.ErrNotFound
	}
	return w, nil
}

// may judges the actor by his row, and the session that he acts through, as they are in this transaction.
func may(ctx context.Context, tx Tx, actor sallyport.Actor, p sallyport.Permission) error {
	switch actor.Kind {
	case sallyport.ActorHost, sallyport.ActorSystem:
		return nil
	case sallyport.ActorTechnician:
	default:
		return sallyport.ErrForbidden
	}
	t, err := policy.SignedIn(ctx, tx, actor)
	if err != nil {
		return err
	}
	if !sallyport.May(t.Role, p) {
		return sallyport.ErrForbidden
	}
	return nil
}

// mayChange is may for a sensitive change: the last proof must be fresh.
func mayChange(ctx context.Context, tx Tx, actor sallyport.Actor, p sallyport.Permission) error {
	if err := may(ctx, tx, actor, p); err != nil || actor.Kind != sallyport.ActorTechnician {
		return err
	}
	settings, err := tx.Settings(ctx)
	if err != nil {
		return err
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	if now.Sub(actor.ProvedAt) > settings.StepUpAfter {
		return sallyport.ErrStepUp
	}
	return nil
}
