package session_test

import (
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/login"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// signedIn stores n sessions of p, each used a second before the one made after it.
func (w *world) signedIn(p sallyport.Technician, n int) (tokens []sallyport.Token) {
	w.t.Helper()
	now := w.clock.Now()
	w.write(func(tx *store.Tx) error {
		tokens = nil // it may run again
		for i := range n {
			token := sallyport.NewToken()
			hash, _ := token.Hash()
			used := now.Add(time.Duration(i-n) * time.Second)
			_, err := tx.CreateSession(ctx, sallyport.Session{Hash: hash, Technician: p.ID, Generation: p.Generation, Method: "off", Browser: "Firefox on Linux",
				Address: "192.0.2.10", CreatedAt: used, UsedAt: used, ProvedAt: used, ExpiresAt: now.Add(time.Hour)}, 0)
			if err != nil {
				return err
			}
			tokens = append(tokens, token)
		}
		return nil
	})
	return tokens
}

// TestLastUseOfEachMethod: the own page says when the factor was used last, whatever it is, and leaves it at that where a
// recovery code stood in.
func TestLastUseOfEachMethod(t *testing.T) {
	w := newWorld(t)
	w.technician("mira", sallyport.MethodApp)
	key, _ := w.enrolled("mira")
	dana, ilya := w.technician("dana", sallyport.MethodEmail), w.technician("ilya", sallyport.MethodText)
	w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.mail.code(dana.Email))
	set := w.mustAnswer(w.begin("ilya").SignIn, session.AnswerCode, w.mail.code(ilya.Phone))
	for name, code := range map[string]func() string{
		"mira": func() string { return w.digits(key, 0) },
		"dana": func() string { return w.mail.code(dana.Email) },
		"ilya": func() string { return w.mail.code(ilya.Phone) },
	} {
		w.clock.Advance(time.Hour)
		used := w.clock.Now()
		out := w.mustAnswer(w.begin(name).SignIn, session.AnswerCode, code())
		if p, err := w.s.Own(ctx, w.actor(out.Session), 1); err != nil || p.FactorUsed.Before(used) || !p.FactorAt.Before(used) {
			t.Errorf("%s: used at %v, last %v, proved %v, %v", name, used, p.FactorUsed, p.FactorAt, err)
		}
	}
	w.clock.Advance(time.Hour)
	out := w.mustAnswer(w.begin("ilya").SignIn, session.AnswerRecovery, set.RecoveryCodes[0])
	if p, err := w.s.Own(ctx, w.actor(out.Session), 1); err != nil || p.FactorUsed.Add(time.Hour).After(w.clock.Now()) {
		t.Errorf("after a recovery code: %v at %v, %v", p.FactorUsed, w.clock.Now(), err)
	}
}

// TestOwnSessionsArePaged: 20 others at a time, the current one beside them on every page; a page beyond the last is
// the last; other people's are never among them.
func TestOwnSessionsArePaged(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodOff)
	w.signedIn(w.technician("ilya", sallyport.MethodOff), 3)
	tokens := w.signedIn(dana, 45)
	current := tokens[0] // used longest ago: it would stand on the last page
	actor := w.actor(current)
	seen := map[sallyport.Hash]bool{}
	for _, c := range []struct{ ask, page, rows int }{{0, 1, 20}, {2, 2, 20}, {3, 3, 4}, {99, 3, 4}} {
		p, err := w.s.Own(ctx, actor, c.ask)
		if err != nil || p.Page != c.page || len(p.Others) != c.rows || p.Total != 44 || p.Current.Hash != actor.Session {
			t.Errorf("page %d: %d with %d of %d, %v", c.ask, p.Page, len(p.Others), p.Total, err)
		}
		for i, s := range p.Others {
			seen[s.Hash] = true
			if s.Hash == actor.Session || s.Technician != dana.ID || i > 0 && s.UsedAt.After(p.Others[i-1].UsedAt) {
				t.Errorf("page %d: row %d does not belong there", c.ask, i)
			}
		}
	}
	if len(seen) != 44 {
		t.Errorf("%d of 44 others were shown", len(seen))
	}
	n, err := w.s.EndOthers(ctx, actor)
	if err != nil || n != 44 || !w.usable(current) || w.usable(tokens[44]) {
		t.Errorf("%d ended, %v", n, err)
	}
	if p, err := w.s.Own(ctx, actor, 1); err != nil || p.Total != 0 || len(p.Others) != 0 {
		t.Errorf("after that %d others, %v", p.Total, err)
	}
	var all, events int
	err = w.db.Read(ctx, func(tx *store.Tx) (err error) {
		if _, all, err = tx.Sessions(ctx, sallyport.SessionFilter{Size: 1}); err != nil {
			return err
		}
		found, err := tx.Events(ctx, sallyport.EventFilter{Type: "session.ended", Limit: 100})
		events = len(found)
		return err
	})
	if err != nil || all != 4 || events != 44 {
		t.Errorf("%d sessions of everybody, want 4; %d events, want 44; %v", all, events, err)
	}
}

// TestEndOthersNeedsASession: one that is over ends nothing.
func TestEndOthersNeedsASession(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodOff)
	tokens := w.signedIn(dana, 2)
	actor := w.actor(tokens[0])
	if err := w.s.SignOut(ctx, tokens[0], browser); err != nil {
		t.Fatal(err)
	}
	if _, err := w.s.EndOthers(ctx, actor); sallyport.KindOf(err) != sallyport.Unauthorized || !w.usable(tokens[1]) {
		t.Errorf("%v", err)
	}
	if _, err := w.s.Own(ctx, actor, 1); sallyport.KindOf(err) != sallyport.Unauthorized {
		t.Errorf("the own page: %v", err)
	}
}

// TestRecoveryCodeOfAWhileAgo: a recovery code proves a new phone for ten minutes, and the own page says no longer that it does.
func TestRecoveryCodeOfAWhileAgo(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	_, first := w.enrolled("dana")
	out := w.mustAnswer(w.begin("dana").SignIn, session.AnswerRecovery, first.RecoveryCodes[0])
	w.clock.Advance(11 * time.Minute)
	actor := w.actor(out.Session)
	if own, err := w.s.Own(ctx, actor, 1); err != nil || own.PhoneProved || !own.MayNewPhone {
		t.Errorf("proved %v, %v", own.PhoneProved, err)
	}
	phone, err := w.reach(w.s.BeginPhone(ctx, actor, "/admin"))
	if err != nil || phone.Page.Step.Kind != login.Opener || phone.Page.Return != "/admin" {
		t.Errorf("%v %+v", err, phone.Page.Step)
	}
}

// TestForeignSessionActsForNobody: who acts is whose session it is.
func TestForeignSessionActsForNobody(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	mara := w.technician("mara", sallyport.MethodOff)
	actor := w.actor(w.begin("dana").Session)
	w.begin("mara")
	actor.ID = mara.ID
	if n, err := w.s.EndOthers(ctx, actor); sallyport.KindOf(err) != sallyport.Unauthorized || n != 0 {
		t.Errorf("%d ended, %v", n, err)
	}
	if _, err := w.s.BeginStepUp(ctx, actor, "/me"); sallyport.KindOf(err) != sallyport.Unauthorized {
		t.Errorf("asked for a proof: %v", err)
	}
}
