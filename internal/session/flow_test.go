package session_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/login"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

var ctx = context.Background()

func TestFirstSignInSetsUpTheApp(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	_, out := w.enrolled("dana")
	if !out.Finished || out.Session == "" || len(out.RecoveryCodes) != 10 || out.OlderCodes {
		t.Fatalf("outcome %+v", out)
	}
	if !w.usable(out.Session) {
		t.Error("the session is not usable")
	}
	if got := w.read(dana.ID).Generation; got != 2 {
		t.Errorf("generation %d: the set-up did not raise it", got)
	}
	if w.told(session.NoticeEnrolled) != 1 || w.events("factor.enrolled") != 1 || w.events("signin.finished") != 1 {
		t.Error("the set-up was not told once by email and once by each event")
	}
}

func TestSetUpAppIsAskedForNextTime(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	key, _ := w.enrolled("dana")
	page := w.begin("dana")
	if page.Page.Step != (login.Step{Kind: login.Factor, Method: sallyport.MethodApp}) || page.Page.Secret != "" {
		t.Fatalf("page %+v", page.Page)
	}
	out := w.mustAnswer(page.SignIn, session.AnswerCode, w.digits(key, 0))
	if !w.usable(out.Session) || out.RecoveryCodes != nil {
		t.Errorf("outcome %+v", out)
	}
}

// TestReloadShowsTheSameSecret: a reload shows the same key, a wrong code keeps it, a new sign-in makes a new one,
// and a confirmed one is never shown again (D3.3, D3.4, D3.5).
func TestReloadShowsTheSameSecret(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	first := w.begin("dana")
	again, err := w.s.Page(ctx, first.SignIn)
	if err != nil || again.Secret != first.Page.Secret || again.Secret == "" {
		t.Fatalf("reload: %v, %q then %q", err, first.Page.Secret, again.Secret)
	}
	right := w.digits(first.Page.Secret, 0)
	_, err = w.answer(first.SignIn, session.AnswerCode, wrongFor(right))
	wantField(t, err, "not right")
	if again, _ = w.s.Page(ctx, first.SignIn); again.Secret != first.Page.Secret {
		t.Error("a wrong code changed the key")
	}
	if other := w.begin("dana"); other.Page.Secret == first.Page.Secret {
		t.Error("a new sign-in showed an old key")
	}
	w.mustAnswer(first.SignIn, session.AnswerCode, right)
	if _, err := w.s.Page(ctx, first.SignIn); err == nil {
		t.Error("the page is still there after the set-up")
	}
}

func TestEmailAndTextCodes(t *testing.T) {
	for _, method := range []sallyport.Method{sallyport.MethodEmail, sallyport.MethodText} {
		t.Run(string(method), func(t *testing.T) {
			w := newWorld(t)
			dana := w.technician("dana", method)
			address := map[sallyport.Method]string{sallyport.MethodEmail: dana.Email, sallyport.MethodText: dana.Phone}[method]
			page := w.begin("dana")
			if page.Page.Step != (login.Step{Kind: login.Enrol, Method: method}) || page.Page.State != sallyport.Sent {
				t.Fatalf("page %+v", page.Page)
			}
			if strings.Contains(page.Page.Masked, address) || page.Page.Masked == "" {
				t.Errorf("masked %q", page.Page.Masked)
			}
			if got := page.Page.ValidUntil.Sub(w.clock.Now()); got != 3*time.Minute {
				t.Errorf("valid for %v", got)
			}
			out := w.mustAnswer(page.SignIn, session.AnswerCode, w.mail.code(address))
			if !w.usable(out.Session) || len(out.RecoveryCodes) != 10 {
				t.Fatalf("outcome %+v", out)
			}
			next := w.begin("dana")
			if next.Page.Step.Kind != login.Factor {
				t.Fatalf("the proved address is proved again: %+v", next.Page.Step)
			}
			w.mustAnswer(next.SignIn, session.AnswerCode, w.mail.code(address))
		})
	}
}

func TestOffNeedsThePasswordAlone(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	out := w.begin("dana")
	if !out.Finished || !w.usable(out.Session) || out.SignIn != "" {
		t.Errorf("outcome %+v", out)
	}
}

// change is what an administrator's Save does to the method: new method, new generation, open set-up.
func (w *world) change(id sallyport.TechnicianID, change func(*sallyport.Technician)) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error {
		t, err := tx.Technician(ctx, id)
		if err != nil {
			return err
		}
		change(&t)
		t.SetupUntil = w.clock.Now().Add(72 * time.Hour)
		if err := tx.UpdateTechnician(ctx, t); err != nil {
			return err
		}
		_, err = tx.Raise(ctx, id, sallyport.EndedBySave)
		return err
	})
}

// TestOldFactorOpensTheDoor: after a change of the method the held factor is asked for once more, then retired with
// its recovery codes.
func TestOldFactorOpensTheDoor(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodEmail)
	first := w.begin("dana")
	old := w.mustAnswer(first.SignIn, session.AnswerCode, w.mail.code(dana.Email))
	w.change(dana.ID, func(t *sallyport.Technician) { t.Method = sallyport.MethodApp })
	if w.usable(old.Session) {
		t.Fatal("the session outlived the Save")
	}
	page := w.begin("dana")
	if page.Page.Step != (login.Step{Kind: login.Opener, Method: sallyport.MethodEmail}) {
		t.Fatalf("step %+v", page.Page.Step)
	}
	set := w.mustAnswer(page.SignIn, session.AnswerCode, w.mail.code(dana.Email))
	if set.Finished || set.Page.Step != (login.Step{Kind: login.Enrol, Method: sallyport.MethodApp}) || set.SignIn == page.SignIn {
		t.Fatalf("after the opener: %+v", set)
	}
	out := w.mustAnswer(set.SignIn, session.AnswerCode, w.digits(set.Page.Secret, 0))
	if !w.usable(out.Session) || len(out.RecoveryCodes) != 10 || !out.OlderCodes {
		t.Fatalf("outcome %+v", out)
	}
	later := w.begin("dana")
	if later.Page.Step != (login.Step{Kind: login.Factor, Method: sallyport.MethodApp}) {
		t.Fatalf("step %+v", later.Page.Step)
	}
	_, err := w.answer(later.SignIn, session.AnswerRecovery, old.RecoveryCodes[0])
	wantField(t, err, "recovery code")
}

func TestOldFactorIsNotAskedForWhereThePolicySaysSo(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodEmail)
	w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.mail.code(dana.Email))
	w.policy(func(s *sallyport.Settings) { s.OpenerRequired = false })
	w.change(dana.ID, func(t *sallyport.Technician) { t.Method = sallyport.MethodApp })
	if page := w.begin("dana"); page.Page.Step.Kind != login.Enrol {
		t.Errorf("step %+v", page.Page.Step)
	}
}

// reset is what an administrator's Reset second factor does.
func (w *world) reset(id sallyport.TechnicianID, code string) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error {
		if err := tx.ResetWrong(ctx, id); err != nil {
			return err
		}
		if err := tx.DeleteFactor(ctx, id); err != nil {
			return err
		}
		_, err := tx.Raise(ctx, id, sallyport.EndedBySave)
		return err
	})
	w.enrolmentCode(id, code)
}

// enrolmentCode makes a code in the place of any older one, as when the set-up is opened again.
func (w *world) enrolmentCode(id sallyport.TechnicianID, code string) {
	w.t.Helper()
	generation := w.read(id).Generation
	w.write(func(tx *store.Tx) error {
		return tx.PutEnrolmentCode(ctx, sallyport.EnrolmentCode{Technician: id, Generation: generation,
			Hash: w.keys.MAC("enrolment", []byte(id), []byte(code)), ExpiresAt: w.clock.Now().Add(time.Hour)})
	})
}

func TestEnrolmentCodeAfterReset(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	key, _ := w.enrolled("dana")
	w.reset(dana.ID, "ABCDEFGH")
	page := w.begin("dana")
	if page.Page.Step.Kind != login.EnrolmentCode {
		t.Fatalf("step %+v", page.Page.Step)
	}
	_, err := w.answer(page.SignIn, session.AnswerCode, w.digits(key, 0))
	wantCode(t, err, "out_of_order")
	_, err = w.answer(page.SignIn, session.AnswerEnrolment, "ABCD-EFGJ")
	wantField(t, err, "enrolment code")
	set := w.mustAnswer(page.SignIn, session.AnswerEnrolment, "abcd-efgh")
	if set.Page.Step.Kind != login.Enrol || set.Page.Secret == key {
		t.Fatalf("after the code: %+v", set.Page)
	}
	other := w.begin("dana")
	if other.Page.Step.Kind != login.EnrolmentCode {
		t.Fatalf("a second sign-in needs no code: %+v", other.Page.Step)
	}
	_, err = w.answer(other.SignIn, session.AnswerEnrolment, "ABCD-EFGH")
	wantField(t, err, "enrolment code")
	out := w.mustAnswer(set.SignIn, session.AnswerCode, w.digits(set.Page.Secret, 0))
	w.clock.Advance(30 * time.Second)
	if !w.usable(out.Session) {
		t.Error("not in")
	}
	if page := w.begin("dana"); page.Page.Step.Kind != login.Factor {
		t.Errorf("the enrolment code is asked for again: %+v", page.Page.Step)
	}
}

func TestEnrolmentCodeThatRanOutStillHoldsTheDoor(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	w.enrolled("dana")
	w.reset(dana.ID, "ABCDEFGH")
	w.clock.Advance(61 * time.Minute)
	page := w.begin("dana")
	if page.Page.Step.Kind != login.EnrolmentCode {
		t.Fatalf("step %+v: waiting an hour opened the door", page.Page.Step)
	}
	_, err := w.answer(page.SignIn, session.AnswerEnrolment, "ABCD-EFGH")
	wantField(t, err, "has run out")
}

func TestSetupNotBegunInTimeIsClosed(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	w.clock.Advance(73 * time.Hour)
	page := w.begin("dana")
	if page.Page.Step.Kind != login.Closed || page.Page.Secret != "" {
		t.Fatalf("page %+v", page.Page)
	}
}

func TestRecoveryCodeStandsIn(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	_, first := w.enrolled("dana")
	page := w.begin("dana")
	typed := strings.ToLower(strings.ReplaceAll(first.RecoveryCodes[3], "-", " "))
	out := w.mustAnswer(page.SignIn, session.AnswerRecovery, typed)
	if !w.usable(out.Session) || !out.OfferPhone || out.RecoveryLeft != 9 || out.FewRecovery {
		t.Fatalf("outcome %+v", out)
	}
	if w.told(session.NoticeRecoveryUsed) != 1 {
		t.Error("its owner was not told")
	}
	again := w.begin("dana")
	_, err := w.answer(again.SignIn, session.AnswerRecovery, first.RecoveryCodes[3])
	wantField(t, err, "used already")

	actor := w.actor(out.Session)
	if own, err := w.s.Own(ctx, actor, 1); err != nil || !own.PhoneProved {
		t.Errorf("the own page asks for a further proof: %v", err)
	}
	phone, err := w.reach(w.s.BeginPhone(ctx, actor, "/me"))
	if err != nil || phone.Page.Step.Kind != login.Enrol {
		t.Fatalf("new phone: %v %+v", err, phone.Page.Step)
	}
	moved := w.mustAnswer(phone.SignIn, session.AnswerCode, w.digits(phone.Page.Secret, 0))
	if !w.usable(moved.Session) || w.usable(out.Session) || !moved.OlderCodes {
		t.Error("the acting session did not go on under a new token")
	}
}

func TestNewPhoneNeedsTheOldOne(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	key, first := w.enrolled("dana")
	elsewhere := w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.digits(key, 0))
	w.clock.Advance(30 * time.Second)
	actor := w.actor(first.Session)
	phone, err := w.reach(w.s.BeginPhone(ctx, actor, "/me"))
	if err != nil || phone.Page.Step != (login.Step{Kind: login.Opener, Method: sallyport.MethodApp}) || phone.Page.Secret != "" {
		t.Fatalf("%v %+v", err, phone.Page)
	}
	set := w.mustAnswer(phone.SignIn, session.AnswerCode, w.digits(key, 0))
	out := w.mustAnswer(set.SignIn, session.AnswerCode, w.digits(set.Page.Secret, 0))
	if !w.usable(out.Session) || w.usable(first.Session) || w.usable(elsewhere.Session) {
		t.Error("only the acting session lives on, under a new token")
	}
	if proved := w.actor(out.Session).ProvedAt; !proved.Equal(w.clock.Now()) {
		t.Errorf("two phones were proved, and its last proof is of %s", proved)
	}
	if n := len(w.liveSessions(dana.ID)); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// TestRecoveryCodeProvesNoStepUp: the recovery code of the sign-in is the proof for a new phone, and for nothing else.
func TestRecoveryCodeProvesNoStepUp(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	_, first := w.enrolled("dana")
	in := w.mustAnswer(w.begin("dana").SignIn, session.AnswerRecovery, first.RecoveryCodes[0])
	w.clock.Advance(6 * time.Minute)
	asked, err := w.reach(w.s.BeginStepUp(ctx, w.actor(in.Session), "/me"))
	if err != nil || asked.Finished || asked.Page.Step.Kind != login.Factor {
		t.Errorf("not asked for a proof: %+v, %v", asked, err)
	}
}

// TestStepUpSaysByWhat: the session and the event say what proved it again (W26), and a recovery code given there opens the way to a new phone
// as one at the sign-in does; a code of the app does not.
func TestStepUpSaysByWhat(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	key, first := w.enrolled("dana")
	for _, c := range []struct {
		kind   session.AnswerKind
		typed  func() string
		method string
		phone  login.Kind
	}{
		{session.AnswerRecovery, func() string { return first.RecoveryCodes[0] }, "recovery", login.Enrol},
		{session.AnswerCode, func() string { return w.digits(key, 0) }, "app", login.Opener},
	} {
		w.clock.Advance(time.Minute)
		in := w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.digits(key, 0))
		w.clock.Advance(16 * time.Minute)
		out := w.mustAnswer(w.stepUp(w.actor(in.Session)), c.kind, c.typed())
		actor := w.actor(out.Session)
		for _, s := range w.liveSessions(dana.ID) {
			if s.Hash == actor.Session && s.Method != c.method {
				t.Errorf("the session says %q after %q", s.Method, c.kind)
			}
		}
		last := look(w, func(tx *store.Tx) ([]sallyport.Event, error) {
			return tx.Events(ctx, sallyport.EventFilter{Type: "session.stepup.right", Limit: 1})
		})
		if len(last) != 1 || last[0].After["method"] != c.method {
			t.Errorf("the event says %+v after %q", last, c.kind)
		}
		phone, err := w.reach(w.s.BeginPhone(ctx, actor, "/me"))
		if err != nil || phone.Page.Step.Kind != c.phone {
			t.Errorf("a new phone after %q: %v, %+v", c.kind, err, phone.Page.Step)
		}
	}
}

func TestStepUp(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	key, first := w.enrolled("dana")
	w.clock.Advance(16 * time.Minute)
	actor := w.actor(first.Session)
	if _, err := w.s.NewRecoveryCodes(ctx, actor); sallyport.KindOf(err) != sallyport.StepUp {
		t.Fatalf("an old proof was enough: %v", err)
	}
	up := w.stepUp(actor)
	out := w.mustAnswer(up, session.AnswerCode, w.digits(key, 0))
	if !out.Finished || w.usable(first.Session) || !w.usable(out.Session) || out.Return != "/me" {
		t.Fatalf("outcome %+v", out)
	}
	actor = w.actor(out.Session)
	fresh, err := w.s.NewRecoveryCodes(ctx, actor)
	if err != nil || len(fresh.RecoveryCodes) != 10 || !fresh.OlderCodes || !w.usable(fresh.Session) {
		t.Fatalf("%v %+v", err, fresh)
	}
}

func TestThreeWrongAnswersEndTheSession(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	key, first := w.enrolled("dana")
	actor := w.actor(first.Session)
	bad := wrongApp(w, key)
	var err error
	for i := range 3 {
		_, err = w.answer(w.stepUp(actor), session.AnswerCode, bad) // beginning anew gives no tries back
		if i < 2 {
			wantField(t, err, "not right")
		}
	}
	wantCode(t, err, "guessing")
	if w.usable(first.Session) {
		t.Error("the session lives on")
	}
	if reason, ok := w.s.EndedReason(ctx, first.Session, browser); !ok || reason != sallyport.EndedByGuessing {
		t.Errorf("reason %q %v", reason, ok)
	}
}

// TestThreeWrongAnswersForANewPhoneEndTheSession: whoever holds a session alone has three guesses at the factor in all, at a new phone as
// before any other sensitive change, and beginning anew gives none back. Mistyping the new phone's first code costs nothing.
func TestThreeWrongAnswersForANewPhoneEndTheSession(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	key, first := w.enrolled("dana")
	actor := w.actor(first.Session)
	phone := func() sallyport.Token {
		out, err := w.reach(w.s.BeginPhone(ctx, actor, "/me"))
		if err != nil {
			t.Fatal(err)
		}
		return out.SignIn
	}
	_, err := w.answer(phone(), session.AnswerCode, wrongApp(w, key))
	wantField(t, err, "not right")
	_, err = w.answer(phone(), session.AnswerRecovery, "AAAAAAAAAAAAAAAAAAAAAAAAAA")
	wantField(t, err, "not right")
	set := w.mustAnswer(phone(), session.AnswerCode, w.digits(key, 0)) // which ends the count
	for range 4 {
		_, err = w.answer(set.SignIn, session.AnswerCode, wrongApp(w, set.Page.Secret))
		wantField(t, err, "not right")
	}
	_, err = w.answer(phone(), session.AnswerCode, wrongApp(w, key))
	wantField(t, err, "not right")
	_, err = w.answer(w.stepUp(actor), session.AnswerCode, wrongApp(w, key))
	wantField(t, err, "not right")
	_, err = w.answer(phone(), session.AnswerCode, wrongApp(w, key))
	wantCode(t, err, "guessing")
	if w.usable(first.Session) {
		t.Error("the session lives on")
	}
	if reason, ok := w.s.EndedReason(ctx, first.Session, browser); !ok || reason != sallyport.EndedByGuessing {
		t.Errorf("reason %q %v", reason, ok)
	}
	if w.told(session.NoticeSessionEnded) != 1 || w.events("session.stepup.wrong") != 5 || w.read(dana.ID).FactorDisabled {
		t.Errorf("told %d times, %d events", w.told(session.NoticeSessionEnded), w.events("session.stepup.wrong"))
	}
}

// TestOwnPasswordIsAskedForAndCounted: a wrong one is an event and a try; the right one ends everything but the acting session.
func TestOwnPasswordIsAskedForAndCounted(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	first, second := w.begin("dana").Session, w.begin("dana").Session
	actor := w.actor(first)
	for range 5 {
		_, err := w.s.ChangePassword(ctx, actor, "not mine", newPassword)
		wantField(t, err, "not your password")
	}
	if _, err := w.s.ChangePassword(ctx, actor, goodPassword, newPassword); sallyport.KindOf(err) != sallyport.TooMany {
		t.Fatalf("the sixth try: %v", err)
	}
	if n := w.events("signin.password.wrong"); n != 5 {
		t.Errorf("%d events", n)
	}
	w.clock.Advance(time.Minute)
	out, err := w.s.ChangePassword(ctx, actor, goodPassword, newPassword)
	if err != nil || !w.usable(out.Session) || w.usable(first) || w.usable(second) {
		t.Fatalf("%v; new %v, acting %v, other %v", err, w.usable(out.Session), w.usable(first), w.usable(second))
	}
	if _, err := w.password("dana"); sallyport.CodeOf(err) != "wrong_password" {
		t.Errorf("the old password: %v", err)
	}
}
