package app_test

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/internal/app"
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
	a, stop := running(t, configure(t, map[string]string{"SALLYPORT_AUDIT_SYSLOG": "tcp://" + deaf.Addr().String(), "SALLYPORT_AUDIT_WEBHOOK": "http://" + gone.Addr().String(),
		"SALLYPORT_AUDIT_WEBHOOK_SECRET": secret, "SALLYPORT_AUDIT_FILE": file, "SALLYPORT_ALLOWED_NETWORKS": "127.0.0.0/8"}), quiet())
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	tries := func() {
		if resp, err := browser.Get(a.URL() + "/sign-in"); err != nil {
			t.Fatal(err)
		} else {
			resp.Body.Close()
		}
		r, err := http.NewRequest(http.MethodPost, a.URL()+"/sign-in", strings.NewReader(url.Values{"user_name": {"nobody"}, "password": {"wrong"}, "return": {"/me"}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		resp, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode >= 500 {
			t.Errorf("a sign-in got %d", resp.StatusCode)
		}
	}
	tries()
	until(t, "the deaf server is asked", func() bool { return len(asked) > 0 }) // it holds the first batch now
	tries()
	until(t, "the file has both events", func() bool {
		text, _ := os.ReadFile(file)
		return strings.Count(string(text), `"type":"signin.password.wrong"`) == 2
	})
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
		return strings.Contains(text, `sallyport_audit_sink_behind{sink="webhook:http://`+gone.Addr().String()+`"} 2`) && !strings.Contains(text, `sallyport_audit_sink_failures_total{sink="webhook:http://`+gone.Addr().String()+`"} 0`)
	})
	text := numbers()
	for _, want := range []string{"sallyport_audit_tree_grows 1", "sallyport_audit_tree_size 2", `sallyport_audit_sink_behind{sink="syslog:tcp://` + deaf.Addr().String() + `"} `} {
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

// A file of the audit log that everybody may read is told of at the start, and a mode of its owner's alone is not.
func TestModeOfTheAuditFileIsToldOf(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	for mode, want := range map[os.FileMode]string{0o600: "", 0o644: file + " has mode 0644", 0o666: file + " has mode 0666"} {
		if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Chmod(file, mode)); err != nil {
			t.Fatal(err)
		}
		log := &lockedBuffer{}
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
