package console_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport"
)

// kept is the page to which a form comes back after a proof, in a browser that has given one.
func (h *house) kept(me sallyport.Technician, p page) (*browser, page) {
	h.t.Helper()
	back, ok := strings.CutPrefix(p.at, "/confirm?return=")
	back, err := url.QueryUnescape(back)
	if p.status != http.StatusSeeOther || !ok || err != nil {
		h.t.Fatalf("status %d to %q, %v", p.status, p.at, err)
	}
	b := h.signIn(me)
	return b, b.get(back).wants(http.StatusOK, "Confirmed. Your change is not saved yet")
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)

// again sends a kept form by its one button, with some fields more.
func (b *browser) again(p page, more ...string) page {
	b.t.Helper()
	post := regexp.MustCompile(`action="(/admin/[^"]*)"`).FindStringSubmatch(p.body)
	if post == nil {
		b.t.Fatal("no form")
	}
	for _, field := range hiddenField.FindAllStringSubmatch(main(p), -1) {
		more = append(more, field[1], html.UnescapeString(field[2]))
	}
	return b.send(post[1], more...)
}

// TestFormsComeBack: each form that a proof came between says what it does, leads back to its page, and can be sent.
func TestFormsComeBack(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelSMS)
	me, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	path := "/admin/technicians/" + string(dana.ID)
	for _, c := range []struct {
		path, cancel string
		fields       []string
		says, after  string
	}{
		{"/admin/technicians/new", "/admin/technicians/new", []string{"first_name", "Noor", "email", "noor@northwind.example", "role", "admin", "method", "app"}, "Add Technician First name Noor Email noor@northwind.example Role Admin Method Authenticator App", "/invitation/"},
		{"/admin/technicians/import", "/admin/technicians/import", []string{"csv", "email,role\nilya@northwind.example,admin"}, "Import technicians", "1 technician was added."},
		{path + "/reset", path + "/reset", []string{"reason", "phone lost"}, "Reset second factor: Person 2 (" + dana.UserName + ") Reason phone lost", "Read out this code"},
		{"/admin/sms/remove", "/admin/sms", nil, "Remove SMS Settings", ""},
	} {
		b := h.signIn(me)
		h.clock.Add(16 * time.Minute)
		b, p := h.kept(me, b.send(c.path, c.fields...))
		p.wants(http.StatusOK, c.says).lacks("asked again for")
		if !strings.Contains(main(p), `href="`+c.cancel+`">Cancel`) {
			t.Errorf("%s: Cancel leads elsewhere", c.path)
		}
		if danger := strings.Contains(main(p), `class="danger"`); danger != strings.HasSuffix(c.path, "/reset") {
			t.Errorf("%s: marked as dangerous: %v", c.path, danger)
		}
		if sent := b.again(p); c.after != "" {
			sent.wants(http.StatusOK, c.after)
		} else {
			b.follow(sent).wants(http.StatusOK, "Removed.")
		}
	}
	b := h.signIn(me)
	h.clock.Add(16 * time.Minute)
	b, p := h.kept(me, b.send("/admin/email/discard"))
	b.follow(b.again(p.wants(http.StatusOK, "Discard the draft of Email Settings"))).wants(http.StatusOK, "The draft is gone.")
}

// TestSecretsAreNotKept: neither codes nor the secrets of any gateway wait for the proof, and each form says what to type again.
func TestSecretsAreNotKept(t *testing.T) {
	h := newHouse(t)
	me := h.add(sallyport.SuperAdmin)
	for _, c := range []struct {
		path   string
		fields []string
		lost   string
	}{
		{"/admin/email/confirm", []string{"code", "314159"}, "Code"},
		{"/admin/sms", []string{"kind", "twilio", "auth_token", "314159"}, "Auth token"},
		{"/admin/sms", []string{"kind", "http", "headers", "Authorization: Bearer 314159", "secret", "314159"}, "Headers, Secret"},
	} {
		b := h.signIn(me)
		h.clock.Add(16 * time.Minute)
		_, p := h.kept(me, b.send(c.path, c.fields...))
		p.wants(http.StatusOK, "asked again for: "+c.lost+".").lacks("314159")
		if again := strings.Contains(p.body, `name="again"`); again != (c.path == "/admin/sms") {
			t.Errorf("%s: the form is told what it lacks: %v", c.path, again)
		}
	}
	b := h.signIn(me)
	h.clock.Add(16 * time.Minute)
	_, p := h.kept(me, b.send("/admin/email", with(smtpForm, "password", "")...))
	p.lacks("asked again for")
}

// parked is where the form waits that p asks for a proof of.
func parked(p page) string {
	back, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimPrefix(p.at, "/confirm?return="), "%2F", "/"), "&")
	return back
}

// TestKeptForms: a form is kept for half an hour, a choice of technicians for a day; what it was for may be gone by then.
func TestKeptForms(t *testing.T) {
	h := newHouse(t)
	me, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	b := h.signIn(me)
	chosen := b.send("/admin/rollouts", "id", string(dana.ID)).at
	h.clock.Add(16 * time.Minute)
	p := b.send("/admin/technicians/"+string(dana.ID)+"/delete", "reason", "left")
	back := parked(p)
	h.clock.Add(29 * time.Minute)
	b.get(back).wants(http.StatusOK, "Reason left").lacks("Confirmed.")
	other := h.signIn(h.add(sallyport.SuperAdmin))
	other.follow(other.send("/admin/technicians/"+string(dana.ID)+"/delete")).wants(http.StatusOK, "Person 2 was deleted.")
	b.get(back).wants(http.StatusNotFound)
	h.clock.Add(2 * time.Minute)
	b.get(back).wants(http.StatusGone, "nothing was changed")
	h.clock.Add(22 * time.Hour)
	b = h.signIn(me)
	b.get(chosen).wants(http.StatusOK, "for 1 technician")
	h.clock.Add(2 * time.Hour)
	h.signIn(me).get(chosen).wants(http.StatusGone)
}

// TestProofOfFifteenMinutes: a proof that is as old as it may be is one, on the page and in what it is for.
func TestProofOfFifteenMinutes(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	me, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	b := h.signIn(me)
	h.clock.Add(16 * time.Minute)
	p := b.send("/admin/technicians/"+string(dana.ID), formOf(dana, "method", "email")...)
	b, page := h.kept(me, p)
	h.clock.Add(15 * time.Minute)
	b.get("/admin/resume/"+page.at[strings.LastIndex(page.at, "/")+1:]).wants(http.StatusOK, "Confirmed.")
	b.follow(b.again(page)).wants(http.StatusOK, "Saved.")
}
