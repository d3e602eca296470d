package app_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/internal/app"
	"sallyport/internal/testkit/postgres"
)

// underWay is a connection to a server that waits for the body of a sign-in, of so many bytes.
func underWay(t *testing.T, a *app.App, body int) (c net.Conn, answer *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", portOf(a))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	fmt.Fprintf(c, "POST /sign-in HTTP/1.1\r\nHost: %s\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		strings.TrimPrefix(a.URL(), "http://"), body)
	answer = bufio.NewReader(c)
	if line, err := answer.ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("%q %v", line, err) // the server waits for the body now
	}
	if _, err := answer.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return c, answer
}

func portOf(a *app.App) string { return "127.0.0.1" + a.URL()[strings.LastIndexByte(a.URL(), ':'):] }

// TestGracefulStop: a request under way comes to its end, and nobody is taken on any more.
func TestGracefulStop(t *testing.T) {
	a, stop := running(t, configure(t, nil), quiet())
	const body = "username=nobody&password=wrong"
	c, answer := underWay(t, a, len(body))
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for { // until the port is closed, which is the first thing that a stop does
		other, err := net.Dial("tcp", portOf(a))
		if err != nil {
			break
		}
		other.Close()
	}
	select {
	case err := <-stopped:
		t.Fatalf("stopped with a request under way: %v", err)
	default:
	}
	if _, err := io.WriteString(c, body); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(answer, nil)
	if err != nil || resp.StatusCode >= 500 {
		t.Errorf("%v %v", resp, err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
}

// TestStopGivesUp: a request that does not end is broken off at the limit of a stop, which says so and lets go of the folder. The
// limit is set so short that it is over when the stop first looks.
func TestStopGivesUp(t *testing.T) {
	if app.StopTime > 10*time.Second {
		t.Errorf("requests under way hold up a stop for %v", app.StopTime)
	}
	cfg := configure(t, nil)
	a, stop := running(t, cfg, quiet().StoppingWithin(time.Nanosecond))
	_, answer := underWay(t, a, 1)
	if err := stop(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("stop: %v", err)
	}
	if got, err := io.ReadAll(answer); len(got) > 0 {
		t.Errorf("answered %q, %v", got, err)
	}
	_, stop = running(t, cfg, quiet())
	if err := stop(); err != nil {
		t.Errorf("in the same folder: %v", err)
	}
}

// TestStopWithoutTheDatabase: where the database is away, a stop is none that failed; its log says what the database does not know.
func TestStopWithoutTheDatabase(t *testing.T) {
	s := postgres.Start(t)
	cfg := configure(t, map[string]string{"SALLYPORT_DATABASE": s.URL("postgres")})
	var log bytes.Buffer
	_, stop := running(t, cfg, app.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	s.Down()
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if !strings.Contains(log.String(), "stopped, but the database does not know when") {
		t.Errorf("the log says:\n%s", &log)
	}
}

// writeCertificate makes a self-signed certificate for localhost with a serial number to tell it by.
func writeCertificate(t *testing.T, certPath, keyPath string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{certPath: {Type: "CERTIFICATE", Bytes: der}, keyPath: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// lines hands each written line on.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		l <- string(line)
	}
	return len(p), nil
}

// wait reads the log until a line holds text.
func (l lines) wait(ctx context.Context, t *testing.T, text string) {
	t.Helper()
	for {
		select {
		case line := <-l:
			if strings.Contains(line, text) {
				return
			}
		case <-ctx.Done():
			t.Fatalf("the log never said %q", text)
		}
	}
}

// TestTLSFromFilesIsReadAgain: SIGHUP takes a new certificate; a broken one leaves the old in use.
func TestTLSFromFilesIsReadAgain(t *testing.T) {
	folder := t.TempDir()
	cert, key := filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key")
	writeCertificate(t, cert, key, 1)
	cfg := configure(t, map[string]string{"SALLYPORT_PUBLIC_URL": "https://localhost:1", "SALLYPORT_TLS_CERT": cert, "SALLYPORT_TLS_KEY": key, "SALLYPORT_LISTEN": freeAddress(t)})
	cfg.PublicURL = "https://localhost" + cfg.Listen[strings.LastIndexByte(cfg.Listen, ':'):]
	log := make(lines, 1000)
	a, _ := running(t, cfg, app.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
	serial := func() int64 {
		c, err := tls.Dial("tcp", cfg.Listen, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Fatalf("certificate %d", n)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	resp, err := client.Get(a.URL() + "/sign-in")
	if err != nil || resp.StatusCode != 200 || resp.Header.Get("Strict-Transport-Security") == "" {
		t.Fatalf("%v %v", resp, err)
	}
	resp.Body.Close()
	hup := func(text string) {
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		log.wait(t.Context(), t, text)
	}
	if err := os.WriteFile(cert, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	hup("the certificate in use stays")
	if n := serial(); n != 1 {
		t.Errorf("certificate %d after a broken one", n)
	}
	writeCertificate(t, cert, key, 2)
	hup("certificate read again")
	if n := serial(); n != 2 {
		t.Errorf("certificate %d after a new one", n)
	}
	if _, err := tls.Dial("tcp", cfg.Listen, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

// TestHangupDuringTheStart: SIGHUP, as a certificate's renewal sends it, does not end a server that is only just starting.
func TestHangupDuringTheStart(t *testing.T) {
	a, err := app.New(t.Context(), configure(t, nil), quiet())
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Run(ctx); err != nil {
		t.Error(err)
	}
}

// TestTLSIsSpokenOrNothing: on a port with TLS no plain request is answered, a session check no more than any other. Its token
// would have travelled readable by everybody.
func TestTLSIsSpokenOrNothing(t *testing.T) {
	folder := t.TempDir()
	cert, key := filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key")
	writeCertificate(t, cert, key, 1)
	cfg := configure(t, map[string]string{"SALLYPORT_PUBLIC_URL": "https://localhost:1", "SALLYPORT_TLS_CERT": cert, "SALLYPORT_TLS_KEY": key, "SALLYPORT_LISTEN": freeAddress(t)})
	host := "localhost" + cfg.Listen[strings.LastIndexByte(cfg.Listen, ':'):]
	cfg.PublicURL = "https://" + host
	running(t, cfg, quiet())
	for _, path := range []string{"/session", "/sign-in"} {
		c, err := net.Dial("tcp", cfg.Listen)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: __Host-sallyport=%s\r\n\r\n", path, host, strings.Repeat("A", 43)); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s without TLS: %v %v", path, resp, err)
		}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	resp, err := client.Get("https://" + host + "/session")
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Fatalf("with TLS: %v %v", resp, err)
	}
	resp.Body.Close()
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A port that somebody else has is said with what to set.
func TestPortInUse(t *testing.T) {
	cfg := configure(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg.Listen = l.Addr().String()
	if a, err := app.New(t.Context(), cfg, quiet()); err == nil || !strings.Contains(err.Error(), "set listen to another") {
		if err == nil {
			_ = a.Close()
		}
		t.Errorf("%v", err)
	}
}
