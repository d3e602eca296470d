package delivery

import (
	"context"

	"sallyport"
)

// words are what differs between the two channels.
type words struct {
	permission sallyport.Permission
	method     sallyport.Method
	page       string
	event      string // prefix of event types
}

var channels = map[sallyport.Channel]words{
	sallyport.ChannelEmail: {sallyport.ManageEmail, sallyport.MethodEmail, "Email Settings", "email.settings."},
	sallyport.ChannelSMS:   {sallyport.ManageSMS, sallyport.MethodText, "SMS Settings", "sms.settings."},
}

func channelWords(channel sallyport.Channel) (words, error) {
	w, ok := channels[channel]
	if !ok {
		return words{}, sallyport.ErrNotFound
	}
	return w, nil
}

// may judges the actor by his row as it is in this transaction.
func may(ctx context.Context, tx Tx, actor sallyport.Actor, p sallyport.Permission) error {
	switch actor.Kind {
	case sallyport.ActorHost, sallyport.ActorSystem:
		return nil
	case sallyport.ActorTechnician:
	default:
		return sallyport.ErrForbidden
	}
	t, err := tx.Technician(ctx, actor.ID)
	if err != nil {
		if sallyport.KindOf(err) == sallyport.NotFound {
			return sallyport.ErrForbidden
		}
		return err
	}
	if t.Status != sallyport.Active || !sallyport.May(t.Role, p) {
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

// event is the audit event of what actor did to a channel's settings.
func event(actor sallyport.Actor, kind string, before, after map[string]string) sallyport.Event {
	return sallyport.Event{Type: kind, ActorKind: actor.Kind, Actor: actor.ID, ActorName: actor.Name,
		Before: before, After: after, Outcome: "ok",
		Address: actor.Client.Address, Browser: actor.Client.Browser, RequestID: actor.Client.RequestID}
}
