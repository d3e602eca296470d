package session_test

import (
	"errors"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// What happens between the count of right digits and the session that they bring counts: they lead to what they would have
// led to had everything been read again.
func TestBetweenCountAndSession(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(w *world, who sallyport.Technician, key string, second sallyport.Token)
		want      string // an error's code or words; empty: signed in
	}{
		"nothing": {func(*world, sallyport.Technician, string, sallyport.Token) {}, ""},
		"a wrong answer elsewhere": {func(w *world, _ sallyport.Technician, key string, second sallyport.Token) {
			_, err := w.answer(second, session.AnswerCode, wrongApp(w, key))
			wantField(w.t, err, "not right")
		}, ""},
		"the same digits elsewhere": {func(w *world, _ sallyport.Technician, key string, second sallyport.Token) {
			w.mustAnswer(second, session.AnswerCode, w.digits(key, 0))
		}, "not right"},
		"a limit of sessions": {func(w *world, _ sallyport.Technician, _ string, _ sallyport.Token) {
			w.policy(func(s *sallyport.Settings) { s.SessionLimit = 1 })
		}, ""},
		"Save": {func(w *world, who sallyport.Technician, _ string, _ sallyport.Token) { w.raise(who.ID) }, "sign_in_over"},
		"another method": {func(w *world, who sallyport.Technician, _ string, _ sallyport.Token) {
			w.change(who.ID, func(t *sallyport.Technician) { t.Method = sallyport.MethodEmail })
		}, "sign_in_over"},
		"deactivated": {func(w *world, who sallyport.Technician, _ string, _ sallyport.Token) {
			w.change(who.ID, func(t *sallyport.Technician) { t.Status = sallyport.Deactivated })
		}, "sign_in_over"},
		"the factor switched off": {func(w *world, who sallyport.Technician, _ string, _ sallyport.Token) {
			w.write(func(tx *store.Tx) error { return tx.DisableFactor(ctx, who.ID) })
		}, "out_of_order"},
		"the sign-in's time is over": {func(w *world, _ sallyport.Technician, _ string, _ sallyport.Token) {
			w.clock.Advance(11 * time.Minute)
		}, "sign_in_over"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			who := w.technician("dana", sallyport.MethodApp)
			key, _ := w.enrolled("dana")
			w.clock.Advance(time.Minute)
			first, second := w.begin("dana").SignIn, w.begin("dana").SignIn
			digits := w.digits(key, 0)
			between := &between{Transactions: store.For[session.Tx](w.db), after: 1, do: func() { c.meanwhile(w, who, key, second) }}
			out, err := w.over(between).Answer(ctx, first, session.Answer{Kind: session.AnswerCode, Typed: digits}, browser)
			switch {
			case c.want == "":
				if err != nil || !out.Finished || !w.usable(out.Session) || w.read(who.ID).WrongRun != 0 {
					t.Errorf("%+v, %v, run %d", out, err, w.read(who.ID).WrongRun)
				}
			case c.want == "not right":
				wantField(t, err, c.want)
			default:
				wantCode(t, err, c.want)
			}
			if n := w.events("signin.factor.right"); c.want != "" && c.want != "not right" && n != 1 { // of the set-up
				t.Errorf("%d events of right digits", n)
			}
		})
	}
}

// What happens between the count of a right password and its sign-in counts as well: where the account is another one by
// then, the answer is that of a wrong password, with its event, and nothing is begun.
func TestBetweenCountAndSignIn(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(w *world, who sallyport.Technician)
		in        bool
	}{
		"nothing": {func(*world, sallyport.Technician) {}, true},
		"Save":    {func(w *world, who sallyport.Technician) { w.raise(who.ID) }, false},
		"another method": {func(w *world, who sallyport.Technician) {
			w.change(who.ID, func(t *sallyport.Technician) { t.Method = sallyport.MethodEmail })
		}, false},
		"deactivated": {func(w *world, who sallyport.Technician) {
			w.change(who.ID, func(t *sallyport.Technician) { t.Status = sallyport.Deactivated })
		}, false},
		"deleted": {func(w *world, who sallyport.Technician) {
			w.write(func(tx *store.Tx) error { return errors.Join(tx.Hold(ctx, who.ID), tx.DeleteTechnician(ctx, who.ID)) })
		}, false},
	} {
		for _, method := range []sallyport.Method{sallyport.MethodOff, sallyport.MethodApp} { // finished at once, or asked for digits
			t.Run(name+" "+string(method), func(t *testing.T) {
				w := newWorld(t)
				who := w.technician("dana", method)
				if method == sallyport.MethodApp {
					w.enrolled("dana")
				}
				rights, wrongs := w.events("signin.password.right"), 0
				between := &between{Transactions: store.For[session.Tx](w.db), after: 1, do: func() { c.meanwhile(w, who) }}
				out, err := w.over(between).Password(ctx, session.Attempt{UserName: "dana", Password: goodPassword, Client: browser})
				if c.in {
					rights++
					if in := out.Finished && w.usable(out.Session); err != nil || in != (method == sallyport.MethodOff) || (out.SignIn != "") == in {
						t.Errorf("%+v, %v", out, err)
					}
				} else {
					wrongs++
					if wantCode(t, err, "wrong_password"); out.Finished || out.SignIn != "" {
						t.Errorf("%+v", out)
					}
					last := look(w, func(tx *store.Tx) ([]sallyport.Event, error) {
						return tx.Events(ctx, sallyport.EventFilter{Type: "signin.password.wrong", Limit: 1})
					})
					if len(last) != 1 || last[0].Reason != "the account changed meanwhile" {
						t.Errorf("%+v", last)
					}
				}
				if n := w.events("signin.password.wrong"); n != wrongs {
					t.Errorf("%d events of a wrong password, not %d", n, wrongs)
				}
				if n := w.events("signin.password.right"); n != rights {
					t.Errorf("%d events of a right password, not %d", n, rights)
				}
			})
		}
	}
}
