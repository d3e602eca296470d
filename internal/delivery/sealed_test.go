package delivery_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/delivery"
	"sallyport/internal/store"
)

// D3.12: a gateway's secrets, or a message, that somebody copied from another row opens nowhere. Nothing is sent with it, and
// there is an event, once an hour however many messages wait.
func TestD3_12(t *testing.T) {
	code := delivery.CodeMessage{Channel: sallyport.MethodEmail, To: "dana@northwind.example", Code: "004217", Life: time.Minute}
	text := delivery.CodeMessage{Channel: sallyport.MethodText, To: "+12025550102", Code: "004217", Life: time.Minute}
	secretText := delivery.Form{Channel: smsForm.Channel, Kind: smsForm.Kind, Values: with(smsForm.Values, "headers", "Authorization: Bearer hunter2")}
	for name, c := range map[string]struct {
		form delivery.Form
		to   string
		code delivery.CodeMessage
		page string
	}{
		"email": {emailForm(smtpForm), "mara@northwind.example", code, "Email Settings"},
		"text":  {secretText, "+12025550101", text, "SMS Settings"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.prove(t, c.form, c.to)
			if _, err := w.SaveDraft(t.Context(), w.boss, c.form); err != nil {
				t.Fatal(err)
			}
			w.copySecrets(t, c.form.Channel, "draft", "live")
			for _, nth := range []int{1, 1, 2} {
				if nth == 2 {
					w.clock.Add(time.Hour)
				}
				var e *sallyport.SendError
				if err := w.SendCode(t.Context(), c.code); !errors.As(err, &e) || e.Code != "settings" || e.Outcome != sallyport.NotSent {
					t.Errorf("got %v", err)
				}
				w.wantUnopened(t, nth, sallyport.Actor{Kind: sallyport.ActorSystem}, c.page)
			}
		})
	}
	t.Run("a draft", func(t *testing.T) {
		w := newWorld(t)
		w.prove(t, emailForm(smtpForm), "mara@northwind.example")
		if _, err := w.SaveDraft(t.Context(), w.boss, emailForm(with(smtpForm, "sender", "other@northwind.example"))); err != nil {
			t.Fatal(err)
		}
		if err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}, "mara@northwind.example"); err != nil {
			t.Fatal(err)
		}
		w.copySecrets(t, sallyport.ChannelEmail, "live", "draft")
		wantCode(t, w.ConfirmTest(t.Context(), w.boss, sallyport.ChannelEmail, w.lastCode(t)), "sealed")
		w.wantUnopened(t, 1, w.boss, "Email Settings")

		w.clock.Add(time.Hour)
		w.boss.ProvedAt = w.clock.Now()
		if _, err := w.SaveDraft(t.Context(), w.boss, emailForm(with(smtpForm, "password", ""))); fieldNames(err) != "password" {
			t.Errorf("what could not be opened is kept: %v", err)
		}
		w.wantUnopened(t, 2, w.boss, "Email Settings")
	})
	t.Run("a message", func(t *testing.T) {
		w := newWorld(t)
		w.prove(t, emailForm(smtpForm), "mara@northwind.example")
		w.post.arrived = make(chan struct{}, 1)
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
		for due := w.outbox(t); due.ID != ""; due = w.outbox(t) { // until it was tried
		}
		stop()
		w.wantUnopened(t, 1, sallyport.Actor{Kind: sallyport.ActorSystem}, "a message that waited to be sent")
		select {
		case <-w.post.arrived:
			t.Error("the invitation of another was sent")
		default:
		}

		// It is tried again: another server, or this one with the right key file, may be able to open it.
		w.clock.Add(time.Minute)
		if again := w.outbox(t); again.ID != m.ID || !strings.Contains(again.LastError, "sealed") {
			t.Errorf("%+v", again)
		}

		// That ends.
		w.clock.Set(m.ExpiresAt.Add(time.Minute))
		w.lookOnce(t)
		if _, all := w.events(t); all[0].Type != "delivery.failed" || all[0].After["to"] != m.To {
			t.Errorf("the last event is %+v", all[0])
		}
	})
}

// An event of a secret that does not open and which could not be written is written at the next attempt, not an hour later.
func TestUnopenedSecretIsToldOfWhenItCanBe(t *testing.T) {
	w := newWorld(t)
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	if _, err := w.SaveDraft(t.Context(), w.boss, emailForm(smtpForm)); err != nil {
		t.Fatal(err)
	}
	w.copySecrets(t, sallyport.ChannelEmail, "draft", "live")
	code := delivery.CodeMessage{Channel: sallyport.MethodEmail, To: "dana@northwind.example", Code: "004217", Life: time.Minute}
	for i, full := range []bool{true, true, false, false} {
		w.full.Store(full)
		var e *sallyport.SendError
		if err := w.SendCode(t.Context(), code); !errors.As(err, &e) || e.Code != "settings" {
			t.Errorf("attempt %d: %v", i, err)
		}
		if _, all := w.events(t); full && all[0].Type == "secret.open.failed" {
			t.Errorf("attempt %d: an event on a full disk", i)
		}
	}
	w.wantUnopened(t, 1, sallyport.Actor{Kind: sallyport.ActorSystem}, "Email Settings")
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

// wantUnopened wants so many events of a secret that did not open, the last of them by somebody.
func (w *world) wantUnopened(t *testing.T, nth int, by sallyport.Actor, which string) {
	t.Helper()
	_, all := w.events(t)
	var found []sallyport.Event
	for _, e := range all {
		if e.Type == "secret.open.failed" {
			found = append(found, e)
		}
	}
	if len(found) != nth || found[0].Reason != which || found[0].Outcome != "failed" || found[0].ActorKind != by.Kind || found[0].Actor != by.ID || found[0].Target != "" {
		t.Errorf("%d events, want %d of %q: %+v", len(found), nth, which, found)
	}
}
