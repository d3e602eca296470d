package delivery_test

import (
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/delivery"
	"sallyport/internal/store"
)

// What is refused of a gateway's settings leaves one event: the code and the fields, never what was typed.
func TestRefusedSettingsAreEvents(t *testing.T) {
	w := newWorld(t)
	ctx, email, sms := t.Context(), sallyport.ChannelEmail, sallyport.ChannelSMS
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	w.technician(t, "dana", sallyport.ReadOnlyTechnician, sallyport.MethodEmail)
	if err := w.Test(ctx, w.boss, email, "mara@northwind.example"); err != nil {
		t.Fatal(err)
	}
	host := sallyport.Actor{Kind: sallyport.ActorHost, Name: "uid 0 (root)"}
	save := func(f delivery.Form) func(sallyport.Actor) error {
		return func(a sallyport.Actor) error { _, err := w.SaveDraft(ctx, a, f); return err }
	}
	test := func(c sallyport.Channel, to string) func(sallyport.Actor) error {
		return func(a sallyport.Actor) error { return w.Test(ctx, a, c, to) }
	}
	confirm := func(code string) func(sallyport.Actor) error {
		return func(a sallyport.Actor) error { return w.ConfirmTest(ctx, a, email, code) }
	}
	for _, c := range []struct {
		actor   sallyport.Actor
		act     func(sallyport.Actor) error
		channel sallyport.Channel
		reason  string
	}{
		{w.boss, save(emailForm(with(smtpForm, "host", "typed@", "port", "typed"))), email, "invalid: host, port"},
		{host, save(delivery.Form{Channel: sms, Kind: "typed"}), sms, "invalid: kind"},
		{w.admin, save(smsForm), sms, "forbidden"},
		{w.boss, test(email, "typed"), email, "invalid: to"},
		{w.boss, test(sms, "typed"), sms, "invalid: to"},
		{w.admin, test(email, "typed@northwind.example"), email, "forbidden"},
		{w.boss, confirm("typed"), email, "invalid: code"},
		{w.admin, confirm("123456"), email, "forbidden"},
		{w.admin, func(a sallyport.Actor) error { return w.DiscardDraft(ctx, a, email) }, email, "forbidden"},
		{w.boss, func(a sallyport.Actor) error { return w.Remove(ctx, a, email) }, email, "gateway_needed"},
		{w.boss, func(a sallyport.Actor) error { // the settings in use are others by the time that their code is typed back
			w.changeLive(t)
			return w.ConfirmTest(ctx, a, email, w.lastCode(t))
		}, email, "test_stale"},
	} {
		before, _ := w.events(t)
		err := c.act(c.actor)
		types, all := w.events(t)
		if len(types) != len(before)+1 {
			t.Fatalf("%s: %v, and the events %v", c.reason, err, types[len(before):])
		}
		e := all[0]
		if e.Type != "save.refused" || e.Outcome != "refused" || e.Reason != c.reason || e.ActorKind != c.actor.Kind || e.Actor != c.actor.ID ||
			!strings.HasPrefix(c.reason, sallyport.CodeOf(err)) || len(e.Before) > 0 || len(e.After) != 1 || e.After["channel"] != string(c.channel) {
			t.Errorf("%s: %v, and the event %+v", c.reason, err, e)
		}
	}
}

// changeLive gives the Email Settings in use a new version, as another administrator's proof does.
func (w *world) changeLive(t *testing.T) {
	t.Helper()
	w.write(t, func(tx *store.Tx) error {
		g, err := tx.Gateway(t.Context(), string(sallyport.ChannelEmail), "live")
		if err != nil {
			return err
		}
		g.Version++
		return tx.PutGateway(t.Context(), *g)
	})
}
