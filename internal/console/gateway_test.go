package console_test

import (
	"context"
	"html"
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

var smtpForm = []string{"kind", "smtp", "host", "mail.northwind.example", "port", "587", "tls", "starttls", "user", "it", "password", "correct horse", "sender", "it@northwind.example", "sender_name", ""}

func with(form []string, name, value string) []string {
	out := append([]string(nil), form...)
	for i := 0; i < len(out); i += 2 {
		if out[i] == name {
			out[i+1] = value
		}
	}
	return out
}

func TestEmailSettings(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	b.get("/admin/email").wants(http.StatusOK, "No mail server is set up.", "Save as draft")
	p := b.send("/admin/email", with(smtpForm, "port", "99999")...).wants(http.StatusUnprocessableEntity, "Please give a port from 1 to 65535.")
	if p.field("host") != "mail.northwind.example" || p.field("password") != "" {
		t.Error("what was typed is lost, or a secret came back")
	}
	b.follow(b.send("/admin/email", smtpForm...)).wants(http.StatusOK, "Saved as a draft.", "set, never shown", "Send test message").lacks("correct horse")
	b.get("/admin/technicians/new").wants(http.StatusOK, "Email Settings have not been proved yet")
	p = b.send("/admin/email/test", "to", "nonsense").wants(http.StatusUnprocessableEntity, "An email address has an @ between mailbox and domain")
	if p.field("to") != "nonsense" || !strings.Contains(p.body, `id="to-error"`) {
		t.Error("the field lacks what was typed, or what is wrong with it")
	}

	h.post.fail = &sallyport.SendError{Outcome: sallyport.NotSent, Code: "auth", Hint: "The server refused the user name or password. Correct them in the draft."}
	p = b.send("/admin/email/test", "to", "mara@northwind.example").wants(http.StatusServiceUnavailable, "The server refused the user name or password.").lacks("Type the code that arrived")
	if p.field("to") != "mara@northwind.example" {
		t.Error("what was typed is lost")
	}
	b.get("/admin/email").wants(http.StatusOK, "The test message was not sent.").lacks("Type the code that arrived")
	h.post.fail = nil
	b.follow(b.send("/admin/email/test", "to", "mara@northwind.example")).wants(http.StatusOK, "Type the code that arrived", "Sent to mara@northwind.example")
	code := h.post.code(t)
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	p = b.send("/admin/email/confirm", "code", wrong).wants(http.StatusUnprocessableEntity, "That code is not right. 2 tries left.")
	if p.field("to") != "mara@northwind.example" || !strings.Contains(p.body, `id="code-error"`) {
		t.Error("the field does not say what is wrong, or where the code went is lost")
	}
	b.follow(b.send("/admin/email/confirm", "code", code[:3]+" "+code[3:])).wants(http.StatusOK, "Proved, and in use from now on.").lacks("Draft, not in use yet")
	b.get("/admin/technicians/new").wants(http.StatusOK).lacks("Email Settings have not been proved yet")
	b.send("/admin/email", with(with(smtpForm, "port", "99999"), "password", "a new one")...).
		wants(http.StatusUnprocessableEntity, "Please type this again: secrets are never shown back, so it was not kept.").lacks("a new one")

	b.get("/admin/email").wants(http.StatusOK, "In use", "Send test message").lacks("Draft, not in use yet")
	b.follow(b.send("/admin/email/test", "to", "mara@northwind.example")).wants(http.StatusOK, "The right code shows that the settings in use work.")
	b.follow(b.send("/admin/email/confirm", "code", h.post.code(t))).wants(http.StatusOK, "Proved, and in use from now on.")

	b.follow(b.send("/admin/email", with(smtpForm, "host", "other.northwind.example")...)).wants(http.StatusOK, "In use", "Draft, not in use yet", "other.northwind.example")
	if host := b.get("/admin/email?edit=yes").field("host"); host != "other.northwind.example" {
		t.Errorf("the form begins with %q, want the draft", host)
	}
	for range 2 { // in another tab, too
		b.follow(b.send("/admin/email/discard")).wants(http.StatusOK, "The draft is gone.").lacks("other.northwind.example")
	}
	moved := b.send("/admin/email", with(with(smtpForm, "host", "other.northwind.example"), "password", "")...)
	moved.wants(http.StatusUnprocessableEntity, "password")
}

// What a mail server did not take stands on its page, with the reason: on no other page does anybody learn of it in time.
func TestEmailSettingsSayWhatWaits(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail, sallyport.ChannelSMS)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	b.get("/admin/email").wants(http.StatusOK).lacks("after a failed try")
	for i, id := range []string{"one", "two", "three"} {
		h.write(func(ctx context.Context, tx *store.Tx) error {
			now := h.clock.Now()
			m := sallyport.OutboxMessage{ID: id, Channel: sallyport.ChannelEmail, To: "dana@northwind.example", Sealed: []byte("sealed"), NextAt: now, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
			if err := tx.InsertOutbox(ctx, m); err != nil || i == 0 {
				return err // the first was not tried yet
			}
			return tx.RetryOutbox(ctx, id, now.Add(time.Minute), "unreachable: The server <b>is away</b>. Please try again in a few minutes.")
		})
	}
	b.get("/admin/email").wants(http.StatusOK, "2 messages wait after a failed try, such as invitations and notices.", "What happened: The server &lt;b&gt;is away&lt;/b&gt;.").lacks("try again in")
	b.get("/admin/sms").wants(http.StatusOK).lacks("after a failed try")
}

func TestRemovingAGatewayInUse(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelSMS)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	dana := h.add(sallyport.Admin, func(p *sallyport.Technician) { p.Method, p.Phone = sallyport.MethodText, "+14255550100" })
	b.get("/admin/sms/remove").wants(http.StatusOK, "1 technician needs it to sign in (Person 2)", "Back").lacks(`>Remove</button>`, "Cancel")
	b.send("/admin/sms/remove").wants(http.StatusConflict, "Person 2", "Give them another method first.")
	b.follow(b.send("/admin/technicians/"+string(dana.ID), formOf(dana, "method", "app")...)).wants(http.StatusOK, "Saved.")
	b.follow(b.send("/admin/sms/remove")).wants(http.StatusOK, "Removed.", "No gateway is set up.")
	for range 12 {
		h.add(sallyport.ReadOnlyTechnician, func(p *sallyport.Technician) { p.Method, p.Phone = sallyport.MethodText, "+14255550100" })
	}
	b.get("/admin/sms/remove").wants(http.StatusOK, "12 technicians need it to sign in (Person", " and 2 more)")
}

func TestEveryKindOfGatewayHasItsForm(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	for kind, label := range map[string]string{"twilio": "Account SID", "http": "Success when the answer contains", "vonage": "API secret", "kannel": "sendsms", "smpp": "System ID"} {
		b.get("/admin/sms?kind="+kind).wants(http.StatusOK, label)
	}
	b.send("/admin/sms", "kind", "http", "url", "https://sms.example.com/send", "method", "POST", "format", "form", "body", "nonsense", "headers", "Authorization: Bearer x").
		wants(http.StatusUnprocessableEntity, "{to} and {text}").lacks("Bearer x")
	b.send("/admin/sms", "kind", "vonage", "api_secret", "x").wants(http.StatusUnprocessableEntity, "API key: Please fill this in.", "Sender: Please fill this in.")
	b.send("/admin/sms", "kind", "vonage", "api_secret", "x", "from", "Northwind").wants(http.StatusUnprocessableEntity, "API key: Please fill this in.")
	b.send("/admin/sms", "kind", "pigeon").wants(http.StatusUnprocessableEntity, "Please choose one of the gateways that are offered.")
}

// input is the whole tag of a field.
func (p page) input(name string) string {
	p.t.Helper()
	_, in, found := strings.Cut(p.body, `id="`+name+`" name="`)
	if !found {
		p.t.Fatalf("no field %q", name)
	}
	in, _, _ = strings.Cut(in, ">")
	return in
}

// TestFormOfAGateway: the form begins with what is stored for its kind and no other, opens when it is asked for, and says of a
// secret only that it is set.
func TestFormOfAGateway(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	empty := b.get("/admin/sms?kind=kannel").wants(http.StatusOK, "Set up").lacks("Set, and never shown")
	if in := empty.input("password"); !strings.Contains(in, `type="password"`) || !strings.Contains(in, `autocomplete="new-password"`) || !strings.Contains(in, " required") {
		t.Errorf("a secret that is not set: %s", in)
	}
	b.follow(b.send("/admin/sms", "kind", "kannel", "url", "https://sms.example.com/cgi-bin/sendsms", "user", "it", "password", "correct horse", "from", "Northwind")).
		wants(http.StatusOK, "Saved as a draft.", "Kannel").lacks("Save as draft")
	form := b.get("/admin/sms?edit=yes").wants(http.StatusOK, "Change the draft", "Save as draft", "Set, and never shown.").lacks("correct horse")
	if in := form.input("password"); strings.Contains(in, " required") || form.field("url") != "https://sms.example.com/cgi-bin/sendsms" || form.field("kind") != "kannel" {
		t.Errorf("a secret that is set: %s", in)
	}
	other := b.get("/admin/sms?kind=http").wants(http.StatusOK).lacks("Set, and never shown")
	if other.field("url") != "" || other.field("kind") != "http" || !strings.Contains(other.body, `<option value="POST" selected>`) {
		t.Error("the form of another kind begins with what is stored for this one")
	}
	p := b.send("/admin/sms", "kind", "http", "url", "https://sms.example.com/x", "method", "PUT", "format", "json", "headers", "", "body", "nonsense").wants(http.StatusUnprocessableEntity)
	if p.field("kind") != "http" || p.field("url") != "https://sms.example.com/x" || !strings.Contains(p.body, `<option value="PUT" selected>`) || !strings.Contains(p.body, `id="body-error"`) {
		t.Errorf("what was typed is lost:\n%s", p.body)
	}
	p.lacks("Please type this again")
}

// TestClearedSecrets: a gateway on another host is not sent the secrets of the one before, and the page says so.
func TestClearedSecrets(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	form := []string{"kind", "http", "url", "https://sms.example.com/send", "method", "POST", "format", "form", "body", "to={to}\ntext={text}", "headers", "Authorization: Bearer 314159"}
	b.follow(b.send("/admin/sms", form...)).wants(http.StatusOK, "Saved as a draft.", "set, never shown").lacks("this was cleared", "314159")
	b.follow(b.send("/admin/sms", with(with(form, "url", "https://other.example.com/send"), "headers", "")...)).
		wants(http.StatusOK, "Because the server or the account changed, this was cleared: Headers.").lacks("set, never shown")
	b.get("/admin/sms?edit=yes").wants(http.StatusOK, "Save as draft").lacks("Set, and never shown")
}

// TestTestMessagesHaveALimit: the page says when the next one can be sent, and keeps to whom; a number that no test goes to is said
// at its field.
func TestTestMessagesHaveALimit(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	b.follow(b.send("/admin/sms", "kind", "kannel", "url", "https://sms.example.com/cgi-bin/sendsms", "user", "it", "password", "correct horse", "from", "Northwind"))
	p := b.send("/admin/sms/test", "to", "+1 900 555 0123").wants(http.StatusUnprocessableEntity, "This is a premium number.")
	if html.UnescapeString(p.field("to")) != "+1 900 555 0123" || !strings.Contains(p.body, `id="to-error"`) {
		t.Error("the field lacks what was typed, or what is wrong with it")
	}
	for range 5 {
		b.follow(b.send("/admin/sms/test", "to", "+12025550101")).wants(http.StatusOK, "Type the code that arrived")
	}
	p = b.send("/admin/sms/test", "to", "+12025550102").wants(http.StatusTooManyRequests, "The next one can be sent in 2 minutes.", "Try again from", "Type the code that arrived")
	if html.UnescapeString(p.field("to")) != "+12025550102" {
		t.Error("what was typed is lost")
	}
}

// TestStatesOfATest: what became of the test message, and until when its code can be typed.
func TestStatesOfATest(t *testing.T) {
	const code = "Type the code that arrived"
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	b.follow(b.send("/admin/email", smtpForm...))
	b.get("/admin/email").wants(http.StatusOK, "STARTTLS").lacks(code)
	h.post.fail = &sallyport.SendError{Outcome: sallyport.MaybeSent, Code: "timeout", Hint: "The server did not answer in time."}
	b.send("/admin/email/test", "to", "mara@northwind.example")
	p := b.get("/admin/email").wants(http.StatusOK, "It is not sure whether the test message went out.", code)
	if p.field("to") != "mara@northwind.example" {
		t.Error("the next try begins with an empty field")
	}
	h.post.fail = nil
	h.clock.Add(time.Minute)
	b.follow(b.send("/admin/email/test", "to", "mara@northwind.example")).wants(http.StatusOK, code)
	wrong := "000000"
	if h.post.code(t) == wrong {
		wrong = "000001"
	}
	for range 3 {
		b.send("/admin/email/confirm", "code", wrong)
	}
	b.get("/admin/email").lacks(code)
	if over := b.send("/admin/email/confirm", "code", wrong).wants(http.StatusGone, "This test is over."); !strings.Contains(over.body, `action="/admin/email/test"`) {
		t.Error("the page does not offer another test")
	}
}

// TestStateOfAGateway: one that is in use and was not proved, which a backup may bring back, is marked.
func TestStateOfAGateway(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	h.prove(sallyport.ChannelEmail)
	b.get("/admin/email").wants(http.StatusOK, "In use proved").lacks("not proved", "Save as draft")
	h.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.PutGateway(ctx, sallyport.Gateway{Channel: sallyport.ChannelEmail, Slot: "live", Kind: sallyport.GatewaySMTP, Version: 2, Settings: map[string]string{"host": "mail.example"}, ChangedAt: h.clock.Now()})
	})
	b.get("/admin/email").wants(http.StatusOK, "In use not proved")
}

// TestStaleDraft: of two administrators who save drafts of one gateway, the second sees both, and nothing is lost (D10.5).
func TestStaleDraft(t *testing.T) {
	h := newHouse(t)
	one := h.add(sallyport.SuperAdmin)
	first, second := h.signIn(one), h.signIn(h.add(sallyport.SuperAdmin))
	form := func(b *browser, change ...string) []string {
		out := append(append([]string(nil), smtpForm...), "version", b.get("/admin/email?edit=yes").field("version"))
		for i := 0; i < len(change); i += 2 {
			out = with(out, change[i], change[i+1])
		}
		return out
	}
	older := form(second, "sender_name", "Door", "tls", "implicit")
	first.follow(first.send("/admin/email", form(first, "sender_name", "Reception")...)).wants(http.StatusOK, "Saved as a draft.")
	p := second.send("/admin/email", older...).wants(http.StatusConflict, one.UserName+" saved these settings while you were editing", "Sender name Reception Door", "TLS STARTTLS, required Implicit TLS",
		"Please type this again").lacks("correct horse")
	if p.field("sender_name") != "Door" || p.field("version") == older[len(older)-1] {
		t.Fatalf("typed %q, version %s", p.field("sender_name"), p.field("version"))
	}
	second.get("/admin/email").wants(http.StatusOK, "Reception", " by "+one.UserName).lacks("Door")
	second.follow(second.send("/admin/email", with(older, "version", p.field("version"))...)).wants(http.StatusOK, "Saved as a draft.", "Door")
	late := form(first, "sender_name", "Desk")
	second.follow(second.send("/admin/email/discard"))
	first.send("/admin/email", late...).wants(http.StatusConflict, "Somebody else took settings away while you were editing", "Sender name – Desk")
}

// TestStaleGatewayPage: a page that shows what is no longer true does nothing to another administrator's draft, and shows it.
func TestStaleGatewayPage(t *testing.T) {
	h := newHouse(t)
	me, other := h.signIn(h.add(sallyport.SuperAdmin)), h.signIn(h.add(sallyport.SuperAdmin))
	me.follow(me.send("/admin/email", smtpForm...))
	before := me.get("/admin/email").field("version")
	h.clock.Add(time.Second)
	other.follow(other.send("/admin/email", with(smtpForm, "host", "other.northwind.example")...))
	for _, act := range [][]string{{"/admin/email/discard"}, {"/admin/email/test", "to", "mara@northwind.example"}} {
		p := me.send(act[0], append(act[1:], "version", before)...).
			wants(http.StatusConflict, "Somebody else changed these settings", "other.northwind.example").lacks("What you typed", "Type the code")
		if now := p.field("version"); now == before {
			t.Errorf("%s: the page would be refused once more", act[0])
		}
	}
	now := me.get("/admin/email").field("version")
	other.follow(other.send("/admin/email/test", "to", "mara@northwind.example", "version", now))
	other.follow(other.send("/admin/email/confirm", "code", h.post.code(t))).wants(http.StatusOK, "Proved, and in use")
	me.send("/admin/email/discard", "version", now).wants(http.StatusConflict, "Somebody else put this draft in use").lacks("The draft is gone.")
	remove := me.get("/admin/email/remove").field("version")
	h.clock.Add(time.Second)
	h.prove(sallyport.ChannelEmail)
	me.send("/admin/email/remove", "version", remove).wants(http.StatusConflict, "Somebody else changed these settings").lacks("Removed.")
}
