package account_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/factor"
	"sallyport/internal/store"
)

// A set-up that was not begun in time after a reset is opened again with a fresh enrolment code, which is what the sign-in
// asks for; without a reset, or where the policy asks for none, there is no code.
func TestOpenSetupAgain(t *testing.T) {
	h := newHouse(t)
	admin, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.ReadOnlyTechnician)
	first, err := h.ResetFactor(ctx, h.session(admin), dana.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	h.clock.Add(73 * time.Hour)
	actor, before := h.session(admin), h.technician(dana.ID).Generation
	opened, err := h.OpenSetup(ctx, actor, dana.ID)
	if err != nil || !opened.ExpiresAt.Equal(h.clock.Now().Add(time.Hour)) || !opened.SetupUntil.Equal(h.clock.Now().Add(72*time.Hour)) {
		t.Fatalf("%+v, %v", opened, err)
	}
	canonical, ok := factor.CanonicalEnrolment(opened.EnrolmentCode)
	if !ok || opened.EnrolmentCode == first.EnrolmentCode {
		t.Fatalf("the code %q", opened.EnrolmentCode)
	}
	h.read(func(ctx context.Context, tx *store.Tx) error {
		code, err := tx.EnrolmentCode(ctx, dana.ID)
		if code == nil || !bytes.Equal(code.Hash, h.ring.MAC("enrolment", []byte(dana.ID), []byte(canonical))) {
			t.Errorf("stored %+v", code)
		}
		return err
	})
	if now := h.technician(dana.ID); now.Generation != before {
		t.Error("somebody was signed out")
	}
	if text := fmt.Sprint(h.events()); strings.Contains(text, opened.EnrolmentCode) || strings.Contains(text, canonical) || !strings.Contains(text, "enrolment_code:made") {
		t.Error("the events tell the code, or not that it was made")
	}
	h.set("enrolment-codes", "no")
	if opened, err = h.OpenSetup(ctx, actor, dana.ID); err != nil || opened.EnrolmentCode != "" {
		t.Errorf("%+v, %v", opened, err)
	}
	h.set("enrolment-codes", "yes")
	never := h.add(sallyport.ReadOnlyTechnician, func(p *person) { p.factor = nil })
	if opened, err = h.OpenSetup(ctx, actor, never.ID); err != nil || opened.EnrolmentCode != "" {
		t.Errorf("who never had a factor: %+v, %v", opened, err)
	}
}

// TestShutSetupIsReset: where too many wrong enrolment codes were typed, another one that is read out would be refused as well.
// It is not made, nor offered: the reset is, which begins the counts anew.
func TestShutSetupIsReset(t *testing.T) {
	h := newHouse(t)
	admin, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.ReadOnlyTechnician)
	actor := h.session(admin)
	if _, err := h.ResetFactor(ctx, actor, dana.ID, ""); err != nil {
		t.Fatal(err)
	}
	h.write(func(ctx context.Context, tx *store.Tx) error { return tx.DisableFactor(ctx, dana.ID) })
	offers := func(want bool) {
		t.Helper()
		if d, err := h.Technician(ctx, actor, dana.ID); err != nil || d.May.OpenSetup != want || !d.May.Reset {
			t.Errorf("offered %+v, %v", d.May, err)
		}
	}
	offers(false)
	if opened, err := h.OpenSetup(ctx, actor, dana.ID); sallyport.CodeOf(err) != "set_up_shut" || opened.EnrolmentCode != "" {
		t.Errorf("%+v, %v", opened, err)
	}
	if again, err := h.ResetFactor(ctx, actor, dana.ID, ""); err != nil || again.EnrolmentCode == "" {
		t.Errorf("%+v, %v", again, err)
	}
	offers(true)
}

// Signing out ends an enrolment code, and says so where there was one that worked.
func TestSignOutSaysThatTheCodeEnded(t *testing.T) {
	h := newHouse(t)
	admin, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.ReadOnlyTechnician)
	actor := h.session(admin)
	for _, c := range []struct {
		reset, late, ended bool
	}{{false, false, false}, {true, false, true}, {false, false, false}, {true, true, false}} {
		if c.reset {
			if _, err := h.ResetFactor(ctx, actor, dana.ID, ""); err != nil {
				t.Fatal(err)
			}
		}
		if c.late {
			h.clock.Add(2 * time.Hour)
			actor = h.session(admin)
		}
		if out, err := h.SignOut(ctx, actor, dana.ID); err != nil || out.CodeEnded != c.ended {
			t.Errorf("%+v: %+v, %v", c, out, err)
		}
	}
}

// Nobody opens his own set-up again: whoever has his password and session would set up a factor of his own.
func TestNobodyOpensHisOwnSetup(t *testing.T) {
	h := newHouse(t)
	h.add(sallyport.SuperAdmin)
	dana := h.add(sallyport.SuperAdmin, func(p *person) { p.factor = nil })
	if _, err := h.OpenSetup(ctx, h.session(dana), dana.ID); code(err) != "own_reset" {
		t.Errorf("%v", err)
	}
}
