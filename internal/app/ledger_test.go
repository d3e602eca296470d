package app_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/app"
	"sallyport/internal/testkit/logs"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// D11.19: with a syslog server that takes connections and never reads, and a webhook that nobody answers, people sign in
// and out as ever, the third sink gets everything, the numbers say who is behind, and the server stops when it is told to.
func TestD11_19(t *testing.T) {
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	asked := make(chan struct{}, 100)
	go func() {
		for {
			conn, err := deaf.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			asked <- struct{}{}
		}
	}()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	folder := t.TempDir()
	secret, file := filepath.Join(folder, "secret"), filepath.Join(folder, "audit.jsonl")
	if err := os.WriteFile(secret, []byte("a secret of the receiver"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := configure(t, map[string]string{"SALLYPORT_AUDIT_SYSLOG": "tcp://" + deaf.Addr().String(), "SALLYPORT_AUDIT_WEBHOOK": "http://" + gone.Addr().String(),
		"SALLYPORT_AUDIT_WEBHOOK_SECRET": secret, "SALLYPORT_AUDIT_FILE": file, "SALLYPORT_ALLOWED_NETWORKS": "127.0.0.0/8"})
	people := employ(t, cfg.Data, "mara", "dana")
	a, stop := running(t, cfg, quiet())
	door := doorOf(t, a)
	tries := func(m team.Member) {
		t.Helper()
		browser := door.Client()
		if resp, err := browser.Password(t.Context(), "nobody", "wrong"); err != nil || resp.Status != http.StatusUnprocessableEntity {
			t.Errorf("a wrong sign-in got %d, %v", resp.Status, err)
		}
		inAndOut(t, browser, m)
	}
	tries(people[0])
	until(t, "the deaf server is asked", func() bool { return len(asked) > 0 }) // it holds the first batch now
	tries(people[1])
	text := ""
	until(t, "the file has the events of both", func() bool {
		content, _ := os.ReadFile(file)
		text = string(content)
		return strings.Count(text, `"type":"session.ended"`) == 2
	})
	for _, what := range []string{"signin.password.wrong", "signin.finished"} {
		if n := strings.Count(text, `"type":"`+what+`"`); n != 2 {
			t.Errorf("the file has %d events %s", n, what)
		}
	}
	total := strings.Count(text, `"type":"`)
	numbers := func() string {
		resp, err := http.Get(a.OperationsURL() + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return string(text)
	}
	until(t, "the numbers say that the webhook fails", func() bool {
		text := numbers()
		return strings.Contains(text, fmt.Sprintf(`sallyport_audit_sink_behind{sink="webhook:http://%s"} %d`+"\n", gone.Addr(), total)) && !strings.Contains(text, `sallyport_audit_sink_failures_total{sink="webhook:http://`+gone.Addr().String()+`"} 0`)
	})
	text = numbers()
	for _, want := range []string{"sallyport_audit_tree_grows 1", fmt.Sprintf("sallyport_audit_tree_size %d\n", total), `sallyport_audit_sink_behind{sink="syslog:tcp://` + deaf.Addr().String() + `"} `} {
		if !strings.Contains(text, want) {
			t.Errorf("the numbers lack %s", want)
		}
	}
	resp, err := http.Get(a.OperationsURL() + "/readyz")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("ready: %v, %v", resp, err)
	}
	resp.Body.Close()
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// TestSinksThatAreNeverReached: a sink outside of allowed_networks is warned of at the start, when nothing has happened yet, and
// without what may be a secret in its address.
func TestSinksThatAreNeverReached(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("a secret of the receiver"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		networks string
		warned   int
	}{"outside": {"10.0.0.0/8", 2}, "inside": {"127.0.0.0/8", 0}} {
		t.Run(name, func(t *testing.T) {
			cfg := configure(t, map[string]string{"SALLYPORT_AUDIT_SYSLOG": "udp://127.0.0.1:9", "SALLYPORT_AUDIT_WEBHOOK": "https://127.0.0.1:9/hunter2",
				"SALLYPORT_AUDIT_WEBHOOK_SECRET": secret, "SALLYPORT_ALLOWED_NETWORKS": c.networks})
			said := &logs.Buffer{}
			_, stop := running(t, cfg, app.Options{Log: slog.New(slog.NewTextHandler(said, nil))})
			if c.warned > 0 {
				until(t, "both are warned of", func() bool { return strings.Count(said.String(), "level=WARN") >= c.warned })
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
			text := said.String()
			if n := strings.Count(text, "nothing can be handed to the address"); n != c.warned || strings.Contains(text, "hunter2") {
				t.Errorf("%d warnings: %s", n, text)
			}
			for _, want := range []string{"audit_syslog names", "audit_webhook names", "address=https://127.0.0.1:9 ", "in none of the allowed_networks"} {
				if strings.Contains(text, want) != (c.warned > 0) {
					t.Errorf("%q: %s", want, text)
				}
			}
		})
	}
}

// employ fills the folder with people who have an authenticator app.
func employ(t *testing.T, folder string, names ...string) []team.Member {
	t.Helper()
	f, err := team.Make(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	var specs []team.Spec
	for _, name := range names {
		specs = append(specs, team.Spec{Name: name, Role: sallyport.SuperAdmin, Method: sallyport.MethodApp})
	}
	people, err := f.Add(t.Context(), specs...)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return people
}

// doorOf is where browsers ask a server of this process.
func doorOf(t *testing.T, a *app.App) *server.Server {
	t.Helper()
	port, err := strconv.Atoi(a.URL()[strings.LastIndexByte(a.URL(), ':')+1:])
	if err != nil {
		t.Fatal(err)
	}
	return &server.Server{Port: port, URL: a.URL()}
}

// inAndOut signs m in and out again.
func inAndOut(t *testing.T, browser *server.Client, m team.Member) {
	t.Helper()
	_, err := browser.SignIn(t.Context(), m.UserName, team.Password, m.Digits(time.Now()))
	if live, failed := browser.Live(t.Context()); err != nil || failed != nil || !live {
		t.Errorf("%s is not let in: %v, %v", m.UserName, err, failed)
	}
	if _, err := browser.Post(t.Context(), "/sign-out", nil); err != nil {
		t.Error(err)
	}
	if live, err := browser.Live(t.Context()); live || err != nil {
		t.Errorf("%s is not signed out: %v", m.UserName, err)
	}
}

// A file of the audit log that everybody may read is told of at the start, and a mode of its owner's alone is not.
func TestModeOfTheAuditFileIsToldOf(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	for mode, want := range map[os.FileMode]string{0o600: "", 0o644: file + " has mode 0644", 0o666: file + " has mode 0666"} {
		if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Chmod(file, mode)); err != nil {
			t.Fatal(err)
		}
		log := &logs.Buffer{}
		a, err := app.New(t.Context(), configure(t, map[string]string{"SALLYPORT_AUDIT_FILE": file}), app.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		if text := log.String(); strings.Contains(text, file) != (want != "") || !strings.Contains(text, want) {
			t.Errorf("mode %04o: %s", mode, text)
		}
	}
}
