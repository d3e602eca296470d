package console_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

// TestFormOfANewTechnician: what was typed stays, with what is wrong at its field; a method that cannot be had stays out of reach,
// and nobody is offered a role that he may not give.
func TestFormOfANewTechnician(t *testing.T) {
	h := newHouse(t)
	b, admin := h.signIn(h.add(sallyport.SuperAdmin)), h.signIn(h.add(sallyport.Admin))
	const super = `<option value="super-admin"`
	if p := b.get("/admin/technicians/new?role=super-admin"); !strings.Contains(p.body, super+" selected>") {
		t.Error("the role of the address is not chosen")
	}
	admin.get("/admin/technicians/new?role=super-admin").wants(http.StatusOK, "Authenticator App recommended").lacks(super, `href="/admin/email"`, `href="/admin/sms"`)
	for _, settings := range []string{"email", "sms"} {
		if p := b.get("/admin/technicians/new"); !strings.Contains(main(p), `href="/admin/`+settings+`"`) {
			t.Errorf("who may open the method is not led to %s", settings)
		}
	}
	p := b.send("/admin/technicians/new", "first_name", "Noor", "last_name", "Haddad", "user_name", "a b\\", "email", "noor@", "phone", "0170", "role", "admin", "method", "email").
		wants(http.StatusUnprocessableEntity, "Email Settings have not been proved yet")
	for name, want := range map[string]string{"first_name": "Noor", "last_name": "Haddad", "user_name": "a b\\", "email": "noor@", "phone": "0170"} {
		if p.field(name) != want {
			t.Errorf("%s became %q", name, p.field(name))
		}
	}
	for _, want := range []string{`<option value="admin" selected>`, `id="user_name-error"`, `id="email-error"`, `id="phone-error"`, `id="method-error"`, `id="problem"`} {
		if !strings.Contains(p.body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if radio := p.field("method"); radio != "app" || !strings.Contains(p.body, `value="email" id="method-email" disabled`) {
		t.Errorf("a method that cannot be had can be chosen: %q", radio)
	}
	p = b.send("/admin/technicians/new", "first_name", "Noor", "email", "noor@northwind.example", "role", "king", "method", "app").wants(http.StatusUnprocessableEntity)
	if !strings.Contains(p.body, `id="role-error"`) {
		t.Error("the role's field does not say what is wrong")
	}
	admin.send("/admin/technicians/new", "first_name", "Noor", "email", "noor@northwind.example", "role", "super-admin", "method", "app").wants(http.StatusUnprocessableEntity)
	b.send("/admin/technicians/new/preview", "email", "noor@northwind.example", "phone", "+1 425 555 0100").wants(http.StatusOK, "To noor@northwind.example. ", "To +1 425 555 0100. ")
	p = b.send("/admin/technicians/new/preview", "first_name", "Noor", "email", "noor@northwind.example", "role", "admin", "method", "off").wants(http.StatusOK, "Noor gets an invitation.", "No second factor is asked for.")
	if p.field("email") != "noor@northwind.example" || !strings.Contains(p.body, `<li class="warn">No second factor`) {
		t.Error("the preview loses what was typed, or warns of nothing")
	}
	if h.technician(h.add(sallyport.Admin).ID).UserName != "person3@northwind.example" || !strings.Contains(b.get("/admin/technicians").words(), "3 · 3 set up") {
		t.Error("a refused form added somebody")
	}
	h.prove(sallyport.ChannelEmail, sallyport.ChannelSMS)
	const needsPhone, needsEmail = "Text Message needs a phone number.", "Email needs a business email address."
	b.get("/admin/technicians/new").wants(http.StatusOK, needsPhone, needsEmail).lacks("will be refused")
	b.send("/admin/technicians/new/preview", "email", "noor@northwind.example", "phone", "+1 425 555 0100", "role", "admin", "method", "text").
		wants(http.StatusOK, "The phone number is proved there and then").lacks(needsPhone, needsEmail, "will be refused")
}

// TestPreviewOfANewcomer: what adding would refuse stands in the preview, a user name that is taken among it, and that a proof
// is asked for.
func TestPreviewOfANewcomer(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	preview := func(fields ...string) page {
		return b.send("/admin/technicians/new/preview", append(fields, "role", "admin")...).wants(http.StatusOK)
	}
	preview("email", "person1@northwind.example", "method", "app").wants(http.StatusOK, "This will be refused: Somebody else has this user name already.")
	preview("email", "new@northwind.example", "user_name", "рerson1@northwind.example", "method", "app").wants(http.StatusOK, "This will be refused: This looks like the user name of somebody else.")
	preview("email", "new@northwind.example", "phone", "0170", "method", "off").wants(http.StatusOK, "This will be refused: The policy does not permit", "This will be refused: This number is too short")
	preview("email", "new@", "method", "app").wants(http.StatusOK, "This will be refused: ").lacks("already")
	preview("email", " ", "method", "app").lacks("will be refused") // not typed yet
	preview("email", "new@northwind.example", "method", "app").lacks("will be refused", "asked once more")
	h.clock.Add(16 * time.Minute)
	preview("email", "new@northwind.example", "method", "app").wants(http.StatusOK, "you are asked once more who you are")
	if strings.Contains(b.get("/admin/technicians").words(), "new@") {
		t.Error("a preview added somebody")
	}
}

// TestEditWithoutAMethod: where none of the methods was open in the form, the one that stands stays.
func TestEditWithoutAMethod(t *testing.T) {
	h := newHouse(t)
	me := h.add(sallyport.SuperAdmin)
	dana := h.add(sallyport.Admin, func(p *sallyport.Technician) { p.Method = sallyport.MethodEmail }) // no gateway is proved any more
	b, path := h.signIn(me), "/admin/technicians/"+string(dana.ID)
	p := b.get(path).wants(http.StatusOK, "Nobody is signed out.").lacks("This is you.")
	if !strings.Contains(p.body, `value="email" id="method-email" checked`) || !strings.Contains(p.body, `value="text" id="method-text" disabled`) {
		t.Error("the method that stands is out of reach, or one that cannot be had is not")
	}
	b.follow(b.send(path, formOf(dana)[:14]...)).wants(http.StatusOK, "Nothing had changed")
	b.follow(b.send(path, append(formOf(dana, "first_name", "Dana")[:14], "method", "")...)).wants(http.StatusOK, "Saved. Nobody was signed out.")
	for _, version := range []string{"", "-1", "1.5", "99999999999999999999"} {
		b.send(path, formOf(dana, "version", version)...).wants(http.StatusBadRequest)
	}
	b.get("/admin/technicians/"+string(me.ID)).wants(http.StatusOK, "This is you.")
}

// TestPreviewSaysWhatSaveWillDo: to an invited technician, to oneself, and where Save will be refused.
func TestPreviewSaysWhatSaveWillDo(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	me := h.add(sallyport.SuperAdmin)
	b := h.signIn(me)
	invited := h.add(sallyport.Admin, func(p *sallyport.Technician) { p.Status, p.Password = sallyport.Invited, nil })
	preview := func(p sallyport.Technician, typed ...string) page {
		return b.send("/admin/technicians/"+string(p.ID)+"/preview", formOf(p, typed...)...).wants(http.StatusOK)
	}
	preview(invited, "role", "read-only").wants(http.StatusOK, "A fresh invitation takes the place of the one sent before.").lacks("This signs you out")
	b.follow(b.send("/admin/technicians/"+string(invited.ID), formOf(invited, "role", "read-only")...)).wants(http.StatusOK, "Saved.", "A fresh invitation is on its way.")
	preview(me, "role", "admin").wants(http.StatusOK, "Save will be refused:", "This signs you out, too.")
	preview(me, "email", "nonsense").wants(http.StatusOK, "Save will be refused:").lacks("Saves the new")
	preview(me, "email", "nonsense", "first_name", "Mara").wants(http.StatusOK, "Save will be refused:", "Saves the new first name. Nobody is signed out.")
	preview(me, "first_name", "Mara").wants(http.StatusOK, "Saves the new first name. Nobody is signed out.").lacks("This signs you out", "Save and sign out")
	off := h.add(sallyport.Admin, func(p *sallyport.Technician) { p.FactorDisabled = true })
	preview(off, "email", "off@northwind.example").wants(http.StatusOK, "Stranded after this: The second factor was switched off", "Only a reset opens it again.")
	dana := h.add(sallyport.Admin)
	preview(dana, "method", "email").wants(http.StatusOK, "is signed in nowhere now; whatever was begun before Save is dead.", "Save and sign out")
	h.prove(sallyport.ChannelSMS)
	preview(dana, "method", "text", "phone", "").wants(http.StatusOK, "Save will be refused: Text Message needs a phone number.", "then proves the phone number with a code sent there")
	h.clock.Add(time.Minute)
	b.follow(b.send("/admin/technicians/"+string(dana.ID), formOf(dana, "method", "email")...)).wants(http.StatusOK, "Saved. Person was signed in nowhere", "Everything older was refused everywhere after",
		"first gives a code of the authenticator app in use now once more")
	b.get("/admin/technicians/"+string(dana.ID)).wants(http.StatusOK, "it only opens the door to setting up the new method")
}

// TestWhatIsHeldStill: of a factor that the method does not ask for the page says what it is good for, by the policy and
// the method of now.
func TestWhatIsHeldStill(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	set := func(edit func(*sallyport.Settings)) {
		h.write(func(ctx context.Context, tx *store.Tx) error {
			s := sallyport.DefaultSettings()
			edit(&s)
			return tx.PutSettings(ctx, s)
		})
	}
	method := func(m sallyport.Method) func(*sallyport.Technician) {
		return func(p *sallyport.Technician) { p.Method = m }
	}
	held := func(p sallyport.Technician, kind sallyport.Method, address string) string {
		h.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.PutFactor(ctx, sallyport.Factor{Technician: p.ID, Kind: kind, Secret: []byte("sealed"), Address: address, ProvedAt: h.clock.Now()})
		})
		return "/admin/technicians/" + string(p.ID)
	}
	off := held(h.add(sallyport.Admin, method(sallyport.MethodOff)), sallyport.MethodApp, "")
	locked := held(h.add(sallyport.Admin, method(sallyport.MethodOff), func(p *sallyport.Technician) { p.FactorDisabled = true }), sallyport.MethodApp, "")
	moved := held(h.add(sallyport.Admin, method(sallyport.MethodEmail)), sallyport.MethodEmail, "old@northwind.example")
	other := held(h.add(sallyport.Admin, method(sallyport.MethodEmail)), sallyport.MethodApp, "")
	b.get(off).wants(http.StatusOK, "Set up not permitted")
	b.get("/admin/technicians?method=off").wants(http.StatusOK, "not permitted").lacks("not needed")
	set(func(s *sallyport.Settings) { s.PermitOff = true })
	b.get("/admin/technicians?method=off").wants(http.StatusOK, "not needed").lacks("not permitted")
	for _, at := range []string{off, locked} {
		b.get(at).wants(http.StatusOK, "not needed Holds Authenticator App still: while the method is Off, nobody asks for it.").lacks("opens the door", "only a reset")
	}
	b.get(moved).wants(http.StatusOK, "Holds old@northwind.example still: it only opens the door to proving the new one.")
	b.get(other).wants(http.StatusOK, "Holds Authenticator App still: it only opens the door to setting up the new method.")
	set(func(s *sallyport.Settings) { s.OpenerRequired = false })
	b.get(moved).wants(http.StatusOK, "Holds old@northwind.example still: it opens nothing, and goes with proving the new one.")
	b.get(other).wants(http.StatusOK, "Holds Authenticator App still: it opens nothing, and goes with setting up the new method.")
}
