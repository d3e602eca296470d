package account_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

// Before Save the page says who could not get in after it, and why, as the sign-in itself will.
func TestStranded(t *testing.T) {
	until := func(d time.Duration) func(*house, *person) {
		return func(h *house, p *person) { p.SetupUntil = h.clock.Now().Add(d) }
	}
	none := func(_ *house, p *person) { p.factor = nil }
	off := func(_ *house, p *person) { p.Method, p.factor = sallyport.MethodOff, nil }
	disabled := func(h *house, id sallyport.TechnicianID) {
		h.write(func(ctx context.Context, tx *store.Tx) error { return tx.DisableFactor(ctx, id) })
	}
	codes := func(h *house, id sallyport.TechnicianID) {
		h.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.SetRecoveryCodes(ctx, id, [][]byte{[]byte("one")})
		})
	}
	tried := func(_ *house, p *person) { p.RecoveryRun = sallyport.DefaultSettings().FactorRun }
	reset := func(h *house, id sallyport.TechnicianID) {
		if _, err := h.ResetFactor(ctx, host, id, ""); err != nil {
			h.t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		person []func(*house, *person)
		then   []func(*house, sallyport.TechnicianID)
		says   string // empty: he gets in
	}{
		"set up":                              {nil, nil, ""},
		"to be set up":                        {[]func(*house, *person){none, until(time.Hour)}, nil, ""},
		"not begun in time":                   {[]func(*house, *person){none, until(-time.Hour)}, nil, "not begun in time"},
		"off":                                 {[]func(*house, *person){off}, nil, "permits nobody"},
		"switched off":                        {nil, []func(*house, sallyport.TechnicianID){disabled}, "switched off"},
		"switched off, with a recovery code":  {nil, []func(*house, sallyport.TechnicianID){codes, disabled}, ""},
		"with one that is taken no more":      {[]func(*house, *person){tried}, []func(*house, sallyport.TechnicianID){codes, disabled}, "switched off"},
		"after a reset, by an enrolment code": {nil, []func(*house, sallyport.TechnicianID){reset}, "An enrolment code is asked for first"},
		"after a reset, too many wrong codes": {nil, []func(*house, sallyport.TechnicianID){reset, disabled}, "none is taken any more"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			actor := h.session(h.add(sallyport.SuperAdmin))
			dana := h.add(sallyport.ReadOnlyTechnician, func(p *person) {
				for _, edit := range c.person {
					edit(h, p)
				}
			})
			for _, then := range c.then {
				then(h, dana.ID)
			}
			dana = h.technician(dana.ID)
			v, err := h.Preview(ctx, actor, dana.ID, form(dana, role(sallyport.ReportsManager)), dana.Version)
			if err != nil || (v.Stranded == "") != (c.says == "") || !strings.Contains(v.Stranded, c.says) {
				t.Errorf("stranded: %q, %v", v.Stranded, err)
			}
			if promised := v.MustSetUp != ""; promised && strings.Contains(v.Stranded, "in time") {
				t.Errorf("%q although %q", v.MustSetUp, v.Stranded)
			}
		})
	}
}

// Which way a code goes that cannot be sent is said for the old factor and for the new one.
func TestStrandedByAChannel(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelSMS)
	actor := h.session(h.add(sallyport.SuperAdmin))
	dana := h.add(sallyport.ReadOnlyTechnician, phone, func(p *person) {
		p.Method = sallyport.MethodEmail
		p.factor = &sallyport.Factor{Kind: sallyport.MethodEmail, Address: p.Email, ProvedAt: h.clock.Now()}
	})
	for _, m := range []sallyport.Method{sallyport.MethodEmail, sallyport.MethodText} {
		v, err := h.Preview(ctx, actor, dana.ID, form(dana, method(m), role(sallyport.ReportsManager)), dana.Version)
		if err != nil || !strings.Contains(v.Stranded, "asked for first goes by email") {
			t.Errorf("%s: %q, %v", m, v.Stranded, err)
		}
	}
	h.set("old-factor-opens", "no")
	if v, err := h.Preview(ctx, actor, dana.ID, form(dana, method(sallyport.MethodText)), dana.Version); err != nil || v.Stranded != "" {
		t.Errorf("%q, %v", v.Stranded, err)
	}
	if v, err := h.Preview(ctx, actor, dana.ID, form(dana, email("new@northwind.example")), dana.Version); err != nil || !strings.Contains(v.Stranded, "of the set-up goes by email") {
		t.Errorf("%q, %v", v.Stranded, err)
	}
}

// Whose code goes to a phone is not warned that it goes to the mailbox of before.
func TestWarningNamesTheOldMailboxAlone(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail, sallyport.ChannelSMS)
	actor := h.session(h.add(sallyport.SuperAdmin))
	for m, warns := range map[sallyport.Method]bool{sallyport.MethodEmail: true, sallyport.MethodText: false} {
		dana := h.add(sallyport.ReadOnlyTechnician, phone, func(p *person) {
			p.Method = m
			p.factor = &sallyport.Factor{Kind: m, Address: map[sallyport.Method]string{sallyport.MethodEmail: p.Email, sallyport.MethodText: p.Phone}[m], ProvedAt: h.clock.Now()}
		})
		v, err := h.Preview(ctx, actor, dana.ID, form(dana, email("new@northwind.example")), dana.Version)
		if err != nil || (len(v.Warnings) == 1) != warns || warns && !strings.Contains(v.Warnings[0], "still goes to "+dana.Email) {
			t.Errorf("%s: %q, %v", m, v.Warnings, err)
		}
	}
}
