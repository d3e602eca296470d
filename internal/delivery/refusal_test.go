package delivery_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

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
	if err := w.Test(ctx, w.boss, delivery.Seen{Channel: email}, "mara@northwind.example"); err != nil {
		t.Fatal(err)
	}
	host := sallyport.Actor{Kind: sallyport.ActorHost, Name: "uid 0 (root)"}
	save := func(f delivery.Form) func(sallyport.Actor) error {
		return func(a sallyport.Actor) error { _, err := w.SaveDraft(ctx, a, f); return err }
	}
	test := func(c sallyport.Channel, to string) func(sallyport.Actor) error {
		return func(a sallyport.Actor) error { return w.Test(ctx, a, delivery.Seen{Channel: c}, to) }
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
		{w.admin, func(a sallyport.Actor) error { return w.DiscardDraft(ctx, a, delivery.Seen{Channel: email}) }, email, "forbidden"},
		{w.boss, func(a sallyport.Actor) error { return w.Remove(ctx, a, delivery.Seen{Channel: email}) }, email, "gateway_needed"},
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

// D8.3: a test goes to no number that costs, that rings for help, or that there is not, and to the number as it is dialled.
func TestD8_3(t *testing.T) {
	w := newWorld(t)
	if _, err := w.SaveDraft(t.Context(), w.boss, smsForm); err != nil {
		t.Fatal(err)
	}
	for to, says := range map[string]string{
		"+1 900 555 0123": "premium", "+44 909 879 0001": "premium", "+112": "emergency", "110": "emergency", "+1 911 555 0123": "no such number",
		"+800 1234 5678": "service", "+999 1234 5678": "no country", "0151 23456789": "country code", "+1202555": "too short", "": "phone number",
	} {
		err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelSMS}, to)
		if fieldNames(err) != "to" || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want it to say %s", to, err, says)
		}
	}
	if err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelSMS}, "+1 (202) 555-0101"); err != nil {
		t.Fatal(err)
	}
	if v, err := w.Settings(t.Context(), w.boss, sallyport.ChannelSMS); err != nil || v.Test == nil || v.Test.To != "+12025550101" {
		t.Errorf("%+v, %v", v.Test, err)
	}
	if n := len(w.post.texts); n != 1 || w.post.texts[0].To != "+12025550101" {
		t.Errorf("%d messages were sent: %+v", n, w.post.texts)
	}
}

// Whoever has a Super Admin's session sends no messages without end: test messages of a channel have a limit over all addresses,
// which says when it opens again.
func TestTestMessagesAreLimited(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	for _, f := range []delivery.Form{emailForm(smtpForm), smsForm} {
		if _, err := w.SaveDraft(ctx, w.boss, f); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	test := func() error {
		n++
		w.boss.ProvedAt = w.clock.Now()
		return w.Test(ctx, w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}, fmt.Sprintf("m%d@northwind.example", n))
	}
	refused := func(wait time.Duration, says string) {
		t.Helper()
		had, _ := w.events(t)
		err := test()
		var e *sallyport.Error
		if !errors.As(err, &e) || e.Kind != sallyport.TooMany || e.RetryAfter != wait || !strings.HasSuffix(e.Message, "in "+says+".") {
			t.Errorf("%v, %+v", err, e)
		}
		types, all := w.events(t)
		if len(types) != len(had)+1 || all[0].Type != "save.refused" || all[0].Reason != "test_wait" || all[0].After["channel"] != "email" {
			t.Errorf("events %v, the last %+v", types[len(had):], all[0])
		}
	}
	for range 5 {
		if err := test(); err != nil {
			t.Fatal(err)
		}
	}
	refused(2*time.Minute, "2 minutes")
	w.clock.Add(30 * time.Second)
	refused(90*time.Second, "2 minutes")
	w.clock.Add(75 * time.Second)
	refused(15*time.Second, "1 minute")
	w.clock.Add(15 * time.Second)
	if err := test(); err != nil {
		t.Errorf("when it said: %v", err)
	}
	refused(2*time.Minute, "2 minutes")
	if len(w.post.emails) != 6 {
		t.Errorf("%d messages were sent", len(w.post.emails))
	}
	if err := w.Test(ctx, w.boss, delivery.Seen{Channel: sallyport.ChannelSMS}, "+12025550101"); err != nil {
		t.Errorf("the other channel: %v", err)
	}
	w.post.texts = nil
	if err := w.ConfirmTest(ctx, w.boss, sallyport.ChannelEmail, w.lastCode(t)); err != nil {
		t.Errorf("the code of the last one that went out: %v", err)
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
