package session_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/puzzle"
	"sallyport/internal/session"
)

// page is a browser that holds the sign-in page's cookie.
type page struct {
	w *world
	a session.Attempt
}

func (w *world) page(name string) *page {
	return &page{w, session.Attempt{UserName: name, Password: goodPassword, Client: browser, Begun: sallyport.NewToken()}}
}

// challenge is what the page carries after what happened so far.
func (p *page) challenge() *session.Challenge {
	p.w.t.Helper()
	c, err := p.w.s.Challenge(ctx, p.a)
	if err != nil {
		p.w.t.Fatal(err)
	}
	return c
}

// solved lets the browser work, and gives the attempt the proof.
func (p *page) solved() *page {
	p.w.t.Helper()
	c := p.challenge()
	if c == nil {
		p.w.t.Fatal("the page carries no challenge")
	}
	p.a.Challenge, p.a.Proof = c.Text, puzzle.Solve(c.Text, c.Difficulty)
	return p
}

// failed lets wrong passwords be typed until so many are counted, each after the longest wait.
func (p *page) failed(n int) *page {
	p.w.t.Helper()
	for i := range n {
		a := p.a
		a.Password = fmt.Sprint("wrong ", i)
		if _, err := p.w.s.Password(ctx, a); err != session.ErrWrongPassword {
			p.w.t.Fatal(err)
		}
		if i < n-1 {
			p.w.clock.Advance(15 * time.Minute)
		}
	}
	return p
}

// wants fails unless the attempt is let in, or is told to wait.
func (p *page) wants(in bool) {
	p.w.t.Helper()
	_, err := p.w.s.Password(ctx, p.a)
	if in != (err == nil) || err != nil && sallyport.KindOf(err) != sallyport.TooMany {
		p.w.t.Errorf("let in %v: %v", !in, err)
	}
}

// TestProofLiftsTheLongWait: after many failed sign-ins a quarter of an hour is the wait, and with a proof the account's
// half minute.
func TestProofLiftsTheLongWait(t *testing.T) {
	for _, known := range []bool{false, true} {
		t.Run(fmt.Sprint("known ", known), func(t *testing.T) {
			w := newWorld(t)
			w.technician("dana", sallyport.MethodOff)
			p := w.page("dana")
			if known {
				p.a.Device = w.begin("dana").Device
			}
			p.failed(20)
			w.clock.Advance(29 * time.Second)
			p.wants(false)
			p.solved().wants(false)
			if c := p.challenge(); c.From.Sub(c.Now) != time.Second {
				t.Errorf("the page says to wait for %v", c.From.Sub(c.Now))
			}
			w.clock.Advance(time.Second)
			p.wants(true) // what was refused did not use the proof up
			if p.challenge() != nil {
				t.Error("after a success the page still carries a challenge")
			}
		})
	}
}

// TestProofsAreNoFasterThanTheContract: with a proof for each try, one network guesses at one account no faster than
// many networks may without one: once in 30 seconds.
func TestProofsAreNoFasterThanTheContract(t *testing.T) {
	w := newWorld(t)
	w.cheap("dana")
	p := w.page("dana").failed(9) // 30 seconds is the account's wait from now on
	const span = 10 * time.Minute
	used := ""
	n := compared(func() {
		for range span / (5 * time.Second) {
			w.clock.Advance(5 * time.Second)
			if p.a.Proof == used {
				p.solved()
			}
			p.a.Password = "wrong " + w.clock.Now().String()
			if _, err := w.s.Password(ctx, p.a); err == session.ErrWrongPassword {
				used = p.a.Proof
			}
		}
	})
	if most := int64(span/(30*time.Second)) + 1; n > most || n < most-5 {
		t.Errorf("%d guesses in %v, want no more than %d", n, span, most)
	}
}

// TestProofWorksOnce: of one proof on twenty submissions at once one is looked at, and it never works again.
func TestProofWorksOnce(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	p := w.page("dana").failed(20)
	w.clock.Advance(30 * time.Second)
	p.solved().a.Password = "wrong again"
	var looked atomic.Int64
	parallel(20, func(int) {
		if _, err := w.s.Password(ctx, p.a); err == session.ErrWrongPassword {
			looked.Add(1)
		}
	})
	if looked.Load() != 1 {
		t.Errorf("%d of 20 submissions with one proof were looked at", looked.Load())
	}
	w.clock.Advance(30 * time.Second)
	p.a.Password = goodPassword
	p.wants(false)
	p.solved().wants(true)
}

// TestProofRefused: what is no proof for this browser, this name and this time leaves the wait as it is.
func TestProofRefused(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	p, other := w.page("dana"), w.page("ilya")
	other.a.Begun = p.a.Begun // the same browser
	other.failed(3)
	p.failed(20)
	w.clock.Advance(30 * time.Second)
	good := *p.solved()
	for name, change := range map[string]func(a *session.Attempt){
		"of another browser": func(a *session.Attempt) { a.Begun = sallyport.NewToken() },
		"without the cookie": func(a *session.Attempt) { a.Begun = "" },
		"for another name":   func(a *session.Attempt) { o := other.solved().a; a.Challenge, a.Proof = o.Challenge, o.Proof },
		"not worked out":     func(a *session.Attempt) { a.Proof = "" },
		"worked out wrongly": func(a *session.Attempt) { a.Proof = a.Proof[8:] + "00000000" },
		"for an easier one":  func(a *session.Attempt) { a.Challenge = easier(t, a.Challenge); a.Proof = puzzle.Solve(a.Challenge, 1) },
		"with a later end":   func(a *session.Attempt) { a.Challenge = later(t, a.Challenge); a.Proof = puzzle.Solve(a.Challenge, 15) },
		"no challenge":       func(a *session.Attempt) { a.Challenge = "" },
		"of no base64":       func(a *session.Attempt) { a.Challenge = "%" },
	} {
		t.Run(name, func(t *testing.T) {
			bad := good
			bad.w = &world{t: t, s: w.s}
			change(&bad.a)
			bad.wants(false)
		})
	}
	w.clock.Advance(9*time.Minute + 59*time.Second)
	late := *p.solved()
	w.clock.Advance(time.Second)
	good.wants(false) // ten minutes old
	w.clock.Advance(-time.Second)
	late.wants(true)
}

func easier(t *testing.T, text string) string { return changed(t, text, 1, 1) }

func later(t *testing.T, text string) string { return changed(t, text, 4, 0xff) }

func changed(t *testing.T, text string, at int, to byte) string {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	raw[at] = to
	return base64.RawURLEncoding.EncodeToString(raw)
}

// TestChallengeAfter: the page carries a challenge after as many failed sign-ins as the setting says, of an account that
// exists or not, in one network; it grows harder, within bounds.
func TestChallengeAfter(t *testing.T) {
	for _, after := range []int{1, 3, 10} {
		w := newWorld(t)
		w.cheap("dana")
		w.policy(func(s *sallyport.Settings) { s.ProofAfter = after })
		for _, name := range []string{"dana", "nobody"} {
			p := w.page(name)
			for n := range 20 {
				c := p.challenge()
				if (c != nil) != (n >= after) {
					t.Errorf("%s, setting %d: a challenge after %d: %v", name, after, n, c != nil)
				}
				if want := min(puzzle.Easiest+(n-after)/4, puzzle.Hardest); c != nil && c.Difficulty != want {
					t.Errorf("setting %d: difficulty %d after %d, want %d", after, c.Difficulty, n, want)
				}
				p.failed(1)
				w.clock.Advance(15 * time.Minute)
			}
			p.a.Client.Address = "203.0.113.7"
			if p.challenge() != nil {
				t.Error("another network's page carries a challenge")
			}
		}
	}
}

// TestProofLiftsNoThrottle: what is throttled over all accounts waits with a proof as without.
func TestProofLiftsNoThrottle(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	p := w.page("dana").failed(20)
	w.clock.Advance(30 * time.Second)
	for i := range 10 {
		_ = w.from(fmt.Sprintf("198.%d.100.1", i), fmt.Sprintf("user%d", i), goodPassword)
	}
	p.solved()
	_, err := w.s.Password(ctx, p.a)
	var e *sallyport.Error
	if !errors.As(err, &e) || e.Kind != sallyport.TooMany {
		t.Errorf("a sprayed password with a proof: %v", err)
	}
	w.clock.Advance(30 * time.Second)
	p.wants(true)
}
