package view

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/testkit/browser"
)

// signedIn serves a desk whose session has so long, and answers session checks with status.
func signedIn(t *testing.T, stay Stay, status *atomic.Int64) (address string, checks *atomic.Int64) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	page, checks := desks()["confirm"].(Confirm), new(atomic.Int64)
	page.Stay = &stay
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		switch {
		case strings.HasPrefix(req.URL.Path, AssetsPath):
			r.Assets().ServeHTTP(w, req)
		case req.URL.Path == "/session":
			checks.Add(1)
			w.WriteHeader(int(status.Load()))
		default:
			if err := r.Render(w, http.StatusOK, page); err != nil {
				t.Error(err)
			}
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, checks
}

// later lets the page's clock go on by so much.
func later(p *browser.Page, d time.Duration) {
	browser.Eval[bool](p, fmt.Sprintf(`(() => { const now = Date.now; Date.now = () => now() + %d; return true; })()`, d.Milliseconds()))
}

// TestStaySignedIn: a minute before a session ends its owner is told, and one key lets it go on.
func TestStaySignedIn(t *testing.T) {
	var status atomic.Int64
	status.Store(http.StatusNoContent)
	address, checks := signedIn(t, Stay{Idle: 30 * time.Minute, Left: 12 * time.Hour}, &status)
	p := browser.New(t).Page()
	p.Open(address)
	if p.Has("about to be signed out") {
		t.Fatal("told at once")
	}
	later(p, 29*time.Minute+30*time.Second)
	p.WaitText("You are about to be signed out")
	if got := p.Focused(); !strings.Contains(got, "Stay signed in") {
		t.Errorf("focus on %q", got)
	}
	if found := p.Axe(); len(found) != 0 {
		t.Errorf("%v", found)
	}
	p.Press("Enter")
	p.WaitGone("You are about to be signed out")
	if checks.Load() != 1 {
		t.Errorf("%d checks", checks.Load())
	}
	later(p, 29*time.Minute+30*time.Second)
	p.WaitText("You are about to be signed out")
	status.Store(http.StatusServiceUnavailable)
	p.Click("Stay signed in")
	p.WaitText("could not be done")
	later(p, time.Minute)
	p.WaitText("You may be signed out by now")
	p.WaitText("Sign in in another tab")
	p.Click("Close")
	p.WaitGone("You may be signed out by now")
}

// TestSessionThatEndedElsewhere: whoever asks for more time and has no session any more is told, and keeps what he typed.
func TestSessionThatEndedElsewhere(t *testing.T) {
	var status atomic.Int64
	status.Store(http.StatusUnauthorized)
	address, _ := signedIn(t, Stay{Idle: 30 * time.Minute, Left: 12 * time.Hour}, &status)
	p := browser.New(t).Page()
	p.Open(address)
	later(p, 29*time.Minute+30*time.Second)
	p.Click("Stay signed in")
	p.WaitText("You are signed out")
}

// TestSessionThatIsNearlyOver: where no use lets the session go on, none is offered.
func TestSessionThatIsNearlyOver(t *testing.T) {
	address, _ := signedIn(t, Stay{Idle: 30 * time.Minute, Left: 10 * time.Minute}, new(atomic.Int64))
	p := browser.New(t).Page()
	p.Open(address)
	later(p, 9*time.Minute+30*time.Second)
	p.WaitText("lasted as long as one may")
	if p.Has("Stay signed in") {
		t.Error("more time is offered")
	}
	later(p, time.Minute)
	p.WaitText("You are signed out")
}
