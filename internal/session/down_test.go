package session_test

import (
	"net"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/login"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// breaks are the ways in which the channel of a method goes away.
var breaks = map[string]func(w *world, c sallyport.Channel){
	"fails": func(w *world, _ sallyport.Channel) {
		w.mail.mu.Lock()
		defer w.mail.mu.Unlock()
		w.mail.fail = &sallyport.SendError{Outcome: sallyport.NotSent, Code: "unreachable", Hint: "It is down.", Cause: net.ErrClosed}
	},
	"is not proved any more": func(w *world, c sallyport.Channel) {
		w.write(func(tx *store.Tx) error {
			g, err := tx.Gateway(ctx, string(c), "live")
			if err != nil {
				return err
			}
			g.ProvedAt = time.Time{}
			return tx.PutGateway(ctx, *g)
		})
	},
	"was removed": func(w *world, c sallyport.Channel) {
		w.write(func(tx *store.Tx) error { return tx.DeleteGateway(ctx, string(c), "live") })
	},
}

// TestD10_4: the only Super Admin depends on a channel that fails or is gone. Nothing is sent, no code of before lets him in;
// a recovery code does, once, and so does a rescue from the host, which needs the channel neither then nor later.
func TestD10_4(t *testing.T) {
	for method, channel := range map[sallyport.Method]sallyport.Channel{sallyport.MethodEmail: sallyport.ChannelEmail, sallyport.MethodText: sallyport.ChannelSMS} {
		for name, down := range breaks {
			t.Run(string(method)+" "+name, func(t *testing.T) {
				w := newWorld(t)
				mara := w.technician("mara", method)
				w.change(mara.ID, func(t *sallyport.Technician) { t.Role = sallyport.SuperAdmin })
				address := map[sallyport.Method]string{sallyport.MethodEmail: mara.Email, sallyport.MethodText: mara.Phone}[method]
				first := w.mustAnswer(w.begin("mara").SignIn, session.AnswerCode, w.mail.code(address))
				sends, before := w.mail.sends, w.mail.code(address)
				down(w, channel)
				w.byRecovery(first.RecoveryCodes[0], before, name == "fails")
				w.byRescue(mara.ID)
				if w.mail.sends != sends {
					t.Error("something was sent")
				}
			})
		}
	}
}

// byRecovery gets mara in by a recovery code, after a code of before that does not, and not twice.
func (w *world) byRecovery(recovery, before string, asked bool) {
	w.t.Helper()
	page := w.begin("mara")
	if want := map[bool]login.Kind{true: login.Factor, false: login.ChannelDown}[asked]; page.Page.Step.Kind != want || asked && page.Page.State != sallyport.Failed {
		w.t.Fatalf("page %+v", page.Page)
	}
	if out, err := w.answer(page.SignIn, session.AnswerCode, before); err == nil || out.Finished {
		w.t.Fatalf("the code of before: %v %+v", err, out)
	}
	out := w.mustAnswer(page.SignIn, session.AnswerRecovery, recovery)
	if !out.Finished || !w.usable(out.Session) || out.RecoveryLeft != 9 {
		w.t.Fatalf("by recovery code: %+v", out)
	}
	if _, mara, err := w.s.Actor(ctx, out.Session, browser); err != nil || mara.Role != sallyport.SuperAdmin {
		w.t.Fatalf("%v %+v", err, mara)
	}
	_, err := w.answer(w.begin("mara").SignIn, session.AnswerRecovery, recovery)
	wantField(w.t, err, "used already")
}

// byRescue gets mara in by a link made on the host, and then with the app that it set up.
func (w *world) byRescue(id sallyport.TechnicianID) {
	w.t.Helper()
	w.raise(id)
	token := w.link(sallyport.LinkRescue, w.read(id))
	page, err := w.reach(w.s.CompleteLink(ctx, sallyport.LinkRescue, token, session.LinkForm{Password: newPassword}, browser))
	if err != nil || page.Page.Step != (login.Step{Kind: login.Enrol, Method: sallyport.MethodApp}) {
		w.t.Fatalf("%v %+v", err, page.Page)
	}
	out := w.mustAnswer(page.SignIn, session.AnswerCode, w.digits(page.Page.Secret, 0))
	if !out.Finished || !w.usable(out.Session) || len(out.RecoveryCodes) != 10 {
		w.t.Fatalf("by rescue: %+v", out)
	}
	w.clock.Advance(30 * time.Second)
	later, err := w.reach(w.s.Password(ctx, session.Attempt{UserName: "mara", Password: newPassword, Client: browser}))
	if err != nil || later.Page.Step != (login.Step{Kind: login.Factor, Method: sallyport.MethodApp}) {
		w.t.Fatalf("%v %+v", err, later.Page)
	}
	if out := w.mustAnswer(later.SignIn, session.AnswerCode, w.digits(page.Page.Secret, 0)); !w.usable(out.Session) {
		w.t.Error("the app that was set up does not let in")
	}
}
