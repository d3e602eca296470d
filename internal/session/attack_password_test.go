package session_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/store"
	"sallyport/internal/testkit/database"
)

func attempt(w *world, a session.Attempt) error {
	_, err := w.s.Password(ctx, a)
	return err
}

// kinds adds an account of each kind that a wrong password must not tell apart. Dana and Erin are active, Erin with an app
// that is set up; Gone and Left are deactivated, Soon and Late invited, of whom Late, as invited people do, has no password.
func (w *world) kinds() {
	w.t.Helper()
	w.technician("dana", sallyport.MethodApp)
	w.technician("erin", sallyport.MethodApp)
	w.enrolled("erin")
	for name, status := range map[string]sallyport.Status{"gone": sallyport.Deactivated, "left": sallyport.Deactivated,
		"soon": sallyport.Invited, "late": sallyport.Invited} {
		w.change(w.technician(name, sallyport.MethodApp).ID, func(t *sallyport.Technician) { t.Status = status })
	}
	w.write(func(tx *store.Tx) error {
		late, err := tx.TechnicianByKey(ctx, "late")
		if err != nil {
			return err
		}
		return tx.SetPassword(ctx, late.ID, late.Generation, nil)
	})
}

// TestD7_1: unknown, wrong, deactivated and invited are told the same, whether what they type is stored or not.
func TestD7_1(t *testing.T) {
	w := newWorld(t)
	w.kinds()
	for _, a := range []session.Attempt{
		{UserName: "dana", Password: "wrong"}, {UserName: "erin", Password: "wrong"}, {UserName: "nobody", Password: goodPassword},
		{UserName: "gone", Password: goodPassword}, {UserName: "left", Password: "wrong"}, {UserName: "soon", Password: goodPassword},
		{UserName: "soon", Password: "wrong"}, {UserName: "late", Password: goodPassword}, {UserName: "late", Password: ""},
		{UserName: "", Password: ""}, {UserName: "\u202eanad", Password: "x"},
	} {
		if err := attempt(w, a); err != session.ErrWrongPassword {
			t.Errorf("%q: %v", a.UserName, err)
		}
	}
}

// TestD7_3: the same count of hash calls, statements and write transactions for every kind of wrong answer.
func TestD7_3(t *testing.T) {
	w := newWorld(t)
	w.kinds()
	type work struct{ hashes, statements, writes int64 }
	measure := func(name string) work {
		before, hashes := w.db.Stats(), sharedHasher.Calls()
		_ = attempt(w, session.Attempt{UserName: name, Password: "wrong", Client: browser})
		after := w.db.Stats()
		return work{sharedHasher.Calls() - hashes, int64(after.Statements - before.Statements), int64(after.Writes - before.Writes)}
	}
	want := measure("dana")
	if want.hashes != 1 || want.statements == 0 || want.writes == 0 {
		t.Fatalf("measured nothing: %+v", want)
	}
	for _, name := range []string{"nobody", "erin", "gone", "soon", "late", "also nobody"} {
		if got := measure(name); got != want {
			t.Errorf("%q: %+v, a known name %+v", name, got, want)
		}
	}
	for i := range 8 { // the waits begin
		want := measure("dana")
		if throttled := i >= 4; (want.hashes == 0) != throttled {
			t.Errorf("try %d: %+v", i+2, want)
		}
		if got := measure("nobody"); got != want {
			t.Errorf("try %d: %+v, a known name %+v", i+2, got, want)
		}
	}
}

// TestD7_3Reset: asking for a reset is answered before anything was looked up: while the database is held by somebody
// else, a name that nobody has and a known one are answered alike.
func TestD7_3Reset(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	w.enrolled("dana")
	held, release := make(chan struct{}, 16), make(chan struct{})
	done := make(chan error)
	hold := func(*store.Tx) error {
		held <- struct{}{}
		<-release
		return nil
	}
	writers := 1
	if database.OnPostgres() {
		writers = 8 // as many as there are
	}
	for range writers {
		go func() { done <- w.db.Write(ctx, hold) }()
	}
	for range writers {
		<-held
	}
	for _, name := range []string{"dana", "nobody", "\x00"} {
		if err := w.s.AskReset(ctx, name, browser); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	if w.told(session.NoticeReset) != 0 {
		t.Error("a link was made before the answer")
	}
	close(release)
	for range writers {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	w.s.Close()
	if w.told(session.NoticeReset) != 1 {
		t.Error("the link was not made afterwards")
	}
}

// TestD7_6: failures without end for one account, and its owner gets in at once from a browser that signed in before; a
// new browser waits at most 30 seconds. From the fifth on each is the same statement, so that 300 are as good as 10,000.
func TestD7_6(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	w.technician("mara", sallyport.MethodOff)
	device, stranger := w.begin("dana").Device, w.begin("mara").Device
	for i := range 300 {
		client := sallyport.Client{Address: fmt.Sprintf("198.51.%d.%d", i/200, i%200)}
		_ = attempt(w, session.Attempt{UserName: "dana", Password: "wrong", Client: client})
	}
	if err := attempt(w, session.Attempt{UserName: "dana", Password: goodPassword, Client: browser, Device: device}); err != nil {
		t.Errorf("from a known browser: %v", err)
	}
	for _, device := range []sallyport.Token{"", stranger} {
		err := attempt(w, session.Attempt{UserName: "dana", Password: goodPassword, Client: browser, Device: device})
		if sallyport.KindOf(err) != sallyport.TooMany {
			t.Fatalf("from a new browser, or one that signed somebody else in: %v", err)
		}
	}
	w.clock.Advance(30 * time.Second)
	if err := attempt(w, session.Attempt{UserName: "dana", Password: goodPassword, Client: browser}); err != nil {
		t.Errorf("after 30 seconds: %v", err)
	}
}

// TestD7_7: spellings of one name share one count, with white space of any kind around it as well (also W6 and W7).
func TestD7_7(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	for _, name := range []string{"dana", "DANA", " dana", "ｄａｎａ", "dana\u00a0"} {
		_ = attempt(w, session.Attempt{UserName: name, Password: "wrong", Client: browser})
	}
	for _, name := range []string{"dAna", "dana ", "\u3000Dana", "dana\t"} {
		if err := attempt(w, session.Attempt{UserName: name, Password: goodPassword, Client: browser}); sallyport.KindOf(err) != sallyport.TooMany {
			t.Errorf("a sixth spelling, %q: %v", name, err)
		}
	}
}

// TestParallelGuesses: two hundred guesses at once are no faster than one after the other (W12).
func TestParallelGuesses(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	before := sharedHasher.Calls()
	var in atomic.Int64
	parallel(200, func(i int) {
		if err := attempt(w, session.Attempt{UserName: "dana", Password: fmt.Sprint("wrong ", i), Client: browser}); err == nil {
			in.Add(1)
		}
	})
	if n := sharedHasher.Calls() - before; n != 5 || in.Load() != 0 {
		t.Errorf("%d guesses were hashed", n)
	}
}
