package session_test

import (
	"reflect"
	"testing"

	"sallyport"
	"sallyport/internal/keyring"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// TestD3_12: a secret copied into another technician's row does not open there. Each attempt leaves one event that says
// whose it is and which, and nothing of the secret; the answer stays what it was.
func TestD3_12(t *testing.T) {
	t.Run("authenticator app", func(t *testing.T) {
		w := newWorld(t)
		dana, ilya := w.technician("dana", sallyport.MethodApp), w.technician("ilya", sallyport.MethodApp)
		key, _ := w.enrolled("dana")
		w.enrolled("ilya")
		w.copyApp(dana, ilya)
		for n := range 2 {
			_, err := w.answer(w.begin("ilya").SignIn, session.AnswerCode, w.digits(key, 0))
			w.wantUnopened(err, n+1, ilya, "authenticator app")
		}
	})
	t.Run("password", func(t *testing.T) {
		w := newWorld(t)
		dana, ilya := w.technician("dana", sallyport.MethodOff), w.technician("ilya", sallyport.MethodOff)
		w.copyPassword(dana, ilya)
		for n := range 5 {
			_, err := w.password("ilya")
			w.wantUnopened(err, n+1, ilya, "password")
		}
		if _, err := w.password("ilya"); sallyport.KindOf(err) != sallyport.TooMany {
			t.Errorf("after five tries no wait: %v", err)
		}
		w.begin("dana")
	})
	t.Run("password of a proof asked for again", func(t *testing.T) {
		w := newWorld(t)
		dana, ilya := w.technician("dana", sallyport.MethodOff), w.technician("ilya", sallyport.MethodOff)
		actor := w.actor(w.begin("ilya").Session)
		w.copyPassword(dana, ilya)
		again := w.stepUp(actor)
		_, err := w.answer(again, session.AnswerPassword, goodPassword)
		w.wantUnopened(err, 1, ilya, "password")
		_, err = w.s.ChangePassword(ctx, actor, goodPassword, "amber kettle 17 northern pier")
		w.wantUnopened(err, 2, ilya, "password")
	})
	t.Run("what is being set up", func(t *testing.T) {
		w := newWorld(t)
		w.technician("dana", sallyport.MethodApp)
		ilya := w.technician("ilya", sallyport.MethodApp)
		his, hers := w.begin("ilya"), w.begin("dana")
		w.write(func(tx *store.Tx) error {
			from, _ := hers.SignIn.Hash()
			to, _ := his.SignIn.Hash()
			copied, _, err := tx.SignIn(ctx, from)
			if err != nil {
				return err
			}
			over, _, err := tx.SignIn(ctx, to)
			if err != nil {
				return err
			}
			over.Pending = copied.Pending
			return tx.UpdateSignIn(ctx, over)
		})
		_, err := w.answer(his.SignIn, session.AnswerCode, w.digits(hers.Page.Secret, 0))
		w.wantUnopened(err, 1, ilya, "what is being set up")
	})
	t.Run("another key", func(t *testing.T) {
		w := newWorld(t)
		ilya := w.technician("ilya", sallyport.MethodOff)
		place := keyring.Place{Table: "technician", Row: string(ilya.ID), Column: "password"}
		w.write(func(tx *store.Tx) error {
			return tx.SetPassword(ctx, ilya.ID, ilya.Generation, keyring.Generate().Seal([]byte(goodPHC()), place))
		})
		_, err := w.password("ilya")
		w.wantUnopened(err, 1, ilya, "password")
	})
}

func (w *world) copyApp(from, to sallyport.Technician) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error {
		f, err := tx.Factor(ctx, from.ID)
		if err != nil {
			return err
		}
		f.Technician = to.ID
		return tx.PutFactor(ctx, *f)
	})
}

func (w *world) copyPassword(from, to sallyport.Technician) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error { return tx.SetPassword(ctx, to.ID, to.Generation, from.Password) })
}

// wantUnopened wants the answer to a secret that does not open, and the nth event of it.
func (w *world) wantUnopened(err error, nth int, on sallyport.Technician, which string) {
	w.t.Helper()
	wantCode(w.t, err, "sealed")
	list := look(w, func(tx *store.Tx) ([]sallyport.Event, error) {
		return tx.Events(ctx, sallyport.EventFilter{Type: "secret.", Limit: 10})
	})
	if len(list) != nth {
		w.t.Fatalf("%d events, want %d", len(list), nth)
	}
	got := list[0]
	want := sallyport.Event{ID: got.ID, At: got.At, Type: "secret.open.failed", Outcome: "failed", Target: on.ID, TargetName: on.UserName,
		Reason: which, Address: browser.Address, Browser: browser.Browser, RequestID: browser.RequestID, ActorKind: sallyport.ActorNobody}
	if got.ActorKind != sallyport.ActorNobody { // past the password
		want.ActorKind, want.Actor, want.ActorName = sallyport.ActorTechnician, on.ID, on.UserName
	}
	if !reflect.DeepEqual(got, want) {
		w.t.Errorf("event %+v, want %+v", got, want)
	}
}
