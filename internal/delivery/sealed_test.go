package delivery_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/delivery"
	"sallyport/internal/store"
)

// D3.12: a gateway's secrets, or a message, that somebody copied from another row opens nowhere. Nothing is sent by it, and
// each attempt is an event.
func TestD3_12(t *testing.T) {
	code := delivery.CodeMessage{Channel: sallyport.MethodEmail, To: "dana@northwind.example", Code: "004217", Life: time.Minute}
	text := delivery.CodeMessage{Channel: sallyport.MethodText, To: "+15551230002", Code: "004217", Life: time.Minute}
	secretText := delivery.Form{Channel: smsForm.Channel, Kind: smsForm.Kind, Values: with(smsForm.Values, "headers", "Authorization: Bearer hunter2")}
	for name, c := range map[string]struct {
		form delivery.Form
		to   string
		code delivery.CodeMessage
		page string
	}{
		"email": {emailForm(smtpForm), "mara@northwind.example", code, "Email Settings"},
		"text":  {secretText, "+15551230001", text, "SMS Settings"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.prove(t, c.form, c.to)
			if _, err := w.SaveDraft(t.Context(), w.boss, c.form); err != nil {
				t.Fatal(err)
			}
			w.copySecrets(t, c.form.Channel, "draft", "live")
			for nth := 1; nth <= 2; nth++ {
				var e *sallyport.SendError
				if err := w.SendCode(t.Context(), c.code); !errors.As(err, &e) || e.Code != "settings" || e.Outcome != sallyport.NotSent {
					t.Errorf("got %v", err)
				}
				w.wantUnopened(t, nth, c.page)
			}
		})
	}
	t.Run("a draft", func(t *testing.T) {
		w := newWorld(t)
		w.prove(t, emailForm(smtpForm), "mara@northwind.example")
		if _, err := w.SaveDraft(t.Context(), w.boss, emailForm(with(smtpForm, "sender", "other@northwind.example"))); err != nil {
			t.Fatal(err)
		}
		if err := w.Test(t.Context(), w.boss, sallyport.ChannelEmail, "mara@northwind.example"); err != nil {
			t.Fatal(err)
		}
		w.copySecrets(t, sallyport.ChannelEmail, "live", "draft")
		wantCode(t, w.ConfirmTest(t.Context(), w.boss, sallyport.ChannelEmail, w.lastCode(t)), "sealed")
		w.wantUnopened(t, 1, "Email Settings")
	})
	t.Run("a message", func(t *testing.T) {
		w := newWorld(t)
		w.prove(t, emailForm(smtpForm), "mara@northwind.example")
		sent := len(w.post.emails)
		other, err := w.Compose(delivery.NoticeInvitation, "dana@northwind.example", invitation)
		if err != nil {
			t.Fatal(err)
		}
		m, err := w.Compose(delivery.NoticePassword, "ilya@northwind.example", delivery.NoticeData{})
		if err != nil {
			t.Fatal(err)
		}
		m.Sealed = other.Sealed
		w.write(t, func(tx *store.Tx) error { return tx.InsertOutbox(t.Context(), m) })
		stop := w.run(t)
		defer stop()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var types []string
		for !slices.Contains(types, "delivery.failed") {
			if types, _ = w.events(t); ctx.Err() != nil {
				t.Fatalf("it was not given up: %v", types)
			}
		}
		w.wantUnopened(t, 1, "a message that waited to be sent")
		if len(w.post.emails) != sent {
			t.Error("the invitation of another was sent")
		}
	})
}

// copySecrets puts the sealed secrets of one slot into another, as somebody does who can write to the database.
func (w *world) copySecrets(t *testing.T, channel sallyport.Channel, from, to string) {
	t.Helper()
	w.write(t, func(tx *store.Tx) error {
		one, err := tx.Gateway(t.Context(), string(channel), from)
		if err != nil {
			return err
		}
		other, err := tx.Gateway(t.Context(), string(channel), to)
		if err != nil {
			return err
		}
		other.Sealed = one.Sealed
		return tx.PutGateway(t.Context(), *other)
	})
}

// wantUnopened wants the nth event of a secret that did not open, of Sallyport itself.
func (w *world) wantUnopened(t *testing.T, nth int, which string) {
	t.Helper()
	_, all := w.events(t)
	var found []sallyport.Event
	for _, e := range all {
		if e.Type == "secret.open.failed" {
			found = append(found, e)
		}
	}
	if len(found) != nth || found[0].Reason != which || found[0].Outcome != "failed" || found[0].ActorKind != sallyport.ActorSystem || found[0].Target != "" {
		t.Errorf("%d events, want %d of %q: %+v", len(found), nth, which, found)
	}
}
