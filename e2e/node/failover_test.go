package node

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/testkit/postgres"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// fate is what one person's browser and his administrator were told.
type fate struct {
	token string // of an acknowledged sign-in
	tried bool   // something was begun that would end it
	saved bool   // and acknowledged
}

// TestFailOver kills the database's server while people sign in and an administrator changes how they do, and makes its
// synchronous standby the one that is written to.
func TestFailOver(t *testing.T) {
	primary := postgres.Start(t)
	failOver(t, primary, primary.Port, primary.Crash)
}

// TestFailOverFromSilence is the same where the machine vanishes: its server takes connections and says nothing any more.
func TestFailOverFromSilence(t *testing.T) {
	primary := postgres.Start(t)
	front := primary.Front(t)
	failOver(t, primary, front.Port, front.Silence)
}

// failOver loses a primary that is reached at a port, and goes on with its standby. Nothing that was acknowledged is lost:
// every Save stands, what it ended stays ended, every session that nobody ended is let in, at both nodes.
func failOver(t *testing.T, primary *postgres.Server, port int, lose func()) {
	if err := primary.Exec("postgres", `CREATE DATABASE own`); err != nil {
		t.Fatal(err)
	}
	standby := primary.Standby(t)
	address := strings.Replace(primary.TCP("own", port), "/own", ","+hostOf(t, standby)+"/own", 1)
	w := newWorld(t, address, 600, sallyport.MethodOff)
	fates := make([]fate, len(w.members))
	var signedIn, saves, refused atomic.Int64
	_, stop := w.load(func(ctx context.Context, browser *server.Client, who int) {
		f, m := &fates[who], w.members[who]
		token, err := browser.SignIn(ctx, m.UserName, team.Password, "")
		for err != nil && ctx.Err() == nil { // no acknowledgement, no promise: people try again
			refused.Add(1)
			<-time.After(20 * time.Millisecond)
			token, err = browser.SignIn(ctx, m.UserName, team.Password, "")
		}
		if err != nil {
			return
		}
		f.token = token
		signedIn.Add(1)
		if who%3 == 0 {
			return // a session that nobody ends
		}
		f.tried = true
		browser.HoldSession(w.admin)
		a, err := browser.Post(ctx, "/admin/technicians/"+string(m.ID), url.Values{"version": {"1"}, "first_name": {m.FirstName}, "last_name": {m.LastName},
			"user_name": {m.UserName}, "email": {m.Email}, "phone": {""}, "role": {string(m.Role)}, "method": {"app"}})
		if f.saved = err == nil && a.Done(); f.saved {
			saves.Add(1)
		}
	})
	w.until("load", func() bool { return saves.Load() > 20 })
	lose()
	had := refused.Load()
	w.until("load without a database", func() bool { return refused.Load() > had+4 })
	if err := standby.Exec("postgres", `ALTER SYSTEM SET synchronous_standby_names = ''`); err != nil {
		t.Fatal(err)
	}
	if err := standby.Promote(); err != nil {
		t.Fatal(err)
	}
	before := saves.Load()
	w.until("load on the standby", func() bool { return saves.Load() > before+10 })
	stop()
	t.Logf("%d sign-ins and %d Saves acknowledged, %d of them before the fail-over; %d were refused meanwhile", signedIn.Load(), saves.Load(), before, refused.Load())
	for i := range w.nodes {
		browser := w.at(i)
		browser.HoldSession(w.admin)
		w.until("this node lets in again, too", func() bool {
			live, err := browser.Live(t.Context())
			return err == nil && live
		})
		for who, f := range fates {
			w.held(browser, who, f)
		}
	}
}

var checkedMethod = regexp.MustCompile(`<input[^>]*name="method"[^>]*value="(\w+)"[^>]*checked`)

// held looks whether what was told still holds.
func (w *world) held(browser *server.Client, who int, f fate) {
	w.t.Helper()
	m := w.members[who]
	if f.token == "" || f.tried && !f.saved {
		return
	}
	browser.HoldSession(f.token)
	live, err := browser.Live(w.t.Context())
	if err != nil || live == f.saved {
		w.t.Errorf("%s: Save acknowledged %v, and let in %v, %v", m.UserName, f.saved, live, err)
	}
	if !f.saved {
		return
	}
	browser.HoldSession(w.admin)
	page, err := browser.Get(w.t.Context(), "/admin/technicians/"+string(m.ID))
	if method := checkedMethod.FindStringSubmatch(page.Body); err != nil || method == nil || method[1] != "app" {
		w.t.Errorf("%s: an acknowledged Save is lost: %v, %d", m.UserName, method, page.Status)
	}
}

func hostOf(t *testing.T, s *postgres.Server) string {
	t.Helper()
	u, err := url.Parse(s.TCP("own", s.Port))
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}
