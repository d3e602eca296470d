package session_test

import (
	"bytes"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/login"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

func (w *world) factor(id sallyport.TechnicianID) *sallyport.Factor {
	w.t.Helper()
	return look(w, func(tx *store.Tx) (*sallyport.Factor, error) { return tx.Factor(ctx, id) })
}

// newPhone begins the set-up of a new phone in a session, up to the new key.
func (w *world) newPhone(token sallyport.Token, key string) reached {
	w.t.Helper()
	phone, err := w.reach(w.s.BeginPhone(ctx, w.actor(token), "/me"))
	if err != nil {
		w.t.Fatal(err)
	}
	set := w.mustAnswer(phone.SignIn, session.AnswerCode, w.digits(key, 0))
	if set.Page.Step != (login.Step{Kind: login.Enrol, Method: sallyport.MethodApp}) || set.Page.Secret == key {
		w.t.Fatalf("%+v", set.Page)
	}
	w.clock.Advance(30 * time.Second)
	return set
}

// TestD3_6: while a new app is being set up, and when that was given up, the old one lets in and the new one does not; from
// the confirmation on it is the other way round.
func TestD3_6(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	key, in := w.enrolled("dana")
	oldLetsIn := func(fresh string) {
		t.Helper()
		page := w.begin("dana")
		_, err := w.answer(page.SignIn, session.AnswerCode, w.digits(fresh, 0))
		wantField(t, err, "not right")
		if in = w.mustAnswer(page.SignIn, session.AnswerCode, w.digits(key, 0)); !w.usable(in.Session) {
			t.Fatal("the old app does not let in")
		}
		w.clock.Advance(30 * time.Second)
	}
	abandoned := w.newPhone(in.Session, key)
	oldLetsIn(abandoned.Page.Secret)
	w.clock.Advance(30 * time.Minute)
	_, err := w.answer(abandoned.SignIn, session.AnswerCode, w.digits(abandoned.Page.Secret, 0))
	wantCode(t, err, "sign_in_over")
	oldLetsIn(abandoned.Page.Secret)

	given, confirmed := w.newPhone(in.Session, key), w.newPhone(in.Session, key)
	oldLetsIn(confirmed.Page.Secret)
	if out := w.mustAnswer(confirmed.SignIn, session.AnswerCode, w.digits(confirmed.Page.Secret, 0)); !w.usable(out.Session) {
		t.Fatal("not in")
	}
	w.clock.Advance(30 * time.Second)
	_, err = w.answer(given.SignIn, session.AnswerCode, w.digits(given.Page.Secret, 0))
	wantCode(t, err, "sign_in_over")
	page := w.begin("dana")
	for name, secret := range map[string]string{"old": key, "abandoned": abandoned.Page.Secret, "given up": given.Page.Secret} {
		if _, err := w.answer(page.SignIn, session.AnswerCode, w.digits(secret, 0)); sallyport.KindOf(err) != sallyport.Invalid {
			t.Errorf("the %s app after the confirmation: %v", name, err)
		}
	}
	w.mustAnswer(page.SignIn, session.AnswerCode, w.digits(confirmed.Page.Secret, 0))
}

// TestD3_7: an administrator turns the method to Email while an app is being set up: its confirmation is refused, and what
// was held before is held still.
func TestD3_7(t *testing.T) {
	for name, c := range map[string]struct {
		enrolled bool
		between  bool // the Save commits between the count of the confirmation and its use
	}{"first set-up": {}, "first set-up, in the midst": {between: true}, "new phone": {enrolled: true}, "new phone, in the midst": {enrolled: true, between: true}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			dana := w.technician("dana", sallyport.MethodApp)
			var held []byte
			set := w.begin("dana")
			if c.enrolled {
				key := set.Page.Secret
				in := w.mustAnswer(set.SignIn, session.AnswerCode, w.digits(key, 0))
				held = w.factor(dana.ID).Secret
				w.clock.Advance(30 * time.Second)
				set = w.newPhone(in.Session, key)
			}
			save := func() { w.change(dana.ID, func(t *sallyport.Technician) { t.Method = sallyport.MethodEmail }) }
			s := w.either()
			if c.between {
				s = w.over(&between{Transactions: store.For[session.Tx](w.db), after: 1, do: save})
			} else {
				save()
			}
			_, err := s.Answer(ctx, set.SignIn, session.Answer{Kind: session.AnswerCode, Typed: w.digits(set.Page.Secret, 0)}, browser)
			wantCode(t, err, "sign_in_over")
			switch f := w.factor(dana.ID); {
			case (f != nil) != c.enrolled, f != nil && !bytes.Equal(f.Secret, held):
				t.Errorf("stored %+v", f)
			case len(w.liveSessions(dana.ID)) != 0:
				t.Error("somebody is signed in")
			}
			want := login.Step{Kind: login.Enrol, Method: sallyport.MethodEmail}
			if c.enrolled {
				want = login.Step{Kind: login.Opener, Method: sallyport.MethodApp}
			}
			if page := w.begin("dana"); page.Page.Step != want || page.Page.Secret != "" {
				t.Errorf("the next sign-in is at %+v", page.Page.Step)
			}
		})
	}
}
