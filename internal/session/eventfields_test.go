package session_test

import (
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// last is the newest event of a type.
func (w *world) last(kind string) sallyport.Event {
	w.t.Helper()
	found := look(w, func(tx *store.Tx) ([]sallyport.Event, error) {
		return tx.Events(ctx, sallyport.EventFilter{Type: kind, Limit: 1})
	})
	if len(found) != 1 {
		w.t.Fatalf("no event %s", kind)
	}
	return found[0]
}

// TestEventsSayWhatTheirListPromises: the fields that docs/events.md names stand in the events of sign-ins.
func TestEventsSayWhatTheirListPromises(t *testing.T) {
	w := newWorld(t)
	setup, err := w.reach(w.s.CompleteLink(ctx, sallyport.LinkSetup, w.link(sallyport.LinkSetup, sallyport.Technician{}),
		session.LinkForm{Password: goodPassword, FirstName: "Mara", LastName: "Voss", Email: "mara@northwind.example"}, browser))
	if err != nil {
		t.Fatal(err)
	}
	w.mustAnswer(setup.SignIn, session.AnswerCode, w.digits(setup.Page.Secret, 0))
	dana := w.technician("dana", sallyport.MethodEmail)
	w.change(dana.ID, func(t *sallyport.Technician) { t.Status = sallyport.Invited })
	in, err := w.s.CompleteLink(ctx, sallyport.LinkInvitation, w.link(sallyport.LinkInvitation, w.read(dana.ID)), session.LinkForm{Password: goodPassword}, browser)
	if err != nil {
		t.Fatal(err)
	}
	codes := w.mustAnswer(in.SignIn, session.AnswerCode, w.mail.code(dana.Email)).RecoveryCodes
	again := w.begin("dana")
	if _, err := w.s.Help(ctx, again.SignIn, "", browser); err != nil {
		t.Fatal(err)
	}
	w.mustAnswer(again.SignIn, session.AnswerRecovery, codes[0])
	w.change(dana.ID, func(t *sallyport.Technician) { t.Method = sallyport.MethodApp })
	app := w.mustAnswer(w.begin("dana").SignIn, session.AnswerRecovery, codes[1])
	enrolled := w.last("factor.enrolled")
	w.mustAnswer(app.SignIn, session.AnswerCode, w.digits(app.Page.Secret, 0))
	for _, c := range []struct {
		event      sallyport.Event
		before     bool
		key, value string
	}{
		{w.last("setup.finished"), false, "user_name", "mara@northwind.example"},
		{w.last("setup.finished"), false, "role", string(sallyport.SuperAdmin)},
		{w.last("invitation.accepted"), true, "status", "invited"},
		{w.last("invitation.accepted"), false, "status", "active"},
		{enrolled, false, "address", dana.Email},
		{w.last("factor.retired"), true, "address", dana.Email},
		{w.last("factor.enrolled"), false, "address", ""},
		{w.last("signin.help"), false, "number", ""}, // by which the caller is known
		{w.last("signin.recovery.used"), false, "recovery_left", "8"},
	} {
		fields := c.event.After
		if c.before {
			fields = c.event.Before
		}
		if fields[c.key] != c.value {
			t.Errorf("%s: %s is %q, not %q", c.event.Type, c.key, fields[c.key], c.value)
		}
	}
}

// TestRefusedAnswersSayWhy: an answer that is not looked at is an event each time, also where the factor is off, and its reason
// tells a dead code from a wait and from a factor or recovery codes that are switched off.
func TestRefusedAnswersSayWhy(t *testing.T) {
	w := newWorld(t)
	w.policy(func(s *sallyport.Settings) { s.FactorRun = 10 })
	dana := w.technician("dana", sallyport.MethodEmail)
	w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.mail.code(dana.Email))
	page := w.begin("dana")
	refused := func(name, reason string, kind session.AnswerKind) {
		t.Helper()
		n := w.events("signin.code.refused")
		typed := map[session.AnswerKind]string{session.AnswerCode: wrongFor(w.mail.code(dana.Email)), session.AnswerRecovery: "AAAAAAAAAAAAAAAAAAAAAAAAAA"}[kind]
		_, err := w.answer(page.SignIn, kind, typed)
		if now := w.events("signin.code.refused"); err == nil || now != n+1 {
			t.Errorf("%s: %d events, %v", name, now-n, err)
		} else if got := w.last("signin.code.refused").Reason; !strings.Contains(got, reason) {
			t.Errorf("%s: the reason is %q", name, got)
		}
	}
	for range 3 {
		_, _ = w.answer(page.SignIn, session.AnswerCode, wrongFor(w.mail.code(dana.Email)))
	}
	refused("a dead code", "factor email: invalid: Three wrong codes", session.AnswerCode)
	w.write(func(tx *store.Tx) error { return tx.SetWait(ctx, dana.ID, w.clock.Now().Add(time.Minute)) })
	refused("a wait", "factor email: wait: ", session.AnswerRecovery)
	w.clock.Advance(2 * time.Minute)
	w.write(func(tx *store.Tx) error { return tx.DisableFactor(ctx, dana.ID) })
	refused("a factor that is off", "disabled email: factor_disabled: ", session.AnswerCode)
}
