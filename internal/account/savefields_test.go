package account_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/store"
)

// What is wrong is refused at its field, and nothing has changed.
func TestSaveFields(t *testing.T) {
	h := newHouse(t)
	admin, omar := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	dana := h.add(sallyport.ReadOnlyTechnician)
	actor, weaker := h.session(admin), h.session(omar)
	all := func(f *account.Form) { f.Phone = "+14255550123" }
	for name, c := range map[string]struct {
		actor sallyport.Actor
		form  account.Form
		field string
		says  string
	}{
		"text without a gateway":  {actor, form(dana, all, method(sallyport.MethodText)), "method", "SMS Settings"},
		"email without a gateway": {actor, form(dana, method(sallyport.MethodEmail)), "method", "Email Settings"},
		"off without the policy":  {actor, form(dana, method(sallyport.MethodOff)), "method", "policy"},
		"no such method":          {actor, form(dana, method("sms")), "method", ""},
		"no such role":            {actor, form(dana, role("root")), "role", ""},
		"a role above the actor":  {weaker, form(dana, role(sallyport.SuperAdmin)), "role", "Nobody gives"},
		"no email address":        {actor, form(dana, email("")), "email", ""},
		"not an email address":    {actor, form(dana, email("dana@x>\r\nDATA")), "email", ""},
		"no user name":            {actor, form(dana, func(f *account.Form) { f.UserName = " " }), "user_name", ""},
		"a taken user name":       {actor, form(dana, func(f *account.Form) { f.UserName = strings.ToUpper(omar.UserName) }), "user_name", "already"},
		"a look-alike":            {actor, form(dana, func(f *account.Form) { f.UserName = "рerson2" }), "user_name", "looks like"},
		"a phone of 3 digits":     {actor, form(dana, func(f *account.Form) { f.Phone = "112" }), "phone", ""},
		"a name with a line end":  {actor, form(dana, func(f *account.Form) { f.FirstName = "a\r\nBcc: b" }), "first_name", ""},
	} {
		t.Run(name, func(t *testing.T) {
			n := len(h.events())
			_, err := h.Save(ctx, c.actor, dana.ID, c.form, dana.Version)
			if says := field(err, c.field); sallyport.KindOf(err) != sallyport.Invalid || says == "" || !strings.Contains(says, c.says) {
				t.Errorf("%v, field says %q", err, says)
			}
			if now := h.technician(dana.ID); now.Version != dana.Version || now.Generation != dana.Generation {
				t.Errorf("changed %+v", now)
			}
			if got := h.since(n); !slices.Equal(got, []string{"save.refused"}) {
				t.Errorf("events %v", got)
			}
			v, err := h.Preview(ctx, c.actor, dana.ID, c.form, dana.Version)
			if err != nil || len(v.Refusals) == 0 || v.Refusals[0].Name != c.field {
				t.Errorf("preview %+v, %v", v.Refusals, err)
			}
		})
	}
}

// Names are optional, when adding as when editing: they can be taken away again.
func TestSaveNoNames(t *testing.T) {
	h := newHouse(t)
	actor, dana := h.session(h.add(sallyport.SuperAdmin)), h.add(sallyport.ReadOnlyTechnician)
	none := func(f *account.Form) { f.FirstName, f.LastName = "", " " }
	saved, err := h.Save(ctx, actor, dana.ID, form(dana, none), dana.Version)
	if err != nil || saved.SignedOut || len(saved.What) != 2 {
		t.Errorf("%+v, %v", saved, err)
	}
	if now := h.technician(dana.ID); now.FirstName != "" || now.LastName != "" || now.Name() != dana.UserName {
		t.Errorf("stored %+v", now)
	}
	if _, err := h.Add(ctx, actor, account.Form{FirstName: " ", Email: "ilya@northwind.example", Role: sallyport.ReadOnlyTechnician}); err != nil {
		t.Error(err)
	}
}

// Text Message without a phone number is refused at the phone number, with a gateway that is proved.
func TestSaveTextNeedsPhone(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelSMS)
	admin, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	actor := h.session(admin)
	_, err := h.Save(ctx, actor, dana.ID, form(dana, method(sallyport.MethodText)), dana.Version)
	if field(err, "phone") == "" || field(err, "method") != "" {
		t.Errorf("%v", err)
	}
	with := form(dana, method(sallyport.MethodText), func(f *account.Form) { f.Phone = "+1 425 555 0100" })
	if _, err = h.Save(ctx, actor, dana.ID, with, dana.Version); err != nil {
		t.Fatal(err)
	}
	dana = h.technician(dana.ID)
	if dana.Phone != "+14255550100" {
		t.Errorf("stored %q", dana.Phone)
	}
	_, err = h.Save(ctx, actor, dana.ID, form(dana, func(f *account.Form) { f.Phone = "" }), dana.Version)
	if field(err, "phone") == "" {
		t.Errorf("the number of a method in use was taken away: %v", err)
	}
	h.session(dana)
	h.clock.Add(time.Minute)
	saved, err := h.Save(ctx, actor, dana.ID, form(dana, func(f *account.Form) { f.Phone = "+14255550101" }), dana.Version)
	if err != nil || !saved.SignedOut || len(saved.SessionsEnded) != 1 {
		t.Errorf("a new number while Text Message: %+v, %v", saved, err)
	}
	if until := h.technician(dana.ID).SetupUntil; !until.Equal(h.clock.Now().Add(72 * time.Hour)) {
		t.Errorf("the new number can be proved until %s", until)
	}
}

// What names somebody, proves him or says what he may do signs him out of everything older, each by itself; what he is called
// does not.
func TestSaveSignsOut(t *testing.T) {
	h := newHouse(t)
	h.set("permit-off", "yes")
	admin := h.add(sallyport.SuperAdmin)
	actor := h.session(admin)
	for name, c := range map[string]struct {
		change func(*account.Form)
		ends   bool
	}{
		"user name":  {func(f *account.Form) { f.UserName = "another.name" }, true},
		"email":      {func(f *account.Form) { f.Email = "another@northwind.example" }, true},
		"role":       {func(f *account.Form) { f.Role = sallyport.ReadOnlyTechnician }, true},
		"method":     {func(f *account.Form) { f.Method = sallyport.MethodOff }, true},
		"first name": {func(f *account.Form) { f.FirstName = "Another" }, false},
		"last name":  {func(f *account.Form) { f.LastName = "Another" }, false},
	} {
		dana := h.add(sallyport.Admin)
		h.session(dana)
		saved, err := h.Save(ctx, actor, dana.ID, form(dana, c.change), dana.Version)
		rose := h.technician(dana.ID).Generation > dana.Generation
		if err != nil || saved.SignedOut != c.ends || rose != c.ends || (len(h.sessions(dana.ID)) == 0) != c.ends {
			t.Errorf("%s: %+v, %v; the generation rose: %v", name, saved, err, rose)
		}
	}
}

// A phone number that no method uses signs nobody out.
func TestSavePhoneWithoutText(t *testing.T) {
	h := newHouse(t)
	admin, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	saved, err := h.Save(ctx, h.session(admin), dana.ID, form(dana, func(f *account.Form) { f.Phone = "+14255550101" }), dana.Version)
	if err != nil || saved.SignedOut {
		t.Errorf("%+v, %v", saved, err)
	}
}

// A new email address is told to the old one too, and remembers who changed it.
func TestSaveEmail(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	admin, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	actor := h.session(admin)
	saved, err := h.Save(ctx, actor, dana.ID, form(dana, email("new@northwind.example")), dana.Version)
	if err != nil || !saved.SignedOut {
		t.Fatalf("%+v, %v", saved, err)
	}
	var to []string
	for _, m := range h.outbox() {
		to = append(to, m.To)
	}
	slices.Sort(to)
	if !slices.Equal(to, []string{"new@northwind.example", dana.Email}) {
		t.Errorf("told %v", to)
	}
	now := h.technician(dana.ID)
	if now.EmailChangedBy != admin.ID || !now.EmailChangedAt.Equal(h.clock.Now()) {
		t.Errorf("changed by %q at %v", now.EmailChangedBy, now.EmailChangedAt)
	}
}

// A change to an invited technician sends a fresh invitation in the place of the dead one.
func TestSaveInvited(t *testing.T) {
	h := newHouse(t)
	admin := h.add(sallyport.SuperAdmin)
	actor := h.session(admin)
	added, err := h.Add(ctx, actor, account.Form{FirstName: "Ilya", Email: "ilya@northwind.example", Role: sallyport.ReportsManager})
	if err != nil {
		t.Fatal(err)
	}
	ilya := h.technician(added.ID)
	saved, err := h.Save(ctx, actor, ilya.ID, form(ilya, email("novak@northwind.example")), ilya.Version)
	if err != nil || saved.Invitation == "" || saved.Invitation == added.InvitationLink || saved.InvitationSent {
		t.Fatalf("%+v, %v", saved, err)
	}
	if h.alive(added.InvitationLink) || !h.alive(saved.Invitation) {
		t.Error("the old invitation lives, or the fresh one does not")
	}
	ilya = h.technician(ilya.ID)
	saved, err = h.Save(ctx, actor, ilya.ID, form(ilya, func(f *account.Form) { f.LastName = "Novak" }), ilya.Version)
	if err != nil || saved.Invitation != "" || saved.InvitationSent {
		t.Errorf("a new last name: %+v, %v", saved, err)
	}
}

// The mailbox that holds an invitation hears when it ends because the next one goes to another, and nothing of what the
// account is like now. Where none had come, or it had run out, there is nothing to say.
func TestSaveInvitedElsewhere(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	admin := h.add(sallyport.SuperAdmin)
	added, err := h.Add(ctx, h.session(admin), account.Form{FirstName: "Ilya", Email: "ilya@northwind.example", Role: sallyport.ReportsManager})
	if err != nil {
		t.Fatal(err)
	}
	save := func(edit func(*account.Form)) []string {
		t.Helper()
		ilya := h.technician(added.ID)
		h.letters.made = nil
		if saved, err := h.Save(ctx, h.session(admin), ilya.ID, form(ilya, edit), ilya.Version); err != nil || !saved.InvitationSent {
			t.Fatalf("%+v, %v", saved, err)
		}
		var told []string
		for _, l := range h.letters.made {
			one := fmt.Sprint(l.kind, " ", l.to, " about ", l.data.UserName, " of ", l.data.Name)
			if !slices.Contains(told, one) { // a rehearsal writes it too
				told = append(told, one)
			}
			if l.kind == account.NoticeInvitationOff && l.data.Link != "" {
				t.Error("it holds a link")
			}
		}
		return told
	}
	elsewhere := func(f *account.Form) {
		f.Email, f.UserName, f.FirstName = "novak@northwind.example", "novak@northwind.example", "Mira"
	}
	h.send()
	for _, c := range []struct {
		what string
		edit func(*account.Form)
		want []string
	}{
		{"another address", elsewhere, []string{"invitation-off ilya@northwind.example about ilya@northwind.example of Ilya",
			"invitation novak@northwind.example about novak@northwind.example of Mira"}},
		{"the same in capitals", email("Novak@northwind.example"), []string{"invitation Novak@northwind.example about novak@northwind.example of Mira"}},
		{"another role", role(sallyport.ReadOnlyTechnician), []string{"invitation Novak@northwind.example about novak@northwind.example of Mira"}},
	} {
		if got := save(c.edit); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", c.what, got)
		}
	}
	h.clock.Add(30 * 24 * time.Hour)
	h.write(func(ctx context.Context, tx *store.Tx) error { _, err := tx.Sweep(ctx, false); return err })
	if got := save(email("ilya@northwind.example")); len(got) != 1 {
		t.Errorf("after the invitation had run out: %q", got)
	}
}

// An invitation that still waits to be sent goes with its link, whatever ends it: nobody is sent a dead one. Where it had
// surely not left, its mailbox is not told that it no longer works either; what somebody is sending may have arrived.
func TestEndedInvitationIsNotSent(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	admin := h.add(sallyport.SuperAdmin)
	ilya := account.Form{FirstName: "Ilya", Email: "ilya@northwind.example", Role: sallyport.ReportsManager}
	save := func(edit func(*account.Form)) func(sallyport.TechnicianID) error {
		return func(id sallyport.TechnicianID) error {
			now := h.technician(id)
			_, err := h.second().Save(ctx, h.session(admin), id, form(now, edit), now.Version)
			return err
		}
	}
	elsewhere := func(f *account.Form) { f.Email = "novak@northwind.example" }
	for _, c := range []struct {
		what string
		act  func(sallyport.TechnicianID) error
		want []string
	}{
		{"another address", save(elsewhere), []string{"invitation novak@northwind.example"}},
		{"another role", save(role(sallyport.ReadOnlyTechnician)), []string{"invitation ilya@northwind.example"}},
		{"sent again", func(id sallyport.TechnicianID) error {
			_, err := h.second().ResendInvitation(ctx, h.session(admin), id)
			return err
		}, []string{"invitation ilya@northwind.example"}},
		{"deactivated", func(id sallyport.TechnicianID) error {
			_, err := h.second().Deactivate(ctx, h.session(admin), id, "")
			return err
		}, nil},
		{"deleted", func(id sallyport.TechnicianID) error {
			_, err := h.second().Delete(ctx, h.session(admin), id, "")
			return err
		}, nil},
		{"another address, while it is being sent", func(id sallyport.TechnicianID) error {
			h.write(func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.ClaimOutbox(ctx, h.outbox()[0].ID, time.Minute)
				return err
			})
			defer h.clock.Add(time.Minute)
			return save(elsewhere)(id)
		}, []string{"invitation novak@northwind.example", "invitation-off ilya@northwind.example"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			added, err := h.Add(ctx, h.session(admin), ilya)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.act(added.ID); err != nil {
				t.Fatal(err)
			}
			var waiting []string
			for _, m := range h.outbox() {
				waiting = append(waiting, m.Event+" "+m.To)
			}
			if slices.Sort(waiting); !slices.Equal(waiting, c.want) {
				t.Errorf("on their way: %q", waiting)
			}
			h.send()
			if !h.exists(added.ID) {
				return
			}
			if _, err := h.Delete(ctx, h.session(admin), added.ID, ""); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// The set-up that an invitation leads to can be begun for as long as the invitation works, whichever change sent it.
func TestInvitedMaySetUp(t *testing.T) {
	h := newHouse(t)
	h.set("setup-life", "1")
	admin := h.add(sallyport.SuperAdmin)
	added, err := h.Add(ctx, h.session(admin), account.Form{Email: "ilya@northwind.example", Role: sallyport.ReportsManager})
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*account.Form){"role": role(sallyport.ReadOnlyTechnician), "email": email("novak@northwind.example")} {
		h.clock.Add(71 * time.Hour)
		ilya := h.technician(added.ID)
		if saved, err := h.Save(ctx, h.session(admin), ilya.ID, form(ilya, change), ilya.Version); err != nil || !h.alive(saved.Invitation) {
			t.Fatalf("%s: %+v, %v", name, saved, err)
		}
		d, err := h.Service.Technician(ctx, h.session(admin), ilya.ID)
		if err != nil || d.Technician.SetupUntil.Before(d.Invitation.ExpiresAt) {
			t.Errorf("%s: the set-up must begin by %v, the invitation works until %v (%v)", name, d.Technician.SetupUntil, d.Invitation.ExpiresAt, err)
		}
	}
}

// alive reports whether a link works.
func (h *house) alive(link string) bool {
	h.t.Helper()
	hash, ok := sallyport.Token(link[strings.LastIndexByte(link, '/')+1:]).Hash()
	if !ok {
		h.t.Fatalf("%q ends in no token", link)
	}
	var err error
	h.read(func(ctx context.Context, tx *store.Tx) error {
		_, err = tx.Link(ctx, hash)
		return nil
	})
	if err != nil && sallyport.KindOf(err) != sallyport.Gone {
		h.t.Fatal(err)
	}
	return err == nil
}
