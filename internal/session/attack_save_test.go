package session_test

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/login"
	"sallyport/internal/session"
	"sallyport/internal/store"
	"sallyport/internal/testkit/database"
)

// TestD2_1: 20 live sessions under constant checks; once the Save's transaction has answered, no check that begins
// later is let in (invariants I3 and I5).
func TestD2_1(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodOff)
	for range 8 {
		tokens := make([]sallyport.Token, 20)
		for i := range tokens {
			tokens[i] = w.begin("dana").Session
		}
		var saved, late, before atomic.Int64
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for _, token := range tokens {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					after := saved.Load()
					switch in, err := w.either().Check(ctx, token); {
					case err != nil:
						t.Error(err)
						return
					case in && after == 1:
						late.Add(1)
					case in:
						before.Add(1)
					}
				}
			})
		}
		for before.Load() < 100 && !t.Failed() {
			runtime.Gosched()
		}
		w.raise(dana.ID)
		saved.Store(1)
		for _, token := range tokens {
			if w.usable(token) {
				t.Error("let in after the Save")
			}
		}
		close(stop)
		wg.Wait()
		if late.Load() != 0 {
			t.Fatalf("%d checks that began after the Save were let in", late.Load())
		}
	}
}

// TestD2_2: a sign-in begun before Save and finished after it gets no session (also W8 and W40).
func TestD2_2(t *testing.T) {
	w := newWorld(t)
	dana, page := holding(t, w)
	code := w.mail.code(dana.Email)
	w.raise(dana.ID)
	_, err := w.answer(page.SignIn, session.AnswerCode, code)
	wantCode(t, err, "sign_in_over")
	if n := len(w.liveSessions(dana.ID)); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

// TestD2_3: the code's submit and Save race, many times: after Save no session of the old generation is usable.
func TestD2_3(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	key, _ := w.enrolled("dana")
	for range 200 {
		page := w.begin("dana")
		code := w.digits(key, 0)
		var out reached
		var err error
		parallel(2, func(i int) {
			if i == 0 {
				out, err = w.answer(page.SignIn, session.AnswerCode, code)
			} else {
				w.raise(dana.ID)
			}
		})
		generation := w.read(dana.ID).Generation
		for _, s := range w.liveSessions(dana.ID) {
			if s.Generation != generation {
				t.Fatalf("a session of generation %d at %d", s.Generation, generation)
			}
		}
		if err == nil && w.usable(out.Session) && len(w.liveSessions(dana.ID)) == 0 {
			t.Fatal("usable without a session")
		}
		if err == nil && w.usable(out.Session) {
			t.Fatal("a session of a sign-in begun before the Save is usable after it")
		}
		w.clock.Advance(30 * time.Second)
	}
}

// TestD2_8: the link, the set-up page and the step-up from before the Save are dead.
func TestD2_8(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	setup := w.begin("dana")
	w.raise(dana.ID)
	_, err := w.answer(setup.SignIn, session.AnswerCode, w.digits(setup.Page.Secret, 0))
	wantCode(t, err, "sign_in_over")

	key, in := w.enrolled("dana")
	actor := w.actor(in.Session)
	up := w.stepUp(actor)
	link := w.link(sallyport.LinkReset, w.read(dana.ID))
	w.raise(dana.ID)
	_, err = w.answer(up, session.AnswerCode, w.digits(key, 0))
	wantCode(t, err, "sign_in_over")
	if _, err := w.s.CompleteLink(ctx, sallyport.LinkReset, link, session.LinkForm{Password: newPassword}, browser); sallyport.KindOf(err) != sallyport.Gone {
		t.Errorf("the reset link lives: %v", err)
	}
	if _, err := w.s.ChangePassword(ctx, actor, goodPassword, newPassword); sallyport.KindOf(err) != sallyport.Unauthorized {
		t.Errorf("an actor of a dead session may act: %v", err)
	}
}

// TestD2_8Waiting: what waits for somebody to come, or for an administrator, is dead after the Save: invitation, rescue link,
// enrolment code, and a password reset that was not approved.
func TestD2_8Waiting(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	for kind, status := range map[sallyport.LinkKind]sallyport.Status{sallyport.LinkInvitation: sallyport.Invited, sallyport.LinkRescue: sallyport.Active} {
		w.change(dana.ID, func(t *sallyport.Technician) { t.Status = status })
		link := w.link(kind, w.read(dana.ID))
		if _, err := w.s.Link(ctx, kind, link); err != nil {
			t.Fatalf("%s before the Save: %v", kind, err)
		}
		w.raise(dana.ID)
		if _, err := w.s.CompleteLink(ctx, kind, link, session.LinkForm{Password: newPassword}, browser); sallyport.KindOf(err) != sallyport.Gone {
			t.Errorf("the %s lives: %v", kind, err)
		}
	}
	w.change(dana.ID, func(t *sallyport.Technician) { t.Status = sallyport.Active })
	w.enrolled("dana")
	w.reset(dana.ID, "ABCDEFGH")
	asked := w.begin("dana")
	w.raise(dana.ID)
	_, err := w.answer(asked.SignIn, session.AnswerEnrolment, "ABCD-EFGH")
	wantCode(t, err, "sign_in_over")
	_, err = w.answer(w.begin("dana").SignIn, session.AnswerEnrolment, "ABCD-EFGH")
	wantField(t, err, "enrolment code is not right, or has run out")
	waiting := func() int {
		return len(look(w, func(tx *store.Tx) ([]sallyport.PasswordReset, error) { return tx.WaitingResets(ctx) }))
	}
	emil := w.technician("emil", sallyport.MethodEmail)
	if err := w.askReset("emil"); err != nil || waiting() != 1 {
		t.Fatalf("%v, %d wait", err, waiting())
	}
	w.raise(emil.ID)
	if waiting() != 0 {
		t.Error("the password reset still waits to be approved")
	}
}

// TestD2_12: a Save that fails half way changes nothing, neither stored nor remembered.
func TestD2_12(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	_, in := w.enrolled("dana")
	broken := errors.New("half way")
	err := w.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Raise(ctx, dana.ID, sallyport.EndedBySave); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) || !w.usable(in.Session) || w.read(dana.ID).Generation != 2 {
		t.Errorf("%v; usable %v", err, w.usable(in.Session))
	}
}

// TestD3_1: two browsers at the set-up page have a secret each; the first to confirm wins, the other's is void.
func TestD3_1(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	a, b := w.begin("dana"), w.begin("dana")
	if a.Page.Secret == b.Page.Secret {
		t.Fatal("two sign-ins share a secret")
	}
	w.mustAnswer(a.SignIn, session.AnswerCode, w.digits(a.Page.Secret, 0))
	_, err := w.answer(b.SignIn, session.AnswerCode, w.digits(b.Page.Secret, 0))
	wantCode(t, err, "sign_in_over")
	w.clock.Advance(30 * time.Second)
	w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.digits(a.Page.Secret, 0))
}

// TestD3_2: a hundred confirms at once leave exactly one active secret, the winner's.
func TestD3_2(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	pages := make([]reached, 25)
	for i := range pages {
		pages[i] = w.begin("dana")
	}
	var mu sync.Mutex
	var won []string
	parallel(100, func(i int) {
		p := pages[i%len(pages)]
		if _, err := w.answer(p.SignIn, session.AnswerCode, w.digits(p.Page.Secret, 0)); err == nil {
			mu.Lock()
			won = append(won, p.Page.Secret)
			mu.Unlock()
		}
	})
	if len(won) != 1 || len(w.liveSessions(dana.ID)) != 1 {
		t.Fatalf("%d won, %d sessions", len(won), len(w.liveSessions(dana.ID)))
	}
	w.clock.Advance(30 * time.Second)
	w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.digits(won[0], 0))
}

// TestD3_13: a mailbox or number is proved by a code before it is the factor, and a changed one is proved anew.
func TestD3_13(t *testing.T) {
	const mailbox, number = "dana.reyes@northwind.example", "+12025550147"
	for _, c := range []struct {
		method   sallyport.Method
		old, new string
	}{{sallyport.MethodEmail, "dana@northwind.example", mailbox}, {sallyport.MethodText, "+15551230001", number}} {
		t.Run(string(c.method), func(t *testing.T) {
			w := newWorld(t)
			dana := w.technician("dana", c.method)
			page := w.begin("dana")
			if f := w.factor(dana.ID); f != nil || page.Page.Step != (login.Step{Kind: login.Enrol, Method: c.method}) {
				t.Fatalf("step %+v, held before any code %+v", page.Page.Step, f)
			}
			w.mustAnswer(page.SignIn, session.AnswerCode, w.mail.code(c.old))
			if f := w.factor(dana.ID); f == nil || f.Kind != c.method || f.Address != c.old {
				t.Fatalf("proved %+v", f)
			}
			w.change(dana.ID, func(t *sallyport.Technician) { t.Email, t.Phone = mailbox, number })
			page = w.begin("dana")
			if page.Page.Step != (login.Step{Kind: login.Opener, Method: c.method}) || w.mail.code(c.new) != "" {
				t.Fatalf("step %+v, sent to the new one %v", page.Page.Step, w.mail.code(c.new) != "")
			}
			set := w.mustAnswer(page.SignIn, session.AnswerCode, w.mail.code(c.old))
			if set.Finished || set.Page.Step != (login.Step{Kind: login.Enrol, Method: c.method}) {
				t.Fatalf("step %+v", set.Page.Step)
			}
			if f := w.factor(dana.ID); f.Address != c.old {
				t.Errorf("before its code %+v is the factor", f)
			}
			w.mustAnswer(set.SignIn, session.AnswerCode, w.mail.code(c.new))
			if f := w.factor(dana.ID); f.Address != c.new {
				t.Errorf("after its code %+v is the factor", f)
			}
		})
	}
}

// TestForcedSignOutSaysWhy: the holder of a dead session, and nobody else, learns why it ended (F18).
func TestForcedSignOutSaysWhy(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodOff)
	in := w.begin("dana").Session
	w.raise(dana.ID)
	if reason, ok := w.s.EndedReason(ctx, in, browser); !ok || reason != sallyport.EndedBySave {
		t.Errorf("%q %v", reason, ok)
	}
	if _, ok := w.s.EndedReason(ctx, sallyport.NewToken(), browser); ok {
		t.Error("a stranger's token has a reason")
	}
}

// TestUnknownCommitEmptiesTheMemory: after a commit of unknown outcome checks read the database again.
func TestUnknownCommitEmptiesTheMemory(t *testing.T) {
	database.OnlySQLite(t, "with several nodes nothing is answered from memory")
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodOff)
	in := w.begin("dana").Session
	if !w.usable(in) {
		t.Fatal("not usable")
	}
	w.db.OnCommit(func(sallyport.Change) {}, func() {}) // the commit's outcome stays unknown to the memory
	w.raise(dana.ID)
	w.s.Memory().Forget()
	if w.usable(in) {
		t.Error("answered from a memory that should be empty")
	}
}

// TestIdleAndAge: 30 minutes without a request, and 12 hours in any case; a use counts although it is not written.
func TestIdleAndAge(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	in := w.begin("dana").Session
	for range 23 {
		w.clock.Advance(29 * time.Minute)
		if !w.usable(in) {
			t.Fatal("ended while it was used")
		}
	}
	w.clock.Advance(29 * time.Minute)
	w.clock.Advance(29 * time.Minute)
	if w.usable(in) {
		t.Error("idle for 58 minutes")
	}
	aged := w.begin("dana").Session
	for range 26 {
		w.clock.Advance(28 * time.Minute)
		w.usable(aged)
	}
	if w.usable(aged) {
		t.Error("older than 12 hours")
	}
}

// TestMemoryAgreesWithTheDatabase: the same answers whether a session is remembered, loaded or read.
func TestMemoryAgreesWithTheDatabase(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodOff)
	first, second := w.begin("dana").Session, w.begin("dana").Session
	w.s.Flush(ctx)
	if memory := w.s.Memory(); memory != nil {
		memory.Forget()
	}
	if !w.usable(first) || !w.usable(second) || w.usable(sallyport.NewToken()) {
		t.Error("read from the database: other answers")
	}
	hash, _ := first.Hash()
	actor := w.actor(second)
	if err := w.s.EndOwn(ctx, actor, hash); err != nil {
		t.Fatal(err)
	}
	if w.usable(first) || !w.usable(second) {
		t.Error("ending one session ended the wrong ones")
	}
	if err := w.s.EndOwn(ctx, sallyport.Actor{ID: dana.ID}, hash); sallyport.KindOf(err) != sallyport.NotFound {
		t.Errorf("ended twice: %v", err)
	}
}
