package web

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// stream is a connection of HTTP/2 whose frames a test writes by itself (RFC 9113 section 4.1).
type stream struct {
	*tls.Conn
	t *testing.T
}

const (
	frameHeaders, frameReset, frameSettings, frameContinuation = 0x1, 0x3, 0x4, 0x9
	endStream, endHeaders                                      = 0x1, 0x4
)

func (s stream) frame(kind, flags byte, id uint32, payload []byte) error {
	head := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	_, err := s.Write(append(binary.BigEndian.AppendUint32(head, id), payload...))
	return err
}

// headerBlock is a header block for GET /page, from the static table of HPACK (RFC 7541 appendix A).
func headerBlock(host string) []byte {
	block := []byte{0x82, 0x87, 0x04, 5}
	block = append(block, "/page"...)
	return append(append(block, 0x01, byte(len(host))), host...)
}

// overTLS is a server with the limits of every listener, and a way to a fresh connection of HTTP/2.
func overTLS(t *testing.T, h http.HandlerFunc) (url string, client *http.Client, dial func() stream) {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.Config = NewServer(h, slog.New(slog.DiscardHandler))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL, s.Client(), func() stream {
		t.Helper()
		c, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(time.Minute)) // so that a hang ends as a failure
		if _, err := io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		opened := stream{c, t}
		if err := opened.frame(frameSettings, 0, 0, nil); err != nil {
			t.Fatal(err)
		}
		return opened
	}
}

// TestD9_7RapidReset: 20,000 requests that are taken back in the same breath keep no more handlers busy than one
// connection may, and another connection is served meanwhile.
func TestD9_7RapidReset(t *testing.T) {
	var running, most atomic.Int64
	release := make(chan struct{})
	url, client, dial := overTLS(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/page" {
			return
		}
		n := running.Add(1)
		defer running.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		<-release // a handler that does not notice the reset
	})
	c := dial()
	go func() { _, _ = io.Copy(io.Discard, c) }()
	sent := 0
	for id := uint32(1); id < 40_000; id += 2 {
		if c.frame(frameHeaders, endStream|endHeaders, id, headerBlock("door.example")) != nil ||
			c.frame(frameReset, 0, id, []byte{0, 0, 0, 8}) != nil {
			break
		}
		sent++
	}
	answer, err := client.Get(url + "/other")
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("another connection: %v", err)
	}
	close(release)
	if most.Load() > streamsAtOnce {
		t.Errorf("%d handlers ran at once for one connection, want %d at most", most.Load(), streamsAtOnce)
	}
	t.Logf("%d requests were sent before the server had enough; %d handlers ran at once", sent, most.Load())
}

// TestD9_7Continuation: a header that never ends is cut off, not gathered.
func TestD9_7Continuation(t *testing.T) {
	url, client, dial := overTLS(t, func(http.ResponseWriter, *http.Request) {})
	c := dial()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, c)
	}()
	if err := c.frame(frameHeaders, endStream, 1, headerBlock("door.example")); err != nil {
		t.Fatal(err)
	}
	// A literal header without indexing: name "x", and a value of 1,000 bytes (RFC 7541 section 6.2.2).
	one := append([]byte{0, 1, 'x', 0x7f, 0xe9, 0x06}, strings.Repeat("v", 1000)...)
	block := []byte(strings.Repeat(string(one), 16))
	const most = 64 << 20
	sent, err := 0, error(nil)
	for ; sent < most && err == nil; sent += len(block) {
		err = c.frame(frameContinuation, 0, 1, block)
	}
	<-ended
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the server keeps the connection and reads no more")
	}
	if sent >= most {
		t.Errorf("the server took %d MiB of one header", sent>>20)
	}
	if answer, err := client.Get(url); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("another connection: %v", err)
	}
	t.Logf("cut off after %d KiB", sent>>10)
}
