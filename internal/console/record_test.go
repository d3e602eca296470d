package console_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/store"
)

func TestSessions(t *testing.T) {
	h := newHouse(t)
	super, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.ReadOnlyTechnician)
	b, admin, theirs := h.signIn(super), h.signIn(h.add(sallyport.Admin)), h.signIn(dana)
	b.get("/admin/sessions").wants(http.StatusOK, "3 live sessions", "this browser", "Firefox on Windows")
	p := b.get("/admin/sessions?technician="+string(dana.ID)).wants(http.StatusOK, "1 live session", "Only those of Person 2.", "Sign out everywhere…")
	key := p.field("session")
	b.follow(b.send("/admin/sessions/end", "session", key, "back", "/admin/sessions?technician="+string(dana.ID))).wants(http.StatusOK, "The session was ended.", "No live session")
	if theirs.get("/admin").status != http.StatusSeeOther {
		t.Error("still in")
	}
	b.follow(b.send("/admin/sessions/end", "session", key, "back", "//evil.example/")).wants(http.StatusOK, "had ended already")
	b.send("/admin/sessions/end", "session", "zz").wants(http.StatusBadRequest)
	supers := b.get("/admin/sessions?technician=" + string(super.ID)).field("session")
	admin.send("/admin/sessions/end", "session", supers).wants(http.StatusForbidden)
}

// Who may see technicians but not their sessions is not told that somebody is signed in nowhere, nor led to pages that
// refuse him.
func TestReaderWithoutSessions(t *testing.T) {
	h := newHouse(t)
	boss, dana := h.signIn(h.add(sallyport.SuperAdmin)), h.add(sallyport.ReadOnlyTechnician)
	h.signIn(dana)
	h.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertHelp(ctx, sallyport.HelpRequest{ID: sallyport.NewID(), Number: "4711", Technician: dana.ID, CreatedAt: h.clock.Now()})
	})
	path, links := "/admin/technicians/"+string(dana.ID), []string{`href="/admin/sessions`, `href="/admin/help`}
	reader := h.signIn(h.add(sallyport.AppsAndReportsManager))
	reader.get(path).wants(http.StatusOK, "Last sign-in").lacks("Signed in nowhere").lacks("Signed in on")
	p := reader.get("/admin/technicians?q="+dana.UserName).wants(http.StatusOK, "1 session", "needs help")
	for _, link := range links {
		p.lacks(link)
		if !strings.Contains(boss.get("/admin/technicians?q="+dana.UserName).body, link) {
			t.Errorf("who may follow it has no link %s", link)
		}
	}
	boss.get(path).wants(http.StatusOK, "Signed in on 1 browser")
}

func TestAudit(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	b, dana := h.signIn(h.add(sallyport.SuperAdmin)), h.add(sallyport.Admin, func(p *sallyport.Technician) { p.FirstName = "=cmd()" })
	for range 60 {
		b.send("/admin/technicians/" + string(dana.ID) + "/sign-out")
	}
	b.send("/admin/technicians/"+string(dana.ID), formOf(dana, "method", "email")...)
	p := b.get("/admin/audit").wants(http.StatusOK, "Technician: signed out", "Older ›", "Download CSV")
	_, older, _ := strings.Cut(p.body, `href="/admin/audit?before=`)
	older, _, _ = strings.Cut(older, `"`)
	b.get("/admin/audit?before="+older).wants(http.StatusOK, "Newest").lacks("Older ›")
	b.get("/admin/audit?type=save.").wants(http.StatusOK, "No event")
	b.get("/admin/audit?from=tomorrow").wants(http.StatusUnprocessableEntity, "Please give a day as 2026-11-23.")
	b.get("/admin/audit?from=2026-03-02&until=2026-03-02").wants(http.StatusOK, "Technician: signed out")
	b.get("/admin/audit?until=2026-03-01").wants(http.StatusOK, "No event")

	download := b.get("/admin/audit.csv?type=technician.")
	if !strings.HasPrefix(download.header.Get("Content-Type"), "text/csv; charset=utf-8") || !strings.HasPrefix(download.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("headers %v", download.header)
	}
	rows, err := csv.NewReader(strings.NewReader(download.body)).ReadAll()
	if err != nil || len(rows) < 60 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	lines := strings.Split(strings.TrimSpace(b.get("/admin/audit.jsonl").body), "\n")
	for _, line := range lines {
		var event map[string]any
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	if len(lines) < 62 {
		t.Errorf("%d lines", len(lines))
	}
	b.get("/admin/audit?type=audit.exported").wants(http.StatusOK, "Audit: exported")
	h.signIn(h.add(sallyport.AppsAndReportsManager)).get("/admin/audit").wants(http.StatusOK).lacks("audit.csv")
}

// The Audit page says how far the log has grown and who else has it, and hands out the proof of an event.
func TestAuditProof(t *testing.T) {
	h := newHouse(t)
	b, dana := h.signIn(h.add(sallyport.SuperAdmin)), h.add(sallyport.Admin)
	b.send("/admin/technicians/" + string(dana.ID) + "/sign-out")
	p := b.get("/admin/audit").wants(http.StatusOK, "Download proof", "in the signed tree", h.ledger.Verifier(), "syslog: up to date")
	_, address, _ := strings.Cut(p.body, `<dt>Proof</dt><dd><a href="`)
	address, _, _ = strings.Cut(address, `"`)
	download := b.get(address)
	if !strings.HasPrefix(download.header.Get("Content-Disposition"), "attachment") || download.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", download.header)
	}
	proved, err := audit.ReadProof([]byte(download.body), h.ledger.Verifier())
	if err != nil || proved.Event.TargetName != dana.UserName {
		t.Errorf("%+v, %v", proved, err)
	}
	h.sink.down = errors.New("nobody answers")
	if err := h.ledger.Deliver(t.Context(), h.sink.Name()); err == nil {
		t.Error("a sink that is down took it")
	}
	b.get("/admin/audit").wants(http.StatusOK, "nobody answers. They wait here and come in order.", "syslog: 2 behind")
	b.get("/admin/audit?type=audit.exported").wants(http.StatusOK, "proof", "event=")
	b.get("/admin/audit/4711/proof").wants(http.StatusNotFound)
	b.get("/admin/audit/x/proof").wants(http.StatusNotFound)
	other := h.signIn(h.add(sallyport.AppsAndReportsManager))
	other.get("/admin/audit").wants(http.StatusOK, "in the signed tree").lacks("Download proof")
	other.get(address).wants(http.StatusForbidden)
}

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
	b.send("/admin/email/test", "to", "nonsense").wants(http.StatusUnprocessableEntity, "Please give one email address")

	h.post.fail = &sallyport.SendError{Outcome: sallyport.NotSent, Code: "auth", Hint: "The server refused the user name or password. Correct them in the draft."}
	b.send("/admin/email/test", "to", "mara@northwind.example").wants(http.StatusServiceUnavailable, "The server refused the user name or password.")
	h.post.fail = nil
	b.follow(b.send("/admin/email/test", "to", "mara@northwind.example")).wants(http.StatusOK, "Type the code that arrived", "Sent to mara@northwind.example")
	code := h.post.code(t)
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	b.send("/admin/email/confirm", "code", wrong).wants(http.StatusUnprocessableEntity, "That code is not right. 2 tries left.")
	b.follow(b.send("/admin/email/confirm", "code", code[:3]+" "+code[3:])).wants(http.StatusOK, "Proved, and in use from now on.").lacks("Draft, not in use yet")
	b.get("/admin/technicians/new").wants(http.StatusOK).lacks("Email Settings have not been proved yet")
	b.send("/admin/email", with(with(smtpForm, "port", "99999"), "password", "a new one")...).
		wants(http.StatusUnprocessableEntity, "Please type this again: secrets are never shown back, so it was not kept.").lacks("a new one")

	b.get("/admin/email").wants(http.StatusOK, "In use", "Send test message").lacks("Draft, not in use yet")
	b.follow(b.send("/admin/email/test", "to", "mara@northwind.example")).wants(http.StatusOK, "The right code shows that the settings in use work.")
	b.follow(b.send("/admin/email/confirm", "code", h.post.code(t))).wants(http.StatusOK, "Proved, and in use from now on.")

	b.follow(b.send("/admin/email", with(smtpForm, "host", "other.northwind.example")...)).wants(http.StatusOK, "In use", "Draft, not in use yet", "other.northwind.example")
	b.follow(b.send("/admin/email/discard")).wants(http.StatusOK, "The draft is gone.").lacks("other.northwind.example")
	moved := b.send("/admin/email", with(with(smtpForm, "host", "other.northwind.example"), "password", "")...)
	moved.wants(http.StatusUnprocessableEntity, "password")
}

func TestRemovingAGatewayInUse(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelSMS)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	dana := h.add(sallyport.Admin, func(p *sallyport.Technician) { p.Method, p.Phone = sallyport.MethodText, "+14255550100" })
	b.get("/admin/sms/remove").wants(http.StatusOK, "1 technician needs it to sign in (Person 2)").lacks(`>Remove</button>`)
	b.send("/admin/sms/remove").wants(http.StatusConflict, "Person 2", "Give them another method first.")
	b.follow(b.send("/admin/technicians/"+string(dana.ID), formOf(dana, "method", "app")...)).wants(http.StatusOK, "Saved.")
	b.follow(b.send("/admin/sms/remove")).wants(http.StatusOK, "Removed.", "No gateway is set up.")
}

func TestEveryKindOfGatewayHasItsForm(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	for kind, label := range map[string]string{"twilio": "Account SID", "http": "Success when the answer contains", "vonage": "API secret", "kannel": "sendsms"} {
		b.get("/admin/sms?kind="+kind).wants(http.StatusOK, label)
	}
	b.send("/admin/sms", "kind", "http", "url", "https://sms.example.com/send", "method", "POST", "format", "form", "body", "nonsense", "headers", "Authorization: Bearer x").
		wants(http.StatusUnprocessableEntity, "{to} and {text}").lacks("Bearer x")
	b.send("/admin/sms", "kind", "pigeon").wants(http.StatusUnprocessableEntity, "Please choose one of the gateways that are offered.")
}

func TestResetsAndHelp(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	dana := h.add(sallyport.Admin, func(p *sallyport.Technician) { p.Method = sallyport.MethodEmail })
	h.write(func(ctx context.Context, tx *store.Tx) error {
		for _, id := range []string{"r1", "r2"} {
			if err := tx.InsertReset(ctx, sallyport.PasswordReset{ID: id, Technician: dana.ID, Generation: dana.Generation, Waiting: true, Address: "203.0.113.9", CreatedAt: h.clock.Now(), ExpiresAt: h.clock.Now().Add(24 * time.Hour)}); err != nil {
				return err
			}
		}
		return tx.InsertHelp(ctx, sallyport.HelpRequest{ID: "h1", Number: "4711", Technician: dana.ID, Note: "phone lost", Address: "203.0.113.9", Browser: "Firefox on Windows", CreatedAt: h.clock.Now()})
	})
	b.get("/admin/technicians").wants(http.StatusOK, "Password resets 2", "Help 1", "needs help")
	b.get("/admin/resets").wants(http.StatusOK, "Person 2", "203.0.113.9")
	b.get("/admin/resets/r1").wants(http.StatusOK, "Call Person 2 on a number you know", "Approve and send the link", "Deny")
	b.follow(b.send("/admin/resets/r2/deny")).wants(http.StatusOK, "Denied. No link was sent to Person 2.")
	b.follow(b.send("/admin/resets/r1")).wants(http.StatusOK, "The link is on its way to person2@northwind.example.", "No password reset is waiting")
	b.send("/admin/resets/r1").wants(http.StatusGone)
	b.get("/admin/help").wants(http.StatusOK, "4711", "phone lost")
	b.follow(b.send("/admin/help/h1")).wants(http.StatusOK, "Done. The request is closed.", "Nobody needs help")
}
