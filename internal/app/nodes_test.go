package app_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/app"
	"sallyport/internal/config"
	"sallyport/internal/control"
	"sallyport/internal/keyring"
	"sallyport/internal/testkit/postgres"
	"sallyport/internal/testkit/wait"
)

// nodes are two assembled servers on one PostgreSQL, as they stand behind a proxy without sticky sessions.
type nodes struct {
	one, two    *app.App
	stop        []func() error
	cfg         []config.Config
	super, read sallyport.Token
}

// nodeConfig is a node with a data folder of its own and the key of the installation in it.
func nodeConfig(t *testing.T, address string, key []byte) config.Config {
	t.Helper()
	cfg := configure(t, map[string]string{"SALLYPORT_PUBLIC_URL": public, "SALLYPORT_TRUSTED_PROXIES": "127.0.0.1", "SALLYPORT_DATABASE": address})
	if key != nil {
		if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(cfg.Key, key, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cfg
}

// twoNodes start on a database that holds a team.
func twoNodes(t *testing.T, address string) *nodes {
	t.Helper()
	return twoNodesWith(t, address, quiet())
}

// twoNodesWith gives the second node options of its own.
func twoNodesWith(t *testing.T, address string, second app.Options) *nodes {
	t.Helper()
	n := &nodes{}
	first := nodeConfig(t, address, nil)
	n.super, n.read = staffOn(t, first.Data, address)
	key, err := os.ReadFile(first.Key)
	if err != nil {
		t.Fatal(err)
	}
	n.cfg = []config.Config{first, nodeConfig(t, address, key)}
	n.stop = make([]func() error, 2)
	n.one, n.stop[0] = running(t, n.cfg[0], quiet())
	n.two, n.stop[1] = running(t, n.cfg[1], second)
	return n
}

func checkAt(a *app.App, token sallyport.Token) int {
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, sessionCheck(token))
	return w.Code
}

// until waits for a condition, for a bounded time.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	wait.Until(t, is, "never: %s", what)
}

func command(t *testing.T, cfg config.Config, name string, in, out any) {
	t.Helper()
	client, done, err := app.Command(t.Context(), cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Call(t.Context(), name, in, out); err != nil {
		t.Fatal(err)
	}
	if err := done(); err != nil {
		t.Fatal(err)
	}
}

// Two nodes, D2.1: what one node has ended no request that begins afterwards is let in with at the other, while many ask.
func TestTwoNodesRefuseAtOnce(t *testing.T) {
	n := twoNodes(t, postgres.Database(t))
	for _, a := range []*app.App{n.one, n.two} {
		if code := checkAt(a, n.read); code != 204 {
			t.Fatalf("before: %d", code)
		}
	}
	var answered atomic.Bool
	var before, late atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for ctx.Err() == nil {
				after := answered.Load()
				switch code := checkAt([]*app.App{n.one, n.two}[i%2], n.read); {
				case code == 204 && after:
					late.Add(1)
				case code == 204:
					before.Add(1)
				case code != 401:
					t.Errorf("answered %d", code)
				}
			}
		})
	}
	until(t, "both nodes are asked", func() bool { return before.Load() > 200 })
	command(t, n.cfg[0], "technician/sign-out", control.User{User: "rio@northwind.example"}, nil)
	answered.Store(true)
	for range 100 {
		if checkAt(n.two, n.read) != 401 || checkAt(n.one, n.read) != 401 {
			t.Fatal("let in after the answer")
		}
	}
	stop()
	all.Wait()
	if late.Load() != 0 {
		t.Errorf("%d requests that began after the answer were let in", late.Load())
	}
	if checkAt(n.two, n.super) != 204 {
		t.Error("somebody else was signed out too")
	}
}

// pageAt is a page as the browser of a session gets it.
func pageAt(a *app.App, path string, token sallyport.Token) *httptest.ResponseRecorder {
	r := sessionCheck(token)
	r.URL.Path, r.RequestURI = path, path
	r.Header.Set("Accept", "text/html")
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	return w
}

// refusedWithout asks a node that cannot reach its database, by every way in: nobody is let in, and nobody is told that he
// is signed out.
func refusedWithout(t *testing.T, a *app.App, token sallyport.Token) {
	t.Helper()
	for _, path := range []string{"/session", "/me", "/admin", "/", "/sign-in"} {
		w := pageAt(a, path, token)
		if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("Location") != "" || len(w.Header()["Set-Cookie"]) != 0 {
			t.Errorf("without a database %s is answered %d, %v", path, w.Code, w.Header())
		}
		if path == "/session" {
			if w.Header().Get("Request-Id") == "" || w.Body.Len() != 0 {
				t.Errorf("a check without a database: %v, %q", w.Header(), w.Body)
			}
			continue
		}
		for _, want := range []string{"<html", "Northwind IT", "Sallyport cannot do this right now", "does not answer", "stays signed in", `href="` + path + `">Try again<`, "Request <"} {
			if body := w.Body.String(); !strings.Contains(body, want) {
				t.Errorf("%s does not say %q: %q", path, want, body)
			}
		}
	}
}

// D2.9: a node that is cut off from the database lets nobody in and reports not ready; it serves again when it is back.
// Meanwhile nobody is signed out in the eyes of whoever asks: the answer is 503, on every page.
func TestNodeWithoutDatabaseRefuses(t *testing.T) {
	s := postgres.Start(t)
	if err := s.Exec("postgres", `CREATE DATABASE own`); err != nil {
		t.Fatal(err)
	}
	n := twoNodes(t, s.URL("own"))
	if err := s.Exec("own", `INSERT INTO setting (name, value) VALUES ('organisation', 'Northwind IT')`); err != nil {
		t.Fatal(err)
	}
	if page := pageAt(n.two, "/sign-in", ""); page.Code != 200 || !strings.Contains(page.Body.String(), "Northwind IT") {
		t.Errorf("the door: %d %s", page.Code, page.Body)
	}
	ready := func() int { code, _ := get(t, n.two.OperationsURL()+"/readyz"); return code }
	until(t, "ready", func() bool { return ready() == 200 })
	s.Crash()
	for range 3 {
		refusedWithout(t, n.two, n.super)
	}
	if code := ready(); code != 503 {
		t.Errorf("readiness answers %d", code)
	}
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	until(t, "ready again", func() bool { return ready() == 200 })
	until(t, "let in again", func() bool { return checkAt(n.two, n.super) == 204 })
}

// TestD2_9: one node alone hears nothing of the database any more while an administrator saves at the other. It lets nobody
// in meanwhile, and once it hears again it refuses who was signed out, and him alone.
func TestD2_9(t *testing.T) {
	t.Parallel()
	s := postgres.Shared(t)
	name, front := s.Name(t), s.Front(t)
	n := twoNodes(t, s.URL(name))
	if err := n.stop[1](); err != nil {
		t.Fatal(err)
	}
	n.cfg[1].Database = s.TCP(name, front.Port)
	n.two, n.stop[1] = running(t, n.cfg[1], quiet())
	until(t, "let in at both", func() bool { return checkAt(n.one, n.read) == 204 && checkAt(n.two, n.read) == 204 })

	front.Silence()
	ctx, stop := context.WithCancel(t.Context())
	var asked atomic.Int64
	var all sync.WaitGroup
	for _, token := range []sallyport.Token{n.read, n.super} {
		all.Go(func() {
			for ctx.Err() == nil {
				if code := checkAt(n.two, token); code != 503 {
					t.Errorf("the node that is cut off answers %d", code)
				}
				asked.Add(1)
			}
		})
	}
	until(t, "it refuses", func() bool { return asked.Load() > 0 })
	saveRole(t, n.one, n.super, "rio", sallyport.ReportsManager)
	if checkAt(n.one, n.read) != 401 || checkAt(n.one, n.super) != 204 {
		t.Error("the other node does not go by the Save")
	}
	saved := asked.Load()
	until(t, "it refuses after the Save", func() bool { return asked.Load() > saved+2 }) // two may have begun before
	stop()
	all.Wait()

	front.Speak()
	until(t, "it hears again", func() bool {
		if checkAt(n.two, n.read) == 204 {
			t.Fatal("let in by what was ended while it was cut off")
		}
		return checkAt(n.two, n.super) == 204
	})
	if code := checkAt(n.two, n.read); code != 401 {
		t.Errorf("the node that is back answers %d", code)
	}
}

// saveRole is Edit Technician at one node, by the session of an administrator.
func saveRole(t *testing.T, a *app.App, admin sallyport.Token, who string, role sallyport.RoleID) {
	t.Helper()
	link := regexp.MustCompile(`/admin/technicians/[a-z0-9]{16}`)
	var path string
	for _, found := range link.FindAllString(pageAt(a, "/admin/technicians", admin).Body.String(), -1) {
		if strings.Contains(pageAt(a, found, admin).Body.String(), `value="`+who+`@northwind.example"`) {
			path = found
		}
	}
	form := url.Values{"version": {"1"}, "first_name": {who}, "last_name": {"Team"}, "user_name": {who + "@northwind.example"},
		"email": {who + "@northwind.example"}, "phone": {""}, "role": {string(role)}, "method": {"app"}}
	r := httptest.NewRequest("POST", public+path, strings.NewReader(form.Encode()))
	r.Header.Set("Cookie", sessionCheck(admin).Header.Get("Cookie"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	if w.Code != 200 && w.Code != 303 {
		t.Fatalf("Save at %q: %d %s", path, w.Code, w.Body)
	}
}

// One node is stopped and started after the other while people use both: every request that a node has taken is answered,
// and nobody is signed out.
func TestRollingRestart(t *testing.T) {
	n := twoNodes(t, postgres.Database(t))
	var one, two atomic.Pointer[app.App]
	one.Store(n.one)
	two.Store(n.two)
	ctx, stop := context.WithCancel(t.Context())
	var asked atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				for _, at := range []*atomic.Pointer[app.App]{&one, &two} {
					if a := at.Load(); a != nil { // the proxy asks a node that is ready
						if code := checkAt(a, n.super); code != 204 && at.Load() == a {
							t.Errorf("answered %d", code)
						}
						asked.Add(1)
					}
				}
			}
		})
	}
	for i, at := range []*atomic.Pointer[app.App]{&one, &two} {
		had := asked.Load()
		until(t, "load", func() bool { return asked.Load() > had+50 })
		at.Store(nil)
		if err := n.stop[i](); err != nil {
			t.Error(err)
		}
		again, _ := running(t, n.cfg[i], quiet())
		at.Store(again)
	}
	had := asked.Load()
	until(t, "load on the new ones", func() bool { return asked.Load() > had+50 })
	stop()
	all.Wait()
}

// A node with another key, with a clock that is off, or that has seen a later epoch does not start, and says what differs.
func TestNodeThatDiffersIsRefused(t *testing.T) {
	address := postgres.Database(t)
	first := nodeConfig(t, address, nil)
	_, stop := running(t, first, quiet())
	key, err := os.ReadFile(first.Key)
	if err != nil {
		t.Fatal(err)
	}
	own, err := keyring.Load(first.Key)
	if err != nil {
		t.Fatal(err)
	}

	stranger := nodeConfig(t, address, nil)
	if err := os.MkdirAll(stranger.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	other, err := keyring.Create(stranger.Key)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, cfg config.Config, o app.Options, words ...string) {
		t.Helper()
		a, err := app.New(t.Context(), cfg, o)
		if err == nil {
			_ = a.Close()
			t.Fatalf("%s: it started", what)
		}
		for _, word := range words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %q does not say %q", what, err, word)
			}
		}
	}
	refused("another key", stranger, quiet(), own.ID(), other.ID())
	keyless := nodeConfig(t, address, nil)
	refused("no key", keyless, quiet(), "no key at")
	if _, err := os.Stat(keyless.Key); err == nil {
		t.Error("a key was made beside a database that has one")
	}
	for _, off := range []time.Duration{-6 * time.Second, 6 * time.Second} {
		o := quiet()
		o.Now = func() time.Time { return time.Now().Add(off) }
		refused("a clock that is off", nodeConfig(t, address, key), o, "6s", "clock")
	}
	ahead := nodeConfig(t, address, key)
	if err := os.WriteFile(filepath.Join(ahead.Data, "seen"), []byte(`{"epoch":7,"mark":0}`), 0o600); err != nil {
		t.Fatal(err)
	}
	refused("a later epoch", ahead, quiet(), "epoch 0", "epoch 7")
	fine, _ := running(t, nodeConfig(t, address, key), quiet())
	if code, _ := get(t, fine.OperationsURL()+"/readyz"); code != 200 {
		t.Errorf("a node like the first: %d", code)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A node whose clock goes off while it runs answers nothing until it is right again.
func TestNodeClockGoesOff(t *testing.T) {
	address := postgres.Database(t)
	cfg := nodeConfig(t, address, nil)
	super, _ := staffOn(t, cfg.Data, address)
	var off atomic.Int64
	o := quiet()
	o.Now = func() time.Time { return time.Now().Add(time.Duration(off.Load())) }
	a, _ := running(t, cfg, o)
	until(t, "let in", func() bool { return checkAt(a, super) == 204 })
	off.Store(int64(5 * time.Minute))
	until(t, "refused", func() bool { return checkAt(a, super) != 204 })
	if code, _ := get(t, a.OperationsURL()+"/readyz"); code != 503 {
		t.Errorf("readiness answers %d", code)
	}
	off.Store(0)
	until(t, "let in again", func() bool { return checkAt(a, super) == 204 })
}
