package app_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"sallyport"
	"sallyport/internal/app"
	"sallyport/internal/config"
	"sallyport/internal/testkit/logs"
	"sallyport/internal/testkit/team"
)

// installation is an assembled server over a team's folder. Its handler is asked without the ports, as https.
type installation struct {
	*app.App
	cfg   config.Config
	super sallyport.Token // a live session of a Super Admin
	read  sallyport.Token // one of a Read-only Technician
	log   *logs.Buffer
}

const public = "https://door.example"

func configure(t *testing.T, env map[string]string) config.Config {
	t.Helper()
	all := map[string]string{"SALLYPORT_LISTEN": "127.0.0.1:0", "SALLYPORT_OPERATIONS": "127.0.0.1:0", "SALLYPORT_DATA": filepath.Join(t.TempDir(), "data"),
		"SALLYPORT_REQUESTS_PER_SECOND": "0", "SALLYPORT_CONFIG": os.DevNull}
	for k, v := range env {
		all[k] = v
	}
	l, err := config.Load(config.Sources{Lookup: func(name string) (string, bool) { v, ok := all[name]; return v, ok }})
	if err != nil {
		t.Fatal(err)
	}
	return l.Config
}

// staff fills the folder with two people who are signed in.
func staff(t *testing.T, folder string) (super, read sallyport.Token) {
	t.Helper()
	return staffOn(t, folder, "")
}

// staffOn is staff with the database at that address.
func staffOn(t *testing.T, folder, address string) (super, read sallyport.Token) {
	t.Helper()
	f, err := team.MakeOn(t.Context(), folder, address)
	if err != nil {
		t.Fatal(err)
	}
	members, err := f.Add(t.Context(), team.Spec{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp},
		team.Spec{Name: "rio", Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := f.SignIn(t.Context(), members...)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return tokens[0], tokens[1]
}

// assemble makes a server as it stands behind a proxy that ends TLS.
func assemble(t *testing.T) *installation {
	t.Helper()
	i := &installation{log: &logs.Buffer{}, cfg: configure(t, map[string]string{"SALLYPORT_PUBLIC_URL": public, "SALLYPORT_TRUSTED_PROXIES": "127.0.0.1"})}
	i.super, i.read = staff(t, i.cfg.Data)
	a, err := app.New(t.Context(), i.cfg, app.Options{Log: slog.New(slog.NewJSONHandler(i.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	i.App = a
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return i
}

// running is a server with its ports open, and the way to stop it.
func running(t *testing.T, cfg config.Config, o app.Options) (*app.App, func() error) {
	t.Helper()
	a, err := app.New(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	stop := sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = stop() })
	return a, stop
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func quiet() app.Options { return app.Options{Log: slog.New(slog.DiscardHandler)} }

func TestFreshFolderNeedsNothing(t *testing.T) {
	cfg := configure(t, nil)
	a, stop := running(t, cfg, quiet())
	if code, body := get(t, a.URL()+"/sign-in"); code != 200 || !strings.Contains(body, "<form") {
		t.Errorf("sign-in page: %d", code)
	}
	link, made, err := a.FirstLink(t.Context())
	if err != nil || !made || !strings.HasPrefix(link, a.URL()+"/set-up/") {
		t.Fatalf("set-up link %q, %v, %v", link, made, err)
	}
	if code, _ := get(t, link); code != 200 {
		t.Errorf("set-up page: %d", code)
	}
	for name, want := range map[string]os.FileMode{"key": 0o600, "sallyport.db": 0o600, "lock": 0o600, "control.sock": 0o600 | os.ModeSocket, "": 0o700 | os.ModeDir} {
		info, err := os.Stat(filepath.Join(cfg.Data, name))
		if err != nil || info.Mode() != want {
			t.Errorf("%q: %v, %v", name, info.Mode(), err)
		}
	}
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if _, err := os.Stat(filepath.Join(cfg.Data, "control.sock")); err == nil {
		t.Error("the socket is left behind")
	}
}

func TestOneProcessOwnsAFolder(t *testing.T) {
	cfg := configure(t, nil)
	_, stop := running(t, cfg, quiet())
	if _, err := app.New(t.Context(), cfg, quiet()); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second server: %v", err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), cfg, quiet())
	if err != nil {
		t.Fatalf("after the stop: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

func TestFolderThatOthersMayWriteIsRefused(t *testing.T) {
	cfg := configure(t, nil)
	if err := os.Mkdir(cfg.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(cfg.Data, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := app.New(t.Context(), cfg, quiet()); err == nil || !strings.Contains(err.Error(), "0777") {
		t.Errorf("%v", err)
	}
}

func TestKeyMustBeTheDatabases(t *testing.T) {
	cfg := configure(t, nil)
	staff(t, cfg.Data)
	begin := func() error {
		a, err := app.New(t.Context(), cfg, quiet())
		if err == nil {
			return a.Close()
		}
		return err
	}
	if err := begin(); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(cfg.Data, "key")
	right, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if err := begin(); err == nil || !strings.Contains(err.Error(), "there is no key at "+key) {
		t.Errorf("without a key: %v", err)
	}
	if _, err := os.Stat(key); err == nil {
		t.Error("a new key was made beside a used database")
	}
	other := configure(t, nil)
	staff(t, other.Data)
	wrong, err := os.ReadFile(filepath.Join(other.Data, "key"))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{string(wrong): "not the one", "sallyport-key-1:garbled\n": "garbled", "": "at least one key"} {
		if err := os.WriteFile(key, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := begin(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sallyport-key-1:garbled") {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if err := os.WriteFile(key, right, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := begin(); err != nil {
		t.Errorf("with the right key again: %v", err)
	}
}

func TestHealthAndMetrics(t *testing.T) {
	a, _ := running(t, configure(t, nil), quiet())
	for path, want := range map[string]string{"/healthz": "alive", "/readyz": "ready"} {
		if code, body := get(t, a.OperationsURL()+path); code != 200 || strings.TrimSpace(body) != want {
			t.Errorf("%s: %d %q", path, code, body)
		}
		if code, _ := get(t, a.URL()+path); code != 404 {
			t.Errorf("%s on the public port: %d", path, code)
		}
	}
	get(t, a.URL()+"/sign-in?secret=1")
	get(t, a.URL()+"/reset/TOKEN")
	get(t, a.URL()+"/session")
	_, body := get(t, a.OperationsURL()+"/metrics")
	for _, want := range []string{`sallyport_request_seconds_count{route="GET /sign-in",status="OK"} 1`, "sallyport_session_checks_no_total 1", "sallyport_session_checks_unknown_total 0", "sallyport_database_statements_total", "sallyport_refusal_seconds_bucket{le=\"1\"} 0",
		"sallyport_refusal_unseen_total 0", "sallyport_outbox_failures_total 0", "sallyport_connections ", "sallyport_connections_refused_total 0", "sallyport_connections_dropped_total 0", "process_resident_memory_bytes"} {
		if !strings.Contains(body, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(body, "TOKEN") || strings.Contains(body, "secret") {
		t.Error("metrics hold what a request brought along")
	}
}

func TestMisuseIsSaidClearly(t *testing.T) {
	cfg := configure(t, nil)
	_, stop := running(t, cfg, quiet())
	defer stop()
	busy := configure(t, nil)
	taken, _ := running(t, configure(t, nil), quiet())
	busy.Operations = strings.TrimPrefix(taken.OperationsURL(), "http://")
	if _, err := app.New(t.Context(), busy, quiet()); err == nil || !strings.Contains(err.Error(), "set operations to another port") {
		t.Errorf("%v", err)
	}
	file := configure(t, nil)
	if err := os.WriteFile(file.Data, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := app.New(t.Context(), file, quiet()); err == nil {
		t.Error("a file as the data folder")
	}
}
