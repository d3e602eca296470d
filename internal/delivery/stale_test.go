package delivery_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/delivery"
)

// D10.5: of two administrators who save drafts of one gateway, the second is refused and told what stands now; nothing of
// either is lost, and a second Save, made knowing both, stands.
func TestStaleDraft(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	begun := func() string {
		t.Helper()
		w.clock.Add(time.Second)
		v, err := w.Settings(ctx, w.boss, sallyport.ChannelEmail)
		if err != nil {
			t.Fatal(err)
		}
		return v.Began
	}
	other := w.technician(t, "ida", sallyport.SuperAdmin, sallyport.MethodApp)
	save := func(actor sallyport.Actor, began string, change ...string) error {
		form := emailForm(with(smtpForm, change...))
		form.Began = began
		_, err := w.SaveDraft(ctx, actor, form)
		return err
	}
	refused := func(err error) *delivery.StaleError {
		t.Helper()
		var stale *delivery.StaleError
		if !errors.As(err, &stale) || sallyport.KindOf(err) != sallyport.Conflict || sallyport.CodeOf(err) != "stale" {
			t.Fatalf("%v", err)
		}
		return stale
	}
	empty := begun()
	if err := save(other, empty, "sender_name", "Ida"); err != nil {
		t.Fatal(err)
	}
	first := begun()
	stale := refused(save(w.boss, empty, "sender_name", "Boss", "password", "another"))
	if want := []delivery.Difference{{Name: "sender_name", Label: "Sender name", Theirs: "Ida", Yours: "Boss"}}; !reflect.DeepEqual(stale.Differ, want) || stale.By != "ida" || stale.At.IsZero() || stale.Began != first {
		t.Errorf("%+v", stale)
	}
	if v, err := w.Settings(ctx, w.boss, sallyport.ChannelEmail); err != nil || v.Draft == nil || v.Draft.Settings["sender_name"] != "Ida" {
		t.Errorf("after the refusal: %+v, %v", v.Draft, err)
	}
	if types, _ := w.events(t); types[len(types)-1] != "save.refused" {
		t.Errorf("events: %v", types)
	}
	if err := save(w.boss, stale.Began, "sender_name", "Boss"); err != nil {
		t.Errorf("knowing both: %v", err)
	}
	second := begun()
	if err := w.DiscardDraft(ctx, other, delivery.Seen{Channel: sallyport.ChannelEmail}); err != nil {
		t.Fatal(err)
	}
	if gone := refused(save(w.boss, second, "sender_name", "Boss")); gone.By != "" || gone.Began != empty {
		t.Errorf("after it was discarded: %+v", gone)
	}
}

// What a page that is no longer true sends neither discards another administrator's draft, nor tests it, nor takes out of use
// what it did not show.
func TestActsOnWhatWasSeen(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	email := sallyport.ChannelEmail
	seen := func() delivery.Seen {
		t.Helper()
		w.clock.Add(time.Second)
		v, err := w.Settings(ctx, w.boss, email)
		if err != nil {
			t.Fatal(err)
		}
		return delivery.Seen{Channel: email, Began: v.Began}
	}
	save := func(host string) {
		t.Helper()
		w.clock.Add(time.Second)
		if _, err := w.SaveDraft(ctx, w.boss, emailForm(with(smtpForm, "host", host))); err != nil {
			t.Fatal(err)
		}
	}
	test := func(s delivery.Seen) error { return w.Test(ctx, w.boss, s, "mara@northwind.example") }
	save("one.northwind.example")
	first := seen()
	save("two.northwind.example")
	second := seen()
	wantCode(t, test(first), "stale")
	wantCode(t, w.DiscardDraft(ctx, w.boss, first), "stale")
	if v, err := w.Settings(ctx, w.boss, email); err != nil || v.Draft == nil || v.Test != nil || len(w.post.emails) != 0 {
		t.Errorf("the draft %+v, its test %+v, %v", v.Draft, v.Test, err)
	}
	if err := test(second); err != nil {
		t.Fatal(err)
	}
	if err := w.ConfirmTest(ctx, w.boss, email, w.lastCode(t)); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.DiscardDraft(ctx, w.boss, second), "in_use")
	wantCode(t, w.DiscardDraft(ctx, w.boss, first), "not_found")
	if err := test(second); err != nil { // they are the same settings, in use by now
		t.Error(err)
	}
	need, err := w.Needing(ctx, w.boss, email)
	if err != nil || need.Began != second.Began {
		t.Errorf("asked for the removal of %q, %v; in use is %q", need.Began, err, second.Began)
	}
	w.clock.Add(time.Second)
	w.prove(t, emailForm(with(smtpForm, "host", "three.northwind.example")), "mara@northwind.example")
	wantCode(t, w.Remove(ctx, w.boss, delivery.Seen{Channel: email, Began: need.Began}), "stale")
	if err := w.Remove(ctx, w.boss, seen()); err != nil {
		t.Error(err)
	}
}
