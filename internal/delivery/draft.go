package delivery

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/keyring"
)

// View is what Admin > Email Settings or Admin > SMS Settings shows.
type View struct {
	Channel  sallyport.Channel
	Live     *sallyport.Gateway // in use; nil: none. Without its sealed secrets
	Draft    *sallyport.Gateway // being proved; nil: none. Without its sealed secrets
	LiveBy   string             // user name of who saved Live; empty when nobody knows
	DraftBy  string             // the same of Draft
	Began    string             // names what a form begins from now, for Form.Began
	Test     *TestState         // the last test message that is not finished; nil: none
	Kinds    []Kind
	Waiting  int    // notices and links that wait after a failed try
	Why      string // why one of them was not sent, in words
	AnyPlain bool   // allowed_networks lists something, so plain http and SMTP without TLS may be chosen
}

// Saved says what SaveDraft did beside saving.
type Saved struct {
	Draft   sallyport.Gateway
	Cleared []string // labels of secrets that were cleared because the other side changed
}

// Settings reads a channel's settings for an actor who may manage them.
func (s *Service) Settings(ctx context.Context, actor sallyport.Actor, channel sallyport.Channel) (View, error) {
	w, err := channelWords(channel)
	if err != nil {
		return View{}, err
	}
	v := View{Channel: channel, Kinds: Kinds(channel), AnyPlain: s.network.AnyPlain()}
	err = s.store.Read(ctx, func(tx Tx) error {
		if err := may(ctx, tx, actor, w.permission); err != nil {
			return err
		}
		if err := readSlot(ctx, tx, channel, slotLive, &v.Live, &v.LiveBy); err != nil {
			return err
		}
		if err := readSlot(ctx, tx, channel, slotDraft, &v.Draft, &v.DraftBy); err != nil {
			return err
		}
		v.Began = began(cmp.Or(v.Draft, v.Live))
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		if v.Test, err = s.testState(ctx, tx, channel, now); err != nil || channel != sallyport.ChannelEmail {
			return err
		}
		v.Waiting, v.Why, err = tx.FailedOutbox(ctx)
		return err
	})
	if _, words, found := strings.Cut(v.Why, ": "); found { // what stands before it is a code
		v.Why = words
	}
	for _, g := range []*sallyport.Gateway{v.Live, v.Draft} {
		if g != nil {
			g.Sealed = nil
		}
	}
	return v, err
}

// readSlot reads one of a channel's two sets of settings, and who saved it.
func readSlot(ctx context.Context, tx Tx, channel sallyport.Channel, slot string, g **sallyport.Gateway, by *string) (err error) {
	if *g, err = tx.Gateway(ctx, string(channel), slot); err == nil {
		*by, err = savedBy(ctx, tx, *g)
	}
	return err
}

// SaveDraft checks form and stores it as the channel's draft; what is in use goes on working. Wrong fields come back
// as one Invalid error with all of them. A secret that is left empty stays as it was, unless the other side (host,
// port, address, TLS mode) changed. After another's change since the form began it is refused with a *StaleError.
func (s *Service) SaveDraft(ctx context.Context, actor sallyport.Actor, g Form) (Saved, error) {
	w, err := channelWords(g.Channel)
	if err != nil {
		return Saved{}, err
	}
	by := act{actor, w, g.Channel}
	k, ok := kindOf(g.Channel, g.Kind)
	if !ok {
		return Saved{}, s.noted(ctx, by, sallyport.InvalidField("kind", "Please choose one of the gateways that are offered."))
	}
	var saved Saved
	var unread error
	err = s.write(ctx, by, func(tx Tx) error {
		unread = nil
		if err := mayChange(ctx, tx, actor, w.permission); err != nil {
			return err
		}
		before, err := newest(ctx, tx, g.Channel)
		if err != nil {
			return err
		}
		if err := checkBegan(ctx, tx, g, before); err != nil {
			return err
		}
		var secrets map[string]string
		if before != nil && before.Kind == k.Kind {
			// Secrets that no longer open are gone; the administrator is here to enter them again.
			secrets, unread = s.openSecrets(*before)
		}
		c := &checker{kind: k, network: s.network, values: map[string]string{}}
		d, err := c.read(g.Values, before, secrets)
		if err != nil {
			return err
		}
		fresh := sallyport.Gateway{Channel: g.Channel, Slot: slotDraft, Kind: g.Kind, Settings: d.settings, ChangedBy: actor.ID}
		if saved.Draft, err = s.putDraft(ctx, tx, fresh, d.secrets); err != nil {
			return err
		}
		saved.Cleared = d.cleared
		was, is := shown(before), shown(&saved.Draft)
		for _, f := range k.Fields {
			if f.Secret && g.Values[f.Name] != "" {
				is[f.Name] = "new" // the event says that it changed, and audit hides the rest
			}
		}
		return tx.InsertEvent(ctx, audit.New(w.draft, actor).Changed(was, is).Event())
	})
	_ = s.unopened(ctx, actor, unread) // no failure of this act
	return saved, err
}

// Form is what was typed into Email Settings or SMS Settings: values by field name.
type Form struct {
	Channel sallyport.Channel
	Kind    sallyport.GatewayKind
	Values  map[string]string
	Began   string // View.Began when the form was shown; empty: it takes the place of whatever is there
}

// newest is what a form shows and what its empty secrets stand for: the draft, or else what is in use.
func newest(ctx context.Context, tx Tx, channel sallyport.Channel) (*sallyport.Gateway, error) {
	g, err := tx.Gateway(ctx, string(channel), slotDraft)
	if g != nil || err != nil {
		return g, err
	}
	return tx.Gateway(ctx, string(channel), slotLive)
}

// putDraft stores g in the place of an older draft and ends a test of that one. It comes back without its secrets.
func (s *Service) putDraft(ctx context.Context, tx Tx, g sallyport.Gateway, secrets map[string]string) (sallyport.Gateway, error) {
	old, err := tx.Gateway(ctx, string(g.Channel), slotDraft)
	if err != nil {
		return g, err
	}
	if g.ChangedAt, err = tx.Now(ctx); err != nil {
		return g, err
	}
	if g.Version = 1; old != nil {
		g.Version = old.Version + 1
	}
	g.SecretsSet = secretNames(secrets)
	if g.Sealed, err = s.sealSecrets(g, secrets); err != nil {
		return g, err
	}
	if err := tx.PutGateway(ctx, g); err != nil {
		return g, err
	}
	g.Sealed = nil
	return g, tx.PutMeta(ctx, testKey(g.Channel), []byte{})
}

var errInUse = sallyport.E(sallyport.Conflict, "in_use", "Somebody else put this draft in use after your page was loaded, so there is none to discard.")

// DiscardDraft throws the draft away that was seen; another one is left alone. There being none is an answer of kind NotFound,
// but where the one that was seen is in use by now.
func (s *Service) DiscardDraft(ctx context.Context, actor sallyport.Actor, seen Seen) error {
	channel := seen.Channel
	w, err := channelWords(channel)
	if err != nil {
		return err
	}
	by := act{actor, w, channel}
	return s.write(ctx, by, func(tx Tx) error {
		g, err := changeable(ctx, tx, by, slotDraft)
		if sallyport.KindOf(err) == sallyport.NotFound {
			return noDraft(ctx, tx, seen)
		}
		if err != nil {
			return err
		}
		if err := seen.check(g); err != nil {
			return err
		}
		if err := tx.DeleteGateway(ctx, string(channel), slotDraft); err != nil {
			return err
		}
		if err := tx.PutMeta(ctx, testKey(channel), []byte{}); err != nil {
			return err
		}
		return tx.InsertEvent(ctx, audit.New(w.discarded, actor).Changed(shown(g), nil).Event())
	})
}

// noDraft says why there is no draft to discard.
func noDraft(ctx context.Context, tx Tx, seen Seen) error {
	live, err := tx.Gateway(ctx, string(seen.Channel), slotLive)
	switch {
	case err != nil:
		return err
	case live != nil && began(live) == seen.Began:
		return errInUse
	}
	return sallyport.ErrNotFound
}

// Remove takes the channel's gateway that was seen out of use; another one is left alone. It is refused with the names of the
// technicians who need it.
func (s *Service) Remove(ctx context.Context, actor sallyport.Actor, seen Seen) error {
	channel := seen.Channel
	w, err := channelWords(channel)
	if err != nil {
		return err
	}
	by := act{actor, w, channel}
	return s.write(ctx, by, func(tx Tx) error {
		g, err := changeable(ctx, tx, by, slotLive)
		if err != nil {
			return err
		}
		if err := seen.check(g); err != nil {
			return err
		}
		need, err := needOf(ctx, tx, w)
		if err != nil {
			return err
		}
		if need.All > 0 {
			return neededBy(w, need)
		}
		if err := tx.DeleteGateway(ctx, string(channel), slotLive); err != nil {
			return err
		}
		return tx.InsertEvent(ctx, audit.New(w.removed, actor).Changed(shown(g), nil).Event())
	})
}

// changeable reads settings that are there, and that the actor may change.
func changeable(ctx context.Context, tx Tx, a act, slot string) (*sallyport.Gateway, error) {
	if err := mayChange(ctx, tx, a.actor, a.permission); err != nil {
		return nil, err
	}
	g, err := tx.Gateway(ctx, string(a.channel), slot)
	if err == nil && g == nil {
		err = sallyport.ErrNotFound
	}
	return g, err
}

// Need is who needs a channel to sign in: how many, and the first of them by name.
type Need struct {
	All   int
	First []sallyport.Technician // at most 10
	Began string                 // names what is in use, for Seen.Began
}

// Needing says who stands in the way of the removal of a channel's settings, to an actor who may manage them.
func (s *Service) Needing(ctx context.Context, actor sallyport.Actor, channel sallyport.Channel) (need Need, err error) {
	w, err := channelWords(channel)
	if err != nil {
		return need, err
	}
	err = s.store.Read(ctx, func(tx Tx) error {
		if err := may(ctx, tx, actor, w.permission); err != nil {
			return err
		}
		if need, err = needOf(ctx, tx, w); err != nil {
			return err
		}
		live, err := tx.Gateway(ctx, string(channel), slotLive)
		need.Began = began(live)
		return err
	})
	return need, err
}

func needOf(ctx context.Context, tx Tx, w words) (need Need, err error) {
	need.First, need.All, err = tx.TechniciansNeeding(ctx, w.method, 10)
	return need, err
}

func neededBy(w words, need Need) error {
	var names []string
	for _, t := range need.First[:min(len(need.First), 5)] {
		names = append(names, fmt.Sprintf("%s (%s)", t.Name(), t.UserName))
	}
	if more := need.All - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return sallyport.E(sallyport.Conflict, "gateway_needed",
		w.page+" cannot be removed while these technicians need it: "+strings.Join(names, ", ")+". Give them another method first.")
}

// shown are the settings as events show them: without any secret, with the kind.
func shown(g *sallyport.Gateway) map[string]string {
	if g == nil {
		return nil
	}
	out := maps.Clone(g.Settings)
	if out == nil {
		out = map[string]string{}
	}
	out["kind"] = string(g.Kind)
	for _, name := range g.SecretsSet {
		out[name] = "set"
	}
	return out
}

const gatewayTable = "gateway"

func secretsPlace(g sallyport.Gateway) keyring.Place {
	return keyring.Place{Table: gatewayTable, Row: gatewayRow(g.Channel, g.Slot), Column: "sealed"}
}

func gatewayRow(channel sallyport.Channel, slot string) string { return string(channel) + "/" + slot }

func (s *Service) sealSecrets(g sallyport.Gateway, secrets map[string]string) ([]byte, error) {
	if len(secrets) == 0 {
		return nil, nil
	}
	plain, err := json.Marshal(secrets)
	if err != nil {
		return nil, fmt.Errorf("secrets of %s: %w", g.Channel, err)
	}
	return s.keys.Seal(plain, secretsPlace(g)), nil
}

func (s *Service) openSecrets(g sallyport.Gateway) (map[string]string, error) {
	if len(g.Sealed) == 0 {
		return nil, nil
	}
	plain, err := s.keys.Open(g.Sealed, secretsPlace(g))
	if err != nil {
		return nil, fmt.Errorf("secrets of %s: %w", g.Channel, err)
	}
	var secrets map[string]string
	if err := json.Unmarshal(plain, &secrets); err != nil {
		return nil, fmt.Errorf("secrets of %s: %w", g.Channel, err)
	}
	return secrets, nil
}
