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
	menu := []string{path + "/deactivate", path + "/delete", `name="id"`, "/admin/technicians/import", "/admin/technicians/new", "/admin/resets"}
	p.lacks(menu...)
	for _, act := range menu {
		if !strings.Contains(boss.get("/admin/technicians?q="+dana.UserName).body, act) {
			t.Errorf("who may change technicians finds no %s", act)
		}
	}
	reader.get(path).wants(http.StatusOK, "You may look at this technician, but not change anything.").lacks("data-save", "Danger zone")
}

// TestFactsOfATechnician: what stands beside the form, by how far somebody has come.
func TestFactsOfATechnician(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	page := func(edits ...func(*sallyport.Technician)) page {
		return b.get("/admin/technicians/" + string(h.add(sallyport.Admin, edits...).ID)).wants(http.StatusOK)
	}
	invited := func(p *sallyport.Technician) { p.Status, p.Password = sallyport.Invited, nil }
	email := func(p *sallyport.Technician) { p.Method = sallyport.MethodEmail }
	page().wants(http.StatusOK, "Authenticator App, proved", "Recovery codes left 0").lacks("Set-up must begin", "Invitation</dt>", "Resend invitation…", "Activate…", "Open the set-up again…", "last used")
	held := h.add(sallyport.Admin)
	h.write(func(ctx context.Context, tx *store.Tx) error {
		h.clock.Add(time.Minute)
		if err := tx.Hold(ctx, held.ID); err != nil {
			return err
		}
		if used, err := tx.BurnStep(ctx, held.ID, 1); err != nil || !used {
			t.Errorf("%v, %v", used, err)
		}
		return tx.SetRecoveryCodes(ctx, held.ID, [][]byte{[]byte("one"), []byte("two"), []byte("three")})
	})
	b.get("/admin/technicians/"+string(held.ID)).wants(http.StatusOK, "Recovery codes left 3", ", last used just now")
	page(invited).wants(http.StatusOK, "Invitation over", "Resend invitation…").lacks("Reset second factor…", "Recovery codes left")
	page(email, func(p *sallyport.Technician) { p.SetupUntil = h.clock.Now().Add(time.Hour) }).wants(http.StatusOK, "Set-up must begin in 1 h").lacks("Open the set-up again…")
	page(email).wants(http.StatusOK, "Open the set-up again…").lacks("Set-up must begin")
	page(func(p *sallyport.Technician) { p.FactorDisabled = true }).wants(http.StatusOK, "switched off", "Too many wrong answers: only a reset opens it again.")
	page(func(p *sallyport.Technician) { p.RecoveryRun = 100 }).wants(http.StatusOK, "Recovery codes left 0 Switched off by too many wrong ones")
	page(func(p *sallyport.Technician) { p.RecoveryRun = 99 }).lacks("witched off")
	lately := h.add(sallyport.Admin, func(p *sallyport.Technician) { p.WrongRun, p.FirstName = 10, "Lately" }) // when factor-run was lowered
	b.get("/admin/technicians?q=lately").wants(http.StatusOK, "Lately").lacks("switched off")
	h.write(func(ctx context.Context, tx *store.Tx) error {
		s, err := tx.Settings(ctx)
		s.FactorRun, s.PermitOff = 10, true
		if err != nil {
			return err
		}
		return tx.PutSettings(ctx, s)
	})
	b.get("/admin/technicians?q=lately").wants(http.StatusOK, "switched off")
	b.get("/admin/technicians/"+string(lately.ID)).wants(http.StatusOK, "switched off", "only a reset opens it again.")
	b.send("/admin/technicians/"+string(lately.ID)+"/preview", formOf(lately, "email", "x@northwind.example")...).wants(http.StatusOK, "Only a reset opens it again.")
	page(func(p *sallyport.Technician) { p.Status = sallyport.Deactivated }).wants(http.StatusOK, "Activate…").lacks("Deactivate…", "Sign out everywhere…", "as usual")
	page(func(p *sallyport.Technician) { p.Method = sallyport.MethodOff }).wants(http.StatusOK, "not needed").lacks("Reset second factor…")
	b.get("/admin/technicians").wants(http.StatusOK, "not needed", "switched off", "invited")
}

// An account that was erased has no name any more, and no record that a link could lead to.
func TestAuditOfAnErasedAccount(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	h.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertEvent(ctx, sallyport.Event{Type: "audit.erased", ActorKind: sallyport.ActorHost, Target: "gone", Outcome: "ok"})
	})
	b.get("/admin/audit").wants(http.StatusOK, "erased account").lacks(`href="/admin/technicians/gone"`)
	b.get("/admin/audit?technician=gone").wants(http.StatusOK, "Only what was done to an erased account.")
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
	second := b.get("/admin/audit?before="+older).wants(http.StatusOK, "Newest").lacks("Older ›")
	if first := strings.Count(p.body, `<details class="event">`); first != 50 || strings.Count(second.body, `<details class="event">`) != 61-50 {
		t.Errorf("%d events, then %d", first, strings.Count(second.body, `<details class="event">`))
	}
	p.lacks("Newest", "Only what was done to")
	second.link("/admin/audit")
	for _, before := range []string{"0", "-1", "x"} { // is the first page
		b.get("/admin/audit?before="+before).wants(http.StatusOK, "Older ›").lacks("Newest")
	}
	p = b.get("/admin/audit?technician="+string(dana.ID)+"&q=person1&type=technician.").wants(http.StatusOK, "Only what was done to "+dana.UserName+".", "Clear")
	for _, end := range []string{"/admin/audit.csv?q=person1&amp;technician=" + string(dana.ID) + "&amp;type=technician.", "/admin/audit.jsonl?q=person1&amp;technician=" + string(dana.ID) + "&amp;type=technician."} {
		p.link(end)
	}
	if !strings.Contains(p.body, `<input type="hidden" name="technician" value="`+string(dana.ID)+`"`) || !strings.Contains(p.body, `<option value="technician." selected>`) {
		t.Error("the next filter begins without this one")
	}
	b.get("/admin/audit?q=nobody").wants(http.StatusOK, "No event")
	b.get("/admin/audit.csv?from=tomorrow").wants(http.StatusUnprocessableEntity)
	b.get("/admin/audit?type=save.").wants(http.StatusOK, "No event")
	for query, open := range map[string]bool{"": false, "?q=nobody": false, "?type=save.": true, "?from=2026-03-03": true, "?until=2026-03-03": true, "?from=tomorrow": true} {
		if got := strings.Contains(b.get("/admin/audit"+query).body, `<details class="fold" open>`); got != open {
			t.Errorf("%q: the filters stand open on a phone: %v", query, got)
		}
	}
	b.get("/admin/audit?from=tomorrow").wants(http.StatusUnprocessableEntity, "Please give a day as 2026-11-23.")
	b.get("/admin/audit?from=2026-03-02&until=2026-03-02").wants(http.StatusOK, "Technician: signed out").lacks("No event")
	b.get("/admin/audit?from=2026-03-03&until=2026-03-02").wants(http.StatusUnprocessableEntity, "The last day comes before the first. Please swap them.")
	b.get("/admin/audit?from=2026-03-03").wants(http.StatusOK, "No event")
	b.get("/admin/audit?until=2026-03-01").wants(http.StatusOK, "No event")

	download := b.get("/admin/audit.csv?type=technician.")
	if !strings.HasPrefix(download.header.Get("Content-Type"), "text/csv; charset=utf-8") || !strings.HasPrefix(download.header.Get("Content-Disposition"), "attachment") ||
		download.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", download.header)
	}
	if whole := b.get("/admin/audit.csv?type=technician.&before=" + older).body; whole != download.body {
		t.Error("a download from the second page lacks what is newer")
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
	if got := download.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("type %q", got)
	}
	other := h.signIn(h.add(sallyport.AppsAndReportsManager))
	other.get("/admin/audit").wants(http.StatusOK, "in the signed tree").lacks("Download proof")
	other.get(address).wants(http.StatusForbidden)
}

func TestResetsAndHelp(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	boss := h.add(sallyport.SuperAdmin)
	b := h.signIn(boss)
	dana := h.add(sallyport.Admin, func(p *sallyport.Technician) { p.Method = sallyport.MethodEmail })
	asks := func(id, address string) {
		h.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertReset(ctx, sallyport.PasswordReset{ID: id, Technician: dana.ID, Generation: dana.Generation, Waiting: true, Address: address, CreatedAt: h.clock.Now(), ExpiresAt: h.clock.Now().Add(24 * time.Hour)})
		})
		h.clock.Add(time.Minute)
	}
	asks("r1", "203.0.113.9")
	asks("r2", "198.51.100.2")
	h.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertHelp(ctx, sallyport.HelpRequest{ID: "h1", Number: "4711", Technician: dana.ID, Note: "phone lost", Address: "203.0.113.9", Browser: "Firefox on Windows", CreatedAt: h.clock.Now()})
	})
	b.get("/admin/technicians").wants(http.StatusOK, "Password resets 1", "Help 1", "needs help")
	b.get("/admin/resets").wants(http.StatusOK, "Person 2", "198.51.100.2 before: 203.0.113.9 , 2 min ago").lacks("/admin/resets/r1").link("/admin/resets/r2")
	b.get("/admin/resets/r2").wants(http.StatusOK, "Asked from 198.51.100.2, 1 min ago. Before that asked from 203.0.113.9, 2 min ago. What you decide holds for all 2.")
	b.get("/admin/resets/r1").wants(http.StatusOK, "Call Person 2 on a number you know", "Approve and send the link", "Deny", "Not now").lacks("Cancel") // which one might take for Deny
	asks("r3", "192.0.2.9")                                                                                                                              // after the page was shown that the answer is given on
	b.follow(b.send("/admin/resets/r2/deny")).wants(http.StatusOK, "Denied. No link was sent to Person 2.", "Password resets 1").lacks("before: ").link("/admin/resets/r3")
	b.get("/admin/audit?type=password.").wants(http.StatusOK).lacks("Password: reset approved</summary>")
	h.clock.Add(16 * time.Minute)
	kept := b.send("/admin/resets/r3")
	b.get(parked(kept)).wants(http.StatusOK, "Password reset: Person 2 (person2@northwind.example)", "Approve and send the link")
	b = h.signIn(h.technician(boss.ID))
	b.follow(b.send("/admin/resets/r3")).wants(http.StatusOK, "The link is on its way to person2@northwind.example.", "No password reset is waiting")
	b.send("/admin/resets/r1").wants(http.StatusGone)
	b.send("/admin/resets/r2/deny").wants(http.StatusGone)
	if p := b.get("/admin/help").wants(http.StatusOK, "4711", "phone lost"); !strings.Contains(p.body, `href="/admin/technicians/`+string(dana.ID)+`/reset"`) {
		t.Error("nothing leads from the request to a new second factor")
	}
	b.follow(b.send("/admin/help/h1")).wants(http.StatusOK, "Done. The request is closed.", "Nobody needs help")
	b.follow(b.send("/admin/help/h1")).wants(http.StatusOK, "That request had been closed already.", "Nobody needs help") // by somebody else
}

// TestResetThatOneMayNotDecide: nobody approves his own reset, or that of somebody above him, and no page has a button for it. His own
// he may deny, which is what he wants who never asked for it.
// Help asked for by somebody above him is not his to close.
func TestResetThatOneMayNotDecide(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	email := func(p *sallyport.Technician) { p.Method = sallyport.MethodEmail }
	super, me := h.add(sallyport.SuperAdmin, email), h.add(sallyport.Admin, email)
	h.write(func(ctx context.Context, tx *store.Tx) error {
		for _, who := range []sallyport.Technician{super, me} {
			if err := tx.InsertReset(ctx, sallyport.PasswordReset{ID: "of" + string(who.ID), Technician: who.ID, Generation: who.Generation, Waiting: true, CreatedAt: h.clock.Now(), ExpiresAt: h.clock.Now().Add(time.Hour)}); err != nil {
				return err
			}
		}
		return tx.InsertHelp(ctx, sallyport.HelpRequest{ID: "h1", Number: "4711", Technician: super.ID, CreatedAt: h.clock.Now()})
	})
	b := h.signIn(me)
	list := b.get("/admin/resets").wants(http.StatusOK, "Person 1", "Person 2")
	path := func(who sallyport.Technician) string { return "/admin/resets/of" + string(who.ID) }
	for _, c := range []struct {
		who  sallyport.Technician
		says string
	}{{super, "Call Person 1"}, {me, "If you did not ask for it, deny it"}} {
		b.get(path(c.who)).wants(http.StatusOK, c.says).lacks("Approve and send the link</button>", "Approve sends a link")
		b.send(path(c.who)).wants(http.StatusForbidden, c.says)
	}
	list.lacks(`href="` + path(super))
	b.get(path(super)).lacks(path(super) + "/deny")
	b.send(path(super)+"/deny").wants(http.StatusForbidden, "Call Person 1")
	list.link(path(me))
	if p := b.get(path(me)).wants(http.StatusOK, "Nobody approves their own password reset."); !strings.Contains(p.body, path(me)+"/deny") {
		t.Error("he cannot deny it")
	}
	b.follow(b.send(path(me)+"/deny")).wants(http.StatusOK, "Denied. No link was sent to Person 2.").lacks(path(me))
	b.get("/admin/help").wants(http.StatusOK, "4711").lacks(`action="/admin/help/h1"`)
	b.send("/admin/help/h1").wants(http.StatusForbidden)
	boss := h.signIn(h.add(sallyport.SuperAdmin))
	if p := boss.get("/admin/help"); !strings.Contains(p.body, `action="/admin/help/h1"`) {
		t.Error("who may close it has no button")
	}
	boss.get("/admin/resets").link("/admin/resets/of" + string(super.ID))
}

// TestRowsOfTheAuditLog: who acted where it was nobody with a name, what changed from what to what, and how it ended.
func TestRowsOfTheAuditLog(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	for _, e := range []sallyport.Event{{ActorKind: sallyport.ActorHost, Type: "policy.changed", Before: map[string]string{"both": "old", "gone": "was"}, After: map[string]string{"both": "new", "fresh": "is"}},
		{ActorKind: sallyport.ActorHost, Type: "signin.password", Outcome: "wrong"}, {ActorKind: sallyport.ActorHost, Type: "save.refused", Outcome: "refused"}} {
		e.At = h.clock.Now()
		h.write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertEvent(ctx, e) })
	}
	h.write(func(ctx context.Context, tx *store.Tx) (err error) {
		for range 50 {
			err = errors.Join(err, tx.InsertEvent(ctx, sallyport.Event{At: h.clock.Now(), Type: "backup.made"}))
		}
		return err
	})
	b.get("/admin/audit?type=backup.made").wants(http.StatusOK).lacks("Older ›", "No event") // fifty of them fill a page
	p := b.get("/admin/audit?before=4").wants(http.StatusOK, "both old → new", "gone was → –", "fresh – → is", string(sallyport.ActorHost))
	for _, mark := range []string{`<span class="mark good">ok`, `<span class="mark warn">wrong`, `<span class="mark bad">refused`} {
		if !strings.Contains(p.body, mark) {
			t.Errorf("no %s", mark)
		}
	}
}
