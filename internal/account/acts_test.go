package account_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/delivery"
	"sallyport/internal/factor"
	"sallyport/internal/store"
)

// Reset second factor takes everything away that proves, and makes a code that only its keyed hash is kept of.
func TestResetFactor(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	admin, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	actor := h.session(admin)
	h.session(dana)
	h.write(func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.DisableFactor(ctx, dana.ID), tx.SetRecoveryCodes(ctx, dana.ID, [][]byte{[]byte("one"), []byte("two")}))
	})
	n := len(h.events())
	reset, err := h.ResetFactor(ctx, actor, dana.ID, "phone lost\nforged line")
	if err != nil || len(reset.SessionsEnded) != 1 || !reset.ExpiresAt.Equal(h.clock.Now().Add(time.Hour)) {
		t.Fatalf("%+v, %v", reset, err)
	}
	canonical, ok := factor.CanonicalEnrolment(strings.ToLower(reset.EnrolmentCode))
	if !ok {
		t.Fatalf("%q is no enrolment code", reset.EnrolmentCode)
	}
	h.read(func(ctx context.Context, tx *store.Tx) error {
		held, err := tx.Factor(ctx, dana.ID)
		left, err2 := tx.RecoveryLeft(ctx, dana.ID)
		code, err3 := tx.EnrolmentCode(ctx, dana.ID)
		if held != nil || left != 0 || code == nil {
			t.Fatalf("holds %+v, %d recovery codes, code %+v", held, left, code)
		}
		if !bytes.Equal(code.Hash, h.ring.MAC("enrolment", []byte(dana.ID), []byte(canonical))) || code.IssuedBy != admin.ID {
			t.Errorf("stored %+v", code)
		}
		return errors.Join(err, err2, err3)
	})
	now := h.technician(dana.ID)
	if now.FactorDisabled || now.Generation != dana.Generation+1 || !now.SetupUntil.Equal(h.clock.Now().Add(72*time.Hour)) || len(h.sessions(dana.ID)) != 0 {
		t.Errorf("stored %+v", now)
	}
	e := h.events()[n]
	if got := h.since(n); !slices.Equal(got, []string{"factor.reset"}) || strings.ContainsAny(e.Reason, "\n") || e.Before["factor"] != "app" {
		t.Errorf("events %v, %+v", got, e)
	}
	if text := fmt.Sprint(h.events()); strings.Contains(text, reset.EnrolmentCode) || strings.Contains(text, canonical) {
		t.Error("the code stands in an event")
	}
	h.set("enrolment-codes", "no")
	again, err := h.ResetFactor(ctx, actor, dana.ID, "")
	if err != nil || again.EnrolmentCode != "" {
		t.Errorf("%+v, %v", again, err)
	}
}

// An administrator's page tells the kind and the dates of a factor, when it was proved and when it was last used, never what
// is sealed.
func TestDetailShowsNoSecret(t *testing.T) {
	h := newHouse(t)
	admin, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	proved := h.clock.Now()
	used := h.clock.Add(26 * time.Hour)
	h.write(func(ctx context.Context, tx *store.Tx) error { // as a code of her app does
		_, err := tx.BurnStep(ctx, dana.ID, used.Unix()/30)
		return err
	})
	h.clock.Add(time.Hour)
	h.session(dana)
	d, err := h.Service.Technician(ctx, h.session(admin), dana.ID)
	if err != nil || d.Factor == nil || d.Factor.Kind != sallyport.MethodApp || !d.SetUp || len(d.Sessions) != 1 || len(d.Choices) != 4 {
		t.Fatalf("%+v, %v", d, err)
	}
	if !d.Factor.ProvedAt.Equal(proved) || !d.Factor.UsedAt.Equal(used) {
		t.Errorf("proved at %v and used at %v, it says %v and %v", proved, used, d.Factor.ProvedAt, d.Factor.UsedAt)
	}
	text, err := json.Marshal(d)
	if err != nil || bytes.Contains(text, []byte("sealed")) || bytes.Contains(text, []byte("c2VhbGVk")) {
		t.Errorf("%s, %v", text, err)
	}
	page, err := h.List(ctx, host, sallyport.Filter{})
	if err != nil || len(page.Rows) != 2 || len(page.Rows[0].Password) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
}

// Add invites by email where it can, and otherwise shows the link once; the address is the user name by default.
func TestAdd(t *testing.T) {
	h := newHouse(t)
	actor := h.session(h.add(sallyport.SuperAdmin))
	ilya := account.Form{FirstName: "Ilya", Email: "ilya@northwind.example", Phone: "(425) 555-0100", Role: sallyport.ReportsManager}
	added, err := h.Add(ctx, actor, ilya)
	if err != nil || added.Sent || !strings.HasPrefix(added.InvitationLink, publicURL+"/invitation/") || !h.alive(added.InvitationLink) {
		t.Fatalf("%+v, %v", added, err)
	}
	now := h.technician(added.ID)
	if now.UserName != ilya.Email || now.Phone != "+14255550100" || now.Method != sallyport.MethodApp || now.Status != sallyport.Invited {
		t.Errorf("%+v", now)
	}
	if _, err := h.Add(ctx, actor, ilya); field(err, "user_name") == "" {
		t.Errorf("twice: %v", err)
	}
	h.clock.Add(73 * time.Hour)
	actor = h.session(h.technician(actor.ID))
	if h.alive(added.InvitationLink) {
		t.Error("an invitation of 72 hours lives longer")
	}
	h.prove(sallyport.ChannelEmail)
	n := len(h.events())
	again, err := h.ResendInvitation(ctx, actor, added.ID)
	if got := h.since(n); !slices.Equal(got, []string{"invitation.sent"}) {
		t.Errorf("events %v", got)
	}
	if err != nil || !again.Sent || again.Link != "" || len(h.outbox()) != 1 || h.outbox()[0].To != ilya.Email {
		t.Fatalf("%+v, %v", again, err)
	}
	if l := h.letters.made[len(h.letters.made)-1]; l.kind != account.NoticeInvitation || !h.alive(l.data.Link) || !l.data.Until.Equal(again.ExpiresAt) {
		t.Errorf("%+v", l)
	}
	if bytes.Contains(h.outbox()[0].Sealed, []byte(publicURL)) {
		t.Error("the link lies open in the outbox")
	}
	if until := h.technician(added.ID).SetupUntil; until.Before(again.ExpiresAt) {
		t.Errorf("the set-up must begin by %s, and the invitation works until %s", until, again.ExpiresAt)
	}
}

// Deactivated is out; Activate brings him back as he was, or invites him who never had a password.
func TestActivate(t *testing.T) {
	h := newHouse(t)
	actor := h.session(h.add(sallyport.SuperAdmin))
	dana, ilya, bare := h.add(sallyport.Admin), h.add(sallyport.Admin, invited), h.add(sallyport.Admin, func(p *person) { p.factor = nil })
	his := h.session(dana)
	for _, p := range []sallyport.Technician{dana, ilya, bare} {
		if _, err := h.Deactivate(ctx, actor, p.ID, "left"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.List(ctx, his, sallyport.Filter{}); sallyport.KindOf(err) != sallyport.Unauthorized {
		t.Errorf("a deactivated one lists: %v", err)
	}
	h.set("setup-life", "10")
	h.set("invitation-life", "100")
	n := len(h.events())
	back, err := h.Activate(ctx, actor, dana.ID)
	if got := h.since(n); !slices.Equal(got, []string{"technician.activated"}) {
		t.Errorf("events %v", got)
	}
	if err != nil || back.Link != "" || h.technician(dana.ID).Status != sallyport.Active {
		t.Errorf("%+v, %v", back, err)
	}
	fresh, err := h.Activate(ctx, actor, ilya.ID)
	if err != nil || fresh.Link == "" || h.technician(ilya.ID).Status != sallyport.Invited {
		t.Errorf("%+v, %v", fresh, err)
	}
	if _, err := h.Activate(ctx, actor, bare.ID); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[sallyport.TechnicianID]time.Duration{dana.ID: 0, ilya.ID: 100 * time.Hour, bare.ID: 10 * time.Hour} {
		if until := h.technician(id).SetupUntil; want == 0 && !until.IsZero() || want > 0 && !until.Equal(h.clock.Now().Add(want)) {
			t.Errorf("%s: the set-up is open until %v, not for %v", id, until, want)
		}
	}
	if _, err := h.Activate(ctx, actor, dana.ID); code(err) != "not_deactivated" {
		t.Errorf("%v", err)
	}
}

// The link goes by email: while there is no way out the reset goes on waiting.
func TestApproveNeedsAWayOut(t *testing.T) {
	h := newHouse(t)
	mara, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	id, _ := h.asked(dana)
	actor := h.session(mara)
	if err := h.ApproveReset(ctx, actor, id); code(err) != "email_not_ready" {
		t.Errorf("%v", err)
	}
	if waiting, err := h.WaitingResets(ctx, actor); err != nil || len(waiting) != 1 {
		t.Errorf("it does not wait any more: %+v, %v", waiting, err)
	}
}

// A waiting reset is decided once, never by its owner, nor by who changed the address in the last seven days, even if
// somebody else has changed it since.
func TestApproveReset(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	mara, noor := h.add(sallyport.SuperAdmin), h.add(sallyport.SuperAdmin)
	dana := h.add(sallyport.Admin)
	for i, by := range []sallyport.Technician{mara, noor} {
		dana = h.technician(dana.ID)
		if _, err := h.Save(ctx, h.session(by), dana.ID, form(dana, email(fmt.Sprintf("d%d@northwind.example", i))), dana.Version); err != nil {
			t.Fatal(err)
		}
	}
	id, _ := h.asked(h.technician(dana.ID))
	for _, by := range []sallyport.Technician{mara, noor} {
		actor := h.session(by)
		if err := h.ApproveReset(ctx, actor, id); code(err) != "changed_email" {
			t.Errorf("by who changed the address: %v", err)
		}
		waiting, err := h.WaitingResets(ctx, actor)
		if err != nil || len(waiting) != 1 || waiting[0].MayApprove || !strings.Contains(waiting[0].WhyNot, "seven days") {
			t.Errorf("%+v, %v", waiting, err)
		}
	}
	h.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.DeleteGateway(ctx, string(sallyport.ChannelEmail), "live")
	})
	third := h.session(h.add(sallyport.SuperAdmin)) // without Email Settings no link can go out, and no page offers it
	if waiting, err := h.WaitingResets(ctx, third); err != nil || waiting[0].MayApprove || !strings.Contains(waiting[0].WhyNot, "Email Settings") || !waiting[0].MayDeny {
		t.Errorf("%+v, %v", waiting, err)
	}
	if err := h.ApproveReset(ctx, third, id); code(err) != "email_not_ready" {
		t.Errorf("without Email Settings: %v", err)
	}
	h.prove(sallyport.ChannelEmail)
	if err := h.ApproveReset(ctx, h.session(dana), id); code(err) != "own_approval" {
		t.Errorf("his own: %v", err)
	}
	h.clock.Add(7*24*time.Hour + time.Second)
	id, _ = h.asked(h.technician(dana.ID))
	actor, n := h.session(mara), len(h.events())
	if err := h.ApproveReset(ctx, actor, id); err != nil {
		t.Fatal(err)
	}
	last := h.letters.made[len(h.letters.made)-1]
	if last.kind != account.NoticeReset || last.to != "d1@northwind.example" || !strings.HasPrefix(last.data.Link, publicURL+"/reset/") || !h.alive(last.data.Link) {
		t.Errorf("%+v", last)
	}
	if !slices.ContainsFunc(h.outbox(), func(m sallyport.OutboxMessage) bool {
		return m.Event == string(account.NoticeReset) && m.Link != sallyport.Hash{}
	}) {
		t.Error("the message does not say which link it brings: it would be sent when that has ended")
	}
	if err := h.ApproveReset(ctx, actor, id); sallyport.KindOf(err) != sallyport.NotFound {
		t.Errorf("twice: %v", err)
	}
	if got := h.since(n); !slices.Equal(got, []string{"password.reset.approved"}) {
		t.Errorf("events %v", got)
	}
	id, _ = h.asked(h.technician(dana.ID))
	n = len(h.events())
	if err := h.DenyReset(ctx, actor, id); err != nil {
		t.Fatal(err)
	}
	if got := h.since(n); !slices.Equal(got, []string{"password.reset.denied"}) || h.letters.made[len(h.letters.made)-1].kind != account.NoticeResetRefused {
		t.Errorf("events %v, told %+v", got, h.letters.made[len(h.letters.made)-1])
	}
	if waiting, err := h.WaitingResets(ctx, actor); err != nil || len(waiting) != 0 {
		t.Errorf("%+v, %v", waiting, err)
	}
}

// TestResetAskedForMoreThanOnce: whoever decides has seen what a technician asked for so far, and decides it all at once, with
// one event; what came after waits, and so does everybody else's.
func TestResetAskedForMoreThanOnce(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	actor := h.session(h.add(sallyport.SuperAdmin))
	dana, noor := h.add(sallyport.Admin), h.add(sallyport.Admin)
	var asked []string
	for _, who := range []sallyport.Technician{dana, noor, dana, dana} {
		id, _ := h.asked(who)
		asked = append(asked, id)
		h.clock.Add(time.Second)
	}
	waiting, err := h.WaitingResets(ctx, actor)
	if err != nil || len(waiting) != 2 || waiting[0].ID != asked[3] || len(waiting[0].Earlier) != 2 || waiting[0].Earlier[0].ID != asked[2] || waiting[1].ID != asked[1] {
		t.Fatalf("%+v, %v", waiting, err)
	}
	n := len(h.events())
	if err := h.DenyReset(ctx, actor, asked[2]); err != nil {
		t.Fatal(err)
	}
	if got := h.since(n); !slices.Equal(got, []string{"password.reset.denied"}) {
		t.Errorf("events %v", got)
	}
	waiting, err = h.WaitingResets(ctx, actor)
	if err != nil || len(waiting) != 2 || waiting[0].ID != asked[1] || waiting[1].ID != asked[3] || len(waiting[1].Earlier) != 0 {
		t.Errorf("%+v, %v", waiting, err)
	}
	if page, err := h.List(ctx, actor, sallyport.Filter{}); err != nil || page.Counts.WaitingResets != 2 {
		t.Errorf("%+v, %v", page.Counts, err)
	}
}

// An export holds everything that is older than itself, over many pages, and is an event of its own.
func TestExportEvents(t *testing.T) {
	h := newHouse(t)
	actor := h.session(h.add(sallyport.SuperAdmin))
	const many = 2500
	h.write(func(ctx context.Context, tx *store.Tx) error {
		for i := range many {
			err := tx.InsertEvent(ctx, sallyport.Event{Type: "signin.help", ActorKind: sallyport.ActorNobody, ActorName: "=cmd()", Reason: fmt.Sprint(i), Outcome: "ok"})
			if err != nil {
				return err
			}
		}
		return nil
	})
	var out bytes.Buffer
	export, err := h.ExportEvents(ctx, actor, sallyport.EventFilter{}, account.FormatCSV)
	if err != nil || !strings.HasSuffix(export.FileName, ".csv") {
		t.Fatal(err)
	}
	h.session(h.add(sallyport.Admin))
	if err := export.Write(&out); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != many+1 || rows[0][0] != "id" || rows[many/2][6] != "'=cmd()" {
		t.Fatalf("%d rows, %v, %q", len(rows), err, rows[many/2])
	}
	if e := h.events()[many]; e.Type != "audit.exported" || e.Actor != actor.ID || e.After["format"] != "csv" {
		t.Errorf("%+v", e)
	}
	export, err = h.ExportEvents(ctx, actor, sallyport.EventFilter{Type: "audit."}, account.FormatLines)
	if err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if err := export.Write(&out); err != nil || strings.Count(out.String(), "\n") != 1 || !json.Valid(out.Bytes()) {
		t.Errorf("%q, %v", out.String(), err)
	}
	if _, err := h.ExportEvents(ctx, actor, sallyport.EventFilter{}, "xlsx"); field(err, "format") == "" {
		t.Errorf("%v", err)
	}
}

// What is refused of the policy, the logo or an export leaves one event: the code and the fields, never what was typed.
func TestRefusedSettingsAndExports(t *testing.T) {
	h := newHouse(t)
	h.set("permit-off", "yes")
	boss := h.session(h.add(sallyport.SuperAdmin, func(p *person) { p.Method, p.factor = sallyport.MethodOff, nil }))
	other := h.session(h.add(sallyport.ReadOnlyTechnician))
	policy := func(name, value string) func(sallyport.Actor) error {
		return func(a sallyport.Actor) error { _, err := h.SetPolicy(ctx, a, name, value); return err }
	}
	logo := func(a sallyport.Actor) error { _, err := h.SetLogo(ctx, a, []byte("typed")); return err }
	export := func(format string) func(sallyport.Actor) error {
		return func(a sallyport.Actor) error {
			_, err := h.ExportEvents(ctx, a, sallyport.EventFilter{Search: "typed"}, format)
			return err
		}
	}
	for i, c := range []struct {
		actor  sallyport.Actor
		act    func(sallyport.Actor) error
		reason string
	}{
		{boss, policy("organisation", "ty\nped"), "invalid: organisation"},
		{boss, policy("country", "zz"), "invalid: country"},
		{boss, policy("permit-off", "no"), "last_super_admin"},
		{other, policy("organisation", "typed"), "forbidden"},
		{host, policy("step-up-after", "typed"), "invalid: step-up-after"},
		{boss, logo, "invalid: logo"},
		{other, logo, "forbidden"},
		{other, func(a sallyport.Actor) error { return h.RemoveLogo(ctx, a) }, "forbidden"},
		{boss, export("typed"), "invalid: format"},
		{other, export(account.FormatCSV), "forbidden"},
	} {
		err := c.act(c.actor)
		all := h.events()
		if len(all) != i+1 {
			t.Fatalf("%s: %v, and the events %v", c.reason, err, h.since(0))
		}
		e := all[i]
		if e.Type != "save.refused" || e.Outcome != "refused" || e.Reason != c.reason || e.ActorKind != c.actor.Kind || e.Actor != c.actor.ID ||
			!strings.HasPrefix(c.reason, code(err)) || len(e.Before)+len(e.After) > 0 || e.Target != "" {
			t.Errorf("%s: %v, and the event %+v", c.reason, err, e)
		}
	}
}

// A request for help is finished once, by somebody who may.
func TestHelp(t *testing.T) {
	h := newHouse(t)
	actor, dana := h.session(h.add(sallyport.SuperAdmin)), h.add(sallyport.Admin)
	_, id := h.asked(dana)
	open, err := h.OpenHelp(ctx, actor)
	if err != nil || len(open) != 1 || open[0].Number != "4711" || open[0].UserName != dana.UserName || !open[0].MayEdit {
		t.Fatalf("%+v, %v", open, err)
	}
	n := len(h.events())
	if err := h.FinishHelp(ctx, actor, id); err != nil {
		t.Error(err)
	}
	if got := h.since(n); !slices.Equal(got, []string{"help.done"}) || h.events()[n].Target != dana.ID {
		t.Errorf("events %v", got)
	}
	if err := h.FinishHelp(ctx, actor, id); !errors.Is(err, sallyport.ErrNotFound) {
		t.Errorf("twice: %v", err)
	}
}

// Many are signed out at once, the actor last, with a result for each.
func TestSignOutMany(t *testing.T) {
	h := newHouse(t)
	admin, omar := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	actor := h.session(admin)
	h.session(omar)
	rows, err := h.SignOutMany(ctx, actor, []sallyport.TechnicianID{admin.ID, omar.ID, "gone", omar.ID})
	if err != nil || len(rows) != 3 || rows[0].ID != omar.ID || len(rows[0].SessionsEnded) != 1 || sallyport.KindOf(rows[1].Err) != sallyport.NotFound || !rows[2].SelfSignedOut {
		t.Errorf("%+v, %v", rows, err)
	}
}

// Signing out somebody who was invited would end his invitation and nothing else: it is refused, and the link works still.
func TestNobodyInvitedIsSignedOut(t *testing.T) {
	h := newHouse(t)
	actor := h.session(h.add(sallyport.SuperAdmin))
	added, err := h.Add(ctx, actor, account.Form{Email: "ilya@northwind.example", Role: sallyport.Admin, Method: sallyport.MethodApp})
	if err != nil {
		t.Fatal(err)
	}
	_, alone := h.SignOut(ctx, actor, added.ID)
	rows, err := h.SignOutMany(ctx, actor, []sallyport.TechnicianID{added.ID})
	if err != nil || code(alone) != "not_in_yet" || code(rows[0].Err) != "not_in_yet" || !h.alive(added.InvitationLink) {
		t.Errorf("alone: %v; among others: %+v, %v", alone, rows, err)
	}
	if d, err := h.Technician(ctx, actor, added.ID); err != nil || d.May.SignOut || !d.May.Resend {
		t.Errorf("the page offers %+v: %v", d.May, err)
	}
}

// TestDeletedSaysSo: whoever was signed in under an account that was deleted, be it by himself, is told nothing else.
func TestDeletedSaysSo(t *testing.T) {
	h := newHouse(t)
	admin, dana := h.session(h.add(sallyport.SuperAdmin)), h.session(h.add(sallyport.SuperAdmin))
	h.add(sallyport.SuperAdmin)
	for _, gone := range []sallyport.Actor{dana, admin} {
		if _, err := h.Delete(ctx, admin, gone.ID, ""); err != nil {
			t.Fatal(err)
		}
		h.read(func(ctx context.Context, tx *store.Tx) error {
			reason, known, err := tx.EndedReason(ctx, gone.Session)
			if !known || reason != sallyport.EndedByDeletion {
				t.Errorf("the session of %s ended by %q, known %v", gone.ID, reason, known)
			}
			return err
		})
	}
}

// TestEndedByWhom: whoever signs himself out in Admin is not told that his administrator did, and nobody whose account was
// deactivated is asked to sign in again. Nor is whoever saves himself told that his administrator changed something.
func TestEndedByWhom(t *testing.T) {
	h := newHouse(t)
	h.add(sallyport.SuperAdmin)
	admin, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	save := func(by sallyport.Actor, id sallyport.TechnicianID, name string) error {
		was := h.technician(id)
		form := account.FormOf(was)
		form.UserName = name
		_, err := h.Save(ctx, by, id, form, was.Version)
		return err
	}
	for name, c := range map[string]struct {
		of   sallyport.Technician
		act  func(by, ended sallyport.Actor) error
		want sallyport.EndReason
	}{
		"own session":      {admin, func(by, ended sallyport.Actor) error { return h.EndSession(ctx, by, ended.Session) }, sallyport.EndedByOwner},
		"himself":          {admin, func(by, ended sallyport.Actor) error { _, err := h.SignOut(ctx, by, ended.ID); return err }, sallyport.EndedByOwner},
		"somebody's":       {dana, func(by, ended sallyport.Actor) error { return h.EndSession(ctx, by, ended.Session) }, sallyport.EndedByAdmin},
		"somebody":         {dana, func(by, ended sallyport.Actor) error { _, err := h.SignOut(ctx, by, ended.ID); return err }, sallyport.EndedByAdmin},
		"his own Save":     {admin, func(by, ended sallyport.Actor) error { return save(by, ended.ID, "own@northwind.example") }, sallyport.EndedByOwnSave},
		"somebody's Save":  {dana, func(by, ended sallyport.Actor) error { return save(by, ended.ID, "other@northwind.example") }, sallyport.EndedBySave},
		"by the host":      {dana, func(_, ended sallyport.Actor) error { _, err := h.SignOut(ctx, host, ended.ID); return err }, sallyport.EndedByAdmin},
		"himself, for now": {h.add(sallyport.SuperAdmin), func(_, ended sallyport.Actor) error { _, err := h.Deactivate(ctx, ended, ended.ID, ""); return err }, sallyport.EndedByDeactivation},
		"somebody for now": {h.add(sallyport.Admin), func(by, ended sallyport.Actor) error { _, err := h.Deactivate(ctx, by, ended.ID, ""); return err }, sallyport.EndedByDeactivation},
	} {
		by, ended := h.session(admin), h.session(c.of)
		if err := c.act(by, ended); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		h.read(func(ctx context.Context, tx *store.Tx) error {
			reason, known, err := tx.EndedReason(ctx, ended.Session)
			if !known || reason != c.want {
				t.Errorf("%s: ended by %q, known %v", name, reason, known)
			}
			return err
		})
		if log := h.events(); log[len(log)-1].Type == "session.ended" && log[len(log)-1].Reason != string(c.want) {
			t.Errorf("%s: the log says %q", name, log[len(log)-1].Reason)
		}
	}
}

// TestSignOutOfADeactivated: nobody whose account is deactivated is told that he can sign in again, and no page offers the act.
func TestSignOutOfADeactivated(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	actor, dana := h.session(h.add(sallyport.SuperAdmin)), h.add(sallyport.Admin)
	for _, c := range []struct {
		act  func() error
		told account.NoticeKind
	}{
		{func() error { _, err := h.SignOut(ctx, actor, dana.ID); return err }, account.NoticeSignedOut},
		{func() error { _, err := h.Deactivate(ctx, actor, dana.ID, ""); return err }, account.NoticeDeactivated},
		{func() error { _, err := h.SignOut(ctx, actor, dana.ID); return err }, account.NoticeDeactivated},
	} {
		d, err := h.Technician(ctx, actor, dana.ID)
		if active := d.Technician.Status == sallyport.Active; err != nil || d.May.SignOut != active {
			t.Errorf("the page of somebody %s offers %+v: %v", d.Technician.Status, d.May, err)
		}
		if err := c.act(); err != nil {
			t.Fatal(err)
		}
		if last := h.letters.made[len(h.letters.made)-1].kind; last != c.told {
			t.Errorf("he is told %q last, want %q", last, c.told)
		}
	}
}

// TestSaveOfADeactivated: whose account is deactivated is not asked to sign in again when it is changed, and a mailbox to which an
// invitation was called off in silence is told nothing of an account.
func TestSaveOfADeactivated(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	actor := h.session(h.add(sallyport.SuperAdmin))
	for name, c := range map[string]struct {
		who  sallyport.Technician
		told int
	}{
		"one who came in":   {h.add(sallyport.Admin), 2},
		"one who never did": {h.add(sallyport.Admin, invited), 0},
	} {
		if _, err := h.Deactivate(ctx, actor, c.who.ID, ""); err != nil {
			t.Fatal(err)
		}
		now, n := h.technician(c.who.ID), len(h.outbox())
		h.letters.made = nil
		if _, err := h.Save(ctx, actor, now.ID, form(now, func(f *account.Form) { f.Email = "new." + now.Email }), now.Version); err != nil {
			t.Fatal(err)
		}
		if told := len(h.outbox()) - n; told != c.told {
			t.Errorf("%s: %d messages, want %d", name, told, c.told)
		}
		for _, l := range h.letters.made {
			if l.kind != account.NoticeAccount || !l.data.Shut {
				t.Errorf("%s is told %q %+v", name, l.kind, l.data)
			}
		}
	}
}

// The texts that are asked for here are texts that delivery has, and their data is its data, field by field.
func TestNoticesAreWritten(t *testing.T) {
	h := newHouse(t)
	post := delivery.New(delivery.Options{Keys: h.ring, Now: h.clock.Now})
	for _, kind := range []account.NoticeKind{account.NoticeInvitation, account.NoticeInvitationOff, account.NoticeReset, account.NoticeResetRefused, account.NoticeMethod,
		account.NoticeAccount, account.NoticeFactorReset, account.NoticeSignedOut, account.NoticeRescue, account.NoticeDeactivated} {
		data := account.NoticeData{Name: "Dana", UserName: "dana", Link: publicURL + "/x", Until: h.clock.Now(), Method: sallyport.MethodApp}
		if _, err := post.Compose(delivery.NoticeKind(kind), "dana@northwind.example", delivery.NoticeData(data)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// Whoever is not active does nothing, whatever session he claims.
func TestOnlyActiveActs(t *testing.T) {
	h := newHouse(t)
	h.add(sallyport.SuperAdmin)
	for _, status := range []sallyport.Status{sallyport.Invited, sallyport.Deactivated} {
		p := h.add(sallyport.SuperAdmin, func(p *person) { p.Status = status })
		actor := sallyport.Actor{Kind: sallyport.ActorTechnician, ID: p.ID, ProvedAt: h.clock.Now()}
		if _, err := h.List(ctx, actor, sallyport.Filter{}); sallyport.KindOf(err) != sallyport.Unauthorized {
			t.Errorf("%s: %v", status, err)
		}
	}
	mara, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.ReadOnlyTechnician)
	stolen := h.session(dana)
	stolen.ID = mara.ID
	if _, err := h.List(ctx, stolen, sallyport.Filter{}); sallyport.KindOf(err) != sallyport.Unauthorized {
		t.Errorf("with somebody else's session: %v", err)
	}
}

// The outbox is woken when something was committed, and not by what was only looked at or rolled back.
func TestWake(t *testing.T) {
	h := newHouse(t)
	admin, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	woken := 0
	s := account.New(account.Options{Store: store.For[account.Tx](h.db), Keys: h.ring, Notices: h.letters, PublicURL: publicURL, Wake: func() { woken++ }})
	if _, err := s.Preview(ctx, h.session(admin), dana.ID, form(dana, role(sallyport.ReportsManager)), dana.Version); err != nil || woken != 0 {
		t.Errorf("woken %d times by a preview, %v", woken, err)
	}
	if _, err := s.Save(ctx, h.session(admin), dana.ID, form(dana, role(sallyport.ReportsManager)), dana.Version); err != nil || woken != 1 {
		t.Errorf("woken %d times by a Save, %v", woken, err)
	}
}
