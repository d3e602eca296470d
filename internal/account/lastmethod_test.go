package account_test

import (
	"fmt"
	"strings"
	"testing"

	"sallyport"
)

// D10.1: the only Super Admin gives himself a method that he has not set up, through a channel that was proved. What he
// holds stays and leads to the new one, so it strands nobody, whether or not it must be given once more; and where the
// policy permits Off, his password is enough. He is the one who remains as before.
func TestD10_1OwnMethod(t *testing.T) {
	for opens, first := range map[string]bool{"yes": true, "no": false} {
		for _, m := range []sallyport.Method{sallyport.MethodEmail, sallyport.MethodText, sallyport.MethodOff} {
			t.Run(fmt.Sprint(m, ", old-factor-opens ", opens), func(t *testing.T) {
				h := newHouse(t)
				h.set("permit-off", "yes")
				h.set("old-factor-opens", opens)
				h.prove(sallyport.ChannelEmail, sallyport.ChannelSMS)
				admin := h.add(sallyport.SuperAdmin, phone)
				f := form(admin, method(m))
				v, err := h.Preview(ctx, h.session(admin), admin.ID, f, admin.Version)
				if err != nil || len(v.Refusals) != 0 || v.Stranded != "" {
					t.Errorf("preview: refused %+v, stranded %q, %v", v.Refusals, v.Stranded, err)
				}
				saved, err := h.Save(ctx, h.session(admin), admin.ID, f, admin.Version)
				if err != nil || !saved.SelfSignedOut {
					t.Fatalf("%+v, %v", saved, err)
				}
				const alone = "Nobody else could open the set-up again: sign in before 5 March 2026 at 09:00 UTC"
				if warned := strings.Contains(strings.Join(v.Warnings, " "), alone); warned != (m != sallyport.MethodOff) {
					t.Errorf("he is warned: %v, by %q", warned, v.Warnings)
				}
				setUp, asked := saved.MustSetUp != "", strings.Contains(saved.MustSetUp, "first gives a code of the authenticator app")
				if setUp != (m != sallyport.MethodOff) || asked != (setUp && first) {
					t.Errorf("he is told %q", saved.MustSetUp)
				}
				if n := h.usable(); n != 1 { // and his app is still his
					t.Errorf("%d can sign in", n)
				}
				if _, err := h.Deactivate(ctx, host, admin.ID, ""); code(err) != "last_super_admin" {
					t.Errorf("deactivated afterwards: %v", err)
				}
			})
		}
	}
}

// D10.1: the only Super Admin whose method is Off and who holds nothing gives himself no method that he has not set up: he
// would hold nothing that proves him. Beside another one he may.
func TestD10_1NothingHeld(t *testing.T) {
	h := newHouse(t)
	h.set("permit-off", "yes")
	h.prove(sallyport.ChannelEmail, sallyport.ChannelSMS)
	admin := h.add(sallyport.SuperAdmin, phone, noFactor, func(p *person) { p.Method = sallyport.MethodOff })
	for _, opens := range []string{"yes", "no"} {
		h.set("old-factor-opens", opens)
		for _, m := range []sallyport.Method{sallyport.MethodApp, sallyport.MethodEmail, sallyport.MethodText} {
			f := form(admin, method(m))
			if v, err := h.Preview(ctx, h.session(admin), admin.ID, f, admin.Version); err != nil || len(v.Refusals) != 1 {
				t.Errorf("%v, preview: %+v, %v", m, v.Refusals, err)
			}
			if _, err := h.Save(ctx, h.session(admin), admin.ID, f, admin.Version); code(err) != "last_super_admin" {
				t.Errorf("%v: %v", m, err)
			}
		}
	}
	if now := h.technician(admin.ID); now.Method != sallyport.MethodOff || now.Generation != admin.Generation {
		t.Errorf("he is %+v after all that", now)
	}
	h.add(sallyport.SuperAdmin)
	if _, err := h.Save(ctx, h.session(admin), admin.ID, form(admin, method(sallyport.MethodApp)), admin.Version); err != nil {
		t.Errorf("beside another one: %v", err)
	}
}
