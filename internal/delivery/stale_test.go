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
	if err := w.DiscardDraft(ctx, other, sallyport.ChannelEmail); err != nil {
		t.Fatal(err)
	}
	if gone := refused(save(w.boss, second, "sender_name", "Boss")); gone.By != "" || gone.Began != empty {
		t.Errorf("after it was discarded: %+v", gone)
	}
}
