package audit

import (
	"errors"
	"strings"

	"sallyport"
)

// How much of a text an event keeps, in characters.
const (
	nameMost   = 254
	valueMost  = 256
	reasonMost = 500
	clientMost = 128
	keyMost    = 64
)

// Hidden stands in the place of a value whose key names a secret.
const Hidden = "(hidden)"

// secretKeys are names under which a value could only be a secret. Settings such as code-life are none.
var secretKeys = map[string]bool{"password": true, "secret": true, "token": true, "code": true, "auth_token": true, "api_key": true,
	"authorization": true, "cookie": true, "recovery_code": true, "recovery_codes": true, "totp": true, "phc": true}

// Builder makes one event, in steps that each return a new Builder. The store sets its number and time.
type Builder struct{ event sallyport.Event }

// New begins an event of type t that actor caused. The outcome is "ok", or what the type's last word says. It panics
// for a type that is not in Types: that is a mistake in the program, and no event must go by unknown to the docs.
func New(t Type, actor sallyport.Actor) Builder {
	if _, ok := byType[t]; !ok {
		panic("audit: unknown event type " + string(t))
	}
	return Builder{sallyport.Event{
		Type: string(t), ActorKind: actor.Kind, Actor: actor.ID, ActorName: Visible(actor.Name, nameMost), Outcome: outcome(t),
		Address: Visible(actor.Client.Address, clientMost), Browser: Visible(actor.Client.Browser, clientMost),
		RequestID: Visible(actor.Client.RequestID, clientMost),
	}}
}

func outcome(t Type) string {
	switch word := string(t[strings.LastIndexByte(string(t), '.')+1:]); word {
	case "wrong", "refused", "failed":
		return word
	case "throttled", "denied":
		return "refused"
	}
	return "ok"
}

// On names the technician it happened to.
func (b Builder) On(t sallyport.Technician) Builder {
	b.event.Target, b.event.TargetName = t.ID, Visible(t.UserName, nameMost)
	return b
}

// Changed notes what changed: only the keys whose values differ, a missing key being the same as an empty value. The
// value of a key that names a secret is replaced by Hidden.
func (b Builder) Changed(before, after map[string]string) Builder {
	b.event.Before, b.event.After = differing(before, after), differing(after, before)
	return b
}

// differing keeps what stands in one map and not the same in the other.
func differing(one, other map[string]string) map[string]string {
	kept := map[string]string{}
	for key, value := range one {
		if value == "" || value == other[key] {
			continue
		}
		if secretKeys[strings.ToLower(key)] {
			value = Hidden
		}
		kept[Visible(key, keyMost)] = Visible(value, valueMost)
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}

// Because gives the reason, where one is known or asked for.
func (b Builder) Because(reason string) Builder {
	b.event.Reason = Visible(reason, reasonMost)
	return b
}

// ReasonOf is the code of a refusal, with the fields where they were wrong. Never what was typed.
func ReasonOf(err error) string {
	var known *sallyport.Error
	if !errors.As(err, &known) {
		return sallyport.CodeOf(err)
	}
	var fields []string
	for _, f := range known.Fields {
		fields = append(fields, f.Name)
	}
	if len(fields) == 0 {
		return known.Code
	}
	return known.Code + ": " + strings.Join(fields, ", ")
}

// Outcome overrides how it ended: ok, wrong, refused, failed, or the state of a sending.
func (b Builder) Outcome(o string) Builder {
	b.event.Outcome = Visible(o, keyMost)
	return b
}

// Event is the event.
func (b Builder) Event() sallyport.Event { return b.event }
