package syslog_test

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/testkit/need"
	"sallyport/internal/testkit/wait"
)

// rsyslog runs Debian's syslog server in a folder, with an input of the given lines and a certificate, and returns the folder.
func rsyslog(t *testing.T, input string, cert, key []byte) string {
	t.Helper()
	program := need.Program(t, "rsyslogd")
	folder := t.TempDir()
	conf := fmt.Sprintf(`global(workDirectory=%[1]q defaultNetstreamDriverCAFile=%[2]q defaultNetstreamDriverCertFile=%[2]q defaultNetstreamDriverKeyFile=%[3]q maxMessageSize="64k")
template(name="line" type="string" string="%%syslogfacility%%|%%syslogseverity%%|%%timereported:::date-rfc3339%%|%%hostname%%|%%app-name%%|%%msgid%%|%%msg%%\n")
%[4]s
action(type="omfile" file=%[5]q template="line")
`, folder, filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"), strings.ReplaceAll(input, "FOLDER", folder), filepath.Join(folder, "got"))
	put(t, filepath.Join(folder, "conf"), []byte(conf))
	put(t, filepath.Join(folder, "cert.pem"), cert)
	put(t, filepath.Join(folder, "key.pem"), key)
	cmd := exec.Command(program, "-n", "-f", filepath.Join(folder, "conf"), "-i", filepath.Join(folder, "pid"))
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	return folder
}

func put(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// whole reads a file as soon as enough says that it is whole.
func whole(t *testing.T, path string, enough func(string) bool) string {
	t.Helper()
	var text []byte
	wait.Until(t, func() bool { text, _ = os.ReadFile(path); return enough(string(text)) }, "%s holds %q", path, wait.Late(func() string { return string(text) }))
	return string(text)
}

// A real syslog server reads what is sent as it was meant, over TCP, over TLS and through a local socket.
func TestRealServer(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate of 127.0.0.1
	defer web.Close()
	key, err := x509.MarshalPKCS8PrivateKey(web.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	for name, input := range map[string]string{
		"tcp": `module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="0" listenPortFileName="FOLDER/port")`,
		"tls": `module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
input(type="imtcp" address="127.0.0.1" port="0" listenPortFileName="FOLDER/port")`,
		"unix": `module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="FOLDER/port" UseSpecialParser="off" UseSysTimeStamp="off" IgnoreTimestamp="off" ParseHostname="on" RateLimit.Interval="0")`,
	} {
		t.Run(name, func(t *testing.T) {
			folder := rsyslog(t, input, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}),
				pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
			address := name + "://" + filepath.Join(folder, "port")
			if name == "unix" {
				wait.Until(t, func() bool { _, err := os.Stat(filepath.Join(folder, "port")); return err == nil }, "no socket")
			} else {
				port := whole(t, filepath.Join(folder, "port"), func(s string) bool { return strings.TrimSpace(s) != "" })
				address = name + "://127.0.0.1:" + strings.TrimSpace(port)
			}
			batch := append([]sallyport.SinkRecord{}, records...)
			batch = append(batch, sallyport.SinkRecord{At: records[0].At, Type: "audit.head", Outcome: "ok", JSON: []byte(`{"kind":"head","note":"` + strings.Repeat("x", 6000) + `"}`)})
			for range 2 {
				if err := sink(t, address, roots).Send(t.Context(), batch); err != nil {
					t.Fatal(err)
				}
			}
			got := whole(t, filepath.Join(folder, "got"), func(s string) bool { return strings.Count(s, "audit.head") == 2 })
			lines := strings.Split(strings.TrimSpace(got), "\n")
			want := `13|6|2026-03-02T09:00:00.000001Z|door.example|sallyport|signin.finished|{"kind":"event","name":"J\u00fcrgen \ud83d\ude00 \u001b\u0080\uffff\ud800\udc00"}`
			if len(lines) != 10 || strings.ReplaceAll(lines[0], "00.000001+00:00", "00.000001Z") != want || lines[5] != lines[0] || !strings.HasPrefix(lines[1], "13|5|") || !strings.HasSuffix(lines[4], `xxx"}`) {
				t.Errorf("%d lines: %.300s", len(lines), got)
			}
		})
	}
}
