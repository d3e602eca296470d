package session_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/factor"
	"sallyport/internal/login"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// from is a try at an account from an address, with a password that nobody has.
func (w *world) from(address, name, password string) error {
	return attempt(w, session.Attempt{UserName: name, Password: password, Client: sallyport.Client{Address: address}})
}

// compared is how many passwords f lets be hashed.
func compared(f func()) int64 {
	before := sharedHasher.Calls()
	f()
	return sharedHasher.Calls() - before
}

// TestOwnerLeavesTheGuessesOfOthers: the owner's sign-in takes back what his own network counted, and nothing of what
// others did: a guesser gains no try by it.
func TestOwnerLeavesTheGuessesOfOthers(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	for i := range 12 {
		if err := w.from(fmt.Sprintf("198.51.%d.1", i), "dana", "wrong"+fmt.Sprint(i)); err != session.ErrWrongPassword {
			t.Fatal(err)
		}
		w.clock.Advance(30 * time.Second)
	}
	if _, err := w.password("dana"); err != nil {
		t.Fatalf("the owner, after the wait: %v", err)
	}
	n := compared(func() {
		for i := range 6 {
			_ = w.from(fmt.Sprintf("203.0.%d.1", i), "dana", "guess"+fmt.Sprint(i))
		}
	})
	if n != 1 {
		t.Errorf("%d guesses were compared after the owner's sign-in, want the one whose wait was over", n)
	}
	w.clock.Advance(29 * time.Second)
	if err := w.from("203.0.113.1", "dana", "again"); sallyport.KindOf(err) != sallyport.TooMany {
		t.Errorf("the wait of a guesser was cut short: %v", err)
	}
}

// TestOwnerEndsNoWaitOfAnother: a guess that was counted while the owner's password was being compared keeps its wait.
func TestOwnerEndsNoWaitOfAnother(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	for i := range 3 {
		_ = w.from(fmt.Sprintf("198.51.%d.1", i), "dana", "wrong"+fmt.Sprint(i))
	}
	// The owner's is the fourth, the fifth begins a wait; then the owner's is right.
	between := &between{Transactions: store.For[session.Tx](w.db), after: 1, do: func() { _ = w.from("198.51.9.1", "dana", "wrong") }}
	if _, err := w.over(between).Password(ctx, session.Attempt{UserName: "dana", Password: goodPassword, Client: browser}); err != nil {
		t.Fatal(err)
	}
	if err := w.from("198.51.10.1", "dana", "wrong"); sallyport.KindOf(err) != sallyport.TooMany {
		t.Errorf("the fifth guess's wait is gone: %v", err)
	}
}

// TestKnownBrowsersAreCounted: a thief who signed in very often while the password was his has no count for each time when
// it is another: what is guessed at the account in a day stays within what its own wait over all networks leaves.
func TestKnownBrowsersAreCounted(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	var stolen []sallyport.Token
	for range 3 * sallyport.KnownBrowsers {
		stolen = append(stolen, w.begin("dana").Device)
		w.clock.Advance(time.Second)
	}
	owner := w.begin("dana")
	if _, err := w.s.ChangePassword(ctx, w.actor(owner.Session), goodPassword, newPassword); err != nil {
		t.Fatal(err)
	}
	n := compared(func() {
		for i, device := range stolen {
			for range 5 {
				_ = attempt(w, session.Attempt{UserName: "dana", Password: "guess", Device: device, Client: sallyport.Client{Address: fmt.Sprintf("198.51.%d.1", i)}})
			}
		}
	})
	if most := int64(5*sallyport.KnownBrowsers + 5); n > most || n < 5 {
		t.Errorf("%d guesses were compared at once, want %d at most", n, most)
	}
	if _, err := w.s.Password(ctx, session.Attempt{UserName: "dana", Password: newPassword, Client: browser, Device: owner.Device}); err != nil {
		t.Errorf("the owner, whose browser signed in last: %v", err)
	}
}

// between is a storage in which something happens after so many write transactions, or which is dead from then on.
type between struct {
	store.Transactions[session.Tx]
	mu    sync.Mutex
	after int
	do    func() // nil: the process was killed
}

var errKilled = errors.New("killed")

func (b *between) Write(ctx context.Context, f func(session.Tx) error) error {
	b.mu.Lock()
	now, do := b.after == 0, b.do
	b.after--
	b.mu.Unlock()
	switch {
	case now && do == nil:
		return errKilled
	case now:
		do()
	}
	return b.Transactions.Write(ctx, f)
}

// over is another process on the same database.
func (w *world) over(s session.Store) *session.Service { return session.New(w.options(s)) }

// TestKillsLeaveNoCountBehind: sign-ins whose process dies between the count and the success cost their owner nothing
// for longer than until his next success.
func TestKillsLeaveNoCountBehind(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	for round := range 10 {
		for range 3 {
			_, err := w.over(&between{Transactions: store.For[session.Tx](w.db), after: 1}).Password(ctx, session.Attempt{UserName: "dana", Password: goodPassword, Client: browser})
			if !errors.Is(err, errKilled) {
				t.Fatalf("round %d: %v", round, err)
			}
		}
		if _, err := w.password("dana"); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}

// TestKillBeforeTheThirdIsRecorded: a process that dies between the count of the third wrong answer and its record leaves nobody told.
// The fourth makes it good, once.
func TestKillBeforeTheThirdIsRecorded(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	key, _ := w.enrolled("dana")
	page := w.begin("dana")
	guess := func(s *session.Service) error {
		_, err := s.Answer(ctx, page.SignIn, session.Answer{Kind: session.AnswerCode, Typed: wrongApp(w, key)}, browser)
		w.clock.Advance(20 * time.Second) // more than the longest wait of these
		return err
	}
	for range 2 {
		wantField(t, guess(w.either()), "not right")
	}
	if err := guess(w.over(&between{Transactions: store.For[session.Tx](w.db), after: 1})); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	for i, want := range []int{0, 1, 1} {
		if told := w.told(session.NoticeWrongCodes); told != want {
			t.Errorf("after %d answers its owner was told %d times", 3+i, told)
		}
		wantField(t, guess(w.either()), "not right")
	}
}

// TestKillBeforeTheLastIsRecorded: a process that dies between the count of the last wrong answer and its record leaves
// the factor switched off and nobody told. The next to come, when that answer's wait is over, makes it good: one event and
// one notice, whichever way and on however many nodes at once he comes.
func TestKillBeforeTheLastIsRecorded(t *testing.T) {
	for name, next := range map[string]func(w *world, page session.Outcome){
		"an answer": func(w *world, page session.Outcome) {
			_, err := w.answer(page.SignIn, session.AnswerCode, "000000")
			if sallyport.CodeOf(err) != "factor_disabled" {
				w.t.Errorf("answered %v", err)
			}
		},
		"a recovery code": func(w *world, page session.Outcome) {
			if _, err := w.answer(page.SignIn, session.AnswerRecovery, strings.Repeat("a", 26)); sallyport.KindOf(err) != sallyport.Invalid && sallyport.CodeOf(err) != "wait" {
				w.t.Errorf("answered %v", err)
			}
		},
		"a password": func(w *world, _ session.Outcome) {
			if page, err := w.password("dana"); err != nil || page.Page.Step.Kind != login.Disabled {
				w.t.Errorf("%+v, %v", page.Page.Step, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.policy(func(s *sallyport.Settings) { s.FactorRun = 10 })
			dana := w.technician("dana", sallyport.MethodApp)
			key, _ := w.enrolled("dana")
			pages := []session.Outcome{w.begin("dana").Outcome, w.begin("dana").Outcome}
			guess := func(s *session.Service) error {
				_, err := s.Answer(ctx, pages[0].SignIn, session.Answer{Kind: session.AnswerCode, Typed: wrongApp(w, key)}, browser)
				w.clock.Advance(17 * time.Second) // more than the longest wait before the last
				return err
			}
			for i := range 9 {
				if err := guess(w.either()); sallyport.KindOf(err) != sallyport.Invalid {
					t.Fatalf("answer %d: %v", i+1, err)
				}
			}
			if err := guess(w.over(&between{Transactions: store.For[session.Tx](w.db), after: 1})); !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			said := func(want int) {
				t.Helper()
				events, told, off := w.events("signin.factor.disabled"), w.told(session.NoticeFactorOff), w.read(dana.ID).FactorDisabled
				if events != want || told != want || off != (want == 1) {
					t.Errorf("%d events, %d notices, recorded as off: %v; want %d of each", events, told, off, want)
				}
			}
			next(w, pages[0]) // that answer may still be under way
			said(0)
			w.clock.Advance(16 * time.Second)
			parallel(2, func(i int) { next(w, pages[i]) })
			said(1)
			next(w, pages[1])
			said(1)
		})
	}
}

// TestNotComparedIsNotCounted: whoever found no place, or hung up before his turn at the hash, was not looked at.
func TestNotComparedIsNotCounted(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	n := compared(func() {
		for i := range 20 {
			gone, hangUp := context.WithCancel(ctx)
			s := w.over(&between{Transactions: store.For[session.Tx](w.db), do: hangUp}) // while he is counted
			if i%2 == 1 {
				hangUp() // before
			}
			_, err := s.Password(gone, session.Attempt{UserName: "dana", Password: goodPassword, Client: browser})
			if !errors.Is(err, factor.ErrBusy) {
				t.Fatal(err)
			}
		}
	})
	if _, err := w.password("dana"); err != nil || n != 0 {
		t.Errorf("after 20 that were not compared (%d were): %v", n, err)
	}
}

// TestD7_5: one password against very many names from many addresses is slowed after ten accounts, whether they exist
// or not; nobody is locked out, and a browser that signed in before does not even notice, whatever its password.
func TestD7_5(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	device := w.begin("dana").Device
	spray := func(i int) error {
		return w.from(fmt.Sprintf("198.%d.100.1", i), fmt.Sprintf("user%d", i), goodPassword)
	}
	n := compared(func() {
		for i := range 60 {
			_ = spray(i)
			_ = spray(i) // again: one account counts once
		}
	})
	if n != 19 { // ten accounts, and nine of them again
		t.Errorf("%d of 120 tries of one password were compared", n)
	}
	if err := attempt(w, session.Attempt{UserName: "dana", Password: goodPassword, Client: browser, Device: device}); err != nil {
		t.Errorf("the sprayed password's owner, from a known browser: %v", err)
	}
	if err := w.from("192.0.2.77", "dana", "another password"); err != session.ErrWrongPassword {
		t.Errorf("another password: %v", err)
	}
	err := w.from("192.0.2.77", "dana", goodPassword)
	var e *sallyport.Error
	if !errors.As(err, &e) || e.Kind != sallyport.TooMany || e.RetryAfter > 30*time.Second {
		t.Errorf("from a new browser: %v", err)
	}
	w.clock.Advance(30 * time.Second)
	if err := w.from("192.0.2.77", "dana", goodPassword); err != nil {
		t.Errorf("30 seconds later: %v", err)
	}
	w.clock.Advance(30 * time.Second)
	if n := compared(func() {
		for i := range 10 {
			_ = spray(100 + i)
		}
	}); n != 2 {
		t.Errorf("%d of 10 more were compared after 60 seconds of which a right one took nothing", n)
	}
}

// TestD7_5Network: one address against many names, each with another password.
func TestD7_5Network(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	device := w.begin("dana").Device
	var names []string
	for i := range 902 {
		names = append(names, fmt.Sprintf("user%d", i))
	}
	w.cheap(names...)
	guess := func(address string, i int) error {
		return w.from(address, fmt.Sprintf("user%d", i), fmt.Sprintf("Password %d", i))
	}
	several := func(address func(i int) string, first int) int64 {
		return compared(func() {
			for i := range 230 {
				_ = guess(address(i), first+i)
			}
		})
	}
	if n := several(func(int) string { return "192.0.2.10" }, 0); n != 200 {
		t.Errorf("%d of 230 guesses from one address were compared", n)
	}
	if err := attempt(w, session.Attempt{UserName: "dana", Password: goodPassword, Client: browser, Device: device}); err != nil {
		t.Errorf("a known browser in that network: %v", err)
	}
	if n := several(func(i int) string { return fmt.Sprintf("192.0.2.%d", 11+i%200) }, 300); n != 200 {
		t.Errorf("%d of 230 guesses from its neighbours were compared", n)
	}
	w.clock.Advance(6 * time.Second)
	for range 3 { // a right password takes nothing of the room
		if err := w.from("192.0.2.10", "dana", goodPassword); err != nil {
			t.Errorf("a right password, 6 seconds later: %v", err)
		}
	}
	if n := compared(func() { _, _ = guess("192.0.2.10", 900), guess("192.0.2.10", 901) }); n != 1 {
		t.Errorf("%d of 2 guesses after 6 seconds were compared", n)
	}
}

// TestD7_8: an IPv6 attacker moves within his /64 for nothing, and within his /48 for little; so does one with a /24.
func TestD7_8(t *testing.T) {
	for name, address := range map[string]string{"/64": "2001:db8:1:1::%x", "/48": "2001:db8:1:%x::1", "/24": "203.0.113.%d"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.cheap("dana")
			n := compared(func() {
				for i := range 100 { // 30 seconds apart: the account's own wait is over each time
					_ = w.from(fmt.Sprintf(address, i+1), "dana", fmt.Sprint("wrong", i))
					w.clock.Advance(30 * time.Second)
				}
			})
			// Ten (18) before the wait is longer than half a minute, then 60, 90, 150, 270, 540 and 900 seconds apart.
			want := map[string]int64{"/64": 16, "/48": 24, "/24": 24}[name]
			if n != want {
				t.Errorf("%d of 100 were compared, want %d", n, want)
			}
			if err := w.from("192.0.2.10", "dana", "another"); err != session.ErrWrongPassword {
				t.Errorf("somebody elsewhere: %v", err)
			}
		})
	}
}

// TestW11: with the default of one step to either side, whoever has a technician's password and guesses as often as he
// is let (so many wrong answers within 365 days, which TestWrongYear counts; 100 in a row end it sooner) finds the second
// factor with less than 1 in 1,000, and a sent code with less than a third of that. No other setting of the limits lets
// more be tried; two steps to either side are five live codes, which the setting's own help says.
func TestW11(t *testing.T) {
	chance := func(live int) float64 { return 1 - math.Pow(1-float64(live)/1e6, session.WrongYearCap) }
	set := sallyport.DefaultSettings()
	if p := chance(2*set.StepsAside + 1); p >= 1e-3 {
		t.Errorf("the app: %.2g a year", p)
	}
	if p := chance(1); p >= 1e-3/3 {
		t.Errorf("a sent code: %.2g a year", p)
	}
	key, _ := sallyport.SettingByName("steps-aside")
	for aside := range 3 {
		if said := fmt.Sprintf("%.1f", 1000*chance(2*aside+1)); !strings.Contains(key.Help, said) {
			t.Errorf("%d steps aside: %s in 1,000, and the setting says %q", aside, said, key.Help)
		}
	}
}

// TestTwoServers: two processes over one database are as exact as one: of 200 guesses at once five are compared, and of
// 40 submissions with one proof of work one is looked at.
func TestTwoServers(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	servers := []*session.Service{w.over(store.For[session.Tx](w.db)), w.over(store.For[session.Tx](w.db))}
	looked := func(n int, a func(i int) session.Attempt) int64 {
		var wrong atomic.Int64
		parallel(n, func(i int) {
			_, err := servers[i%2].Password(ctx, a(i))
			if err == session.ErrWrongPassword {
				wrong.Add(1)
			} else if sallyport.KindOf(err) != sallyport.TooMany {
				t.Error(err)
			}
		})
		return wrong.Load()
	}
	if n := looked(200, func(i int) session.Attempt {
		return session.Attempt{UserName: "dana", Password: fmt.Sprint("wrong ", i), Client: browser}
	}); n != 5 {
		t.Errorf("%d guesses were compared", n)
	}
	p := w.page("ilya").failed(12)
	w.clock.Advance(30 * time.Second)
	p.solved().a.Password = "wrong again"
	if n := looked(40, func(int) session.Attempt { return p.a }); n != 1 {
		t.Errorf("%d submissions of one proof were looked at", n)
	}
}
