package web

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are net.Pipes, so that time limits run on the test's own clock.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// connected runs use with a connection to a server whose clock is the bubble's.
func connected(t *testing.T, use func(t *testing.T, c net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t)
		h.Add(Route{Method: "GET", Pattern: "/slow", Needs: Anyone, Handler: func(w http.ResponseWriter, r *http.Request) error {
			select {
			case <-time.After(40 * time.Second):
				return Text(w, 200, "slow")
			case <-r.Context().Done():
				return r.Context().Err()
			}
		}}, Route{Method: "POST", Pattern: "/slow", Needs: Anyone, Handler: func(w http.ResponseWriter, r *http.Request) error {
			if _, err := ReadForm(r, "name"); err != nil {
				return err
			}
			select {
			case <-time.After(40 * time.Second):
				return Text(w, 200, "slow")
			case <-r.Context().Done():
				return r.Context().Err()
			}
		}})
		h.Add(Route{Method: "GET", Pattern: "/long", Needs: Anyone, Handler: func(w http.ResponseWriter, r *http.Request) error {
			for range 10 { // 200 seconds in all
				if _, err := w.Write(make([]byte, 16<<10)); err != nil {
					return err
				}
				<-time.After(20 * time.Second)
			}
			return nil
		}})
		l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		s := NewServer(h, slog.New(slog.DiscardHandler))
		go func() { _ = s.Serve(Calm(l)) }()
		client, server := net.Pipe()
		l.conns <- server
		use(t, client)
		client.Close()
		_ = s.Close()
		<-time.After(2 * time.Second) // net/http waits half a second before it closes a connection it gave up
	})
}

// within allows for the second that a deadline may come later.
func within(took, want time.Duration) bool { return took >= want && took <= want+deadlineTick }

const head = "Host: door.example\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"

// answer reads one answer and how long it took to come.
func answer(t *testing.T, c net.Conn) (*http.Response, string, time.Duration) {
	t.Helper()
	began := time.Now()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return nil, err.Error(), time.Since(began)
	}
	body, _ := io.ReadAll(resp.Body)
	return resp, string(body), time.Since(began)
}

// TestD9_6: a header has 5 seconds, a body 10, whether its length is known or it comes in chunks.
func TestD9_6(t *testing.T) {
	t.Run("header", func(t *testing.T) {
		connected(t, func(t *testing.T, c net.Conn) {
			if _, err := io.WriteString(c, "GET /page HTTP/1.1\r\nHost: door"); err != nil {
				t.Fatal(err)
			}
			resp, text, took := answer(t, c)
			if resp != nil && resp.StatusCode != 408 || !within(took, 5*time.Second) {
				t.Errorf("%s after %s", text, took)
			}
		})
	})
	for name, start := range map[string]string{"length": "Content-Length: 100\r\n\r\nname=", "chunks": "Transfer-Encoding: chunked\r\n\r\n5\r\nname=\r\n"} {
		t.Run(name, func(t *testing.T) {
			connected(t, func(t *testing.T, c net.Conn) {
				if _, err := io.WriteString(c, "POST /act HTTP/1.1\r\n"+head+start); err != nil {
					t.Fatal(err)
				}
				var slow sync.WaitGroup
				slow.Go(func() { // one byte a second of the test's own clock
					for range 200 {
						<-time.After(time.Second)
						b := "x"
						if name == "chunks" {
							b = "1\r\nx\r\n"
						}
						if _, err := io.WriteString(c, b); err != nil {
							return
						}
					}
				})
				resp, text, took := answer(t, c)
				c.Close()
				slow.Wait()
				if resp == nil || resp.StatusCode != 408 || !within(took, bodyTime) {
					t.Errorf("%s after %s", text, took)
				}
			})
		})
	}
	t.Run("header too long", func(t *testing.T) {
		connected(t, func(t *testing.T, c net.Conn) {
			go func() { _, _ = io.WriteString(c, "GET /page HTTP/1.1\r\nX: "+strings.Repeat("x", 100<<10)) }()
			if resp, text, _ := answer(t, c); resp == nil || resp.StatusCode != 431 {
				t.Errorf("%s", text)
			}
		})
	})
	t.Run("body of a page that takes none", func(t *testing.T) {
		connected(t, func(t *testing.T, c net.Conn) {
			if _, err := io.WriteString(c, "POST /none HTTP/1.1\r\n"+head+"Content-Length: 1000000000\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			resp, text, took := answer(t, c)
			if resp == nil || resp.StatusCode != 404 || took > bodyTime+deadlineTick {
				t.Errorf("%s after %s", text, took)
			}
		})
	})
}

// TestLongAnswersAreNotCutByTheBodysLimit: what bounds the arrival of a request must not end its answer.
func TestLongAnswersAreNotCutByTheBodysLimit(t *testing.T) {
	for name, request := range map[string]string{"GET": "GET /slow HTTP/1.1\r\nHost: door.example\r\n\r\n", "POST": "POST /slow HTTP/1.1\r\n" + head + "Content-Length: 6\r\n\r\nname=x"} {
		t.Run(name, func(t *testing.T) {
			connected(t, func(t *testing.T, c net.Conn) {
				if _, err := io.WriteString(c, request); err != nil {
					t.Fatal(err)
				}
				resp, text, took := answer(t, c)
				if resp == nil || resp.StatusCode != 200 || took != 40*time.Second {
					t.Errorf("%s after %s", text, took)
				}
			})
		})
	}
}

// TestAnswersEndWithTheirReader: a long answer goes on while it is read, and is broken off a minute after that ends.
func TestAnswersEndWithTheirReader(t *testing.T) {
	connected(t, func(t *testing.T, c net.Conn) {
		if _, err := io.WriteString(c, "GET /long HTTP/1.1\r\nHost: door.example\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if resp, text, _ := answer(t, c); resp == nil || len(text) != 160<<10 {
			t.Errorf("%d bytes", len(text))
		}
	})
	connected(t, func(t *testing.T, c net.Conn) {
		if _, err := io.WriteString(c, "GET /long HTTP/1.1\r\nHost: door.example\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		<-time.After(writeTime + deadlineTick)
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("still waiting for a reader after a minute")
		}
	})
}

// TestOptionsOfEverything: net/http answers "OPTIONS *" by itself unless it is told not to: for any host, without our headers.
func TestOptionsOfEverything(t *testing.T) {
	for host, want := range map[string]int{"door.example": 404, "evil.example": 421} {
		connected(t, func(t *testing.T, c net.Conn) {
			if _, err := io.WriteString(c, "OPTIONS * HTTP/1.1\r\nHost: "+host+"\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			if resp, text, _ := answer(t, c); resp == nil || resp.StatusCode != want || resp.Header.Get("Content-Security-Policy") == "" {
				t.Errorf("%s: %v %s", host, resp, text)
			}
		})
	}
}

// TestGzipIsNotUnpacked: a compressed body is refused unread, so there is nothing to blow up.
func TestGzipIsNotUnpacked(t *testing.T) {
	connected(t, func(t *testing.T, c net.Conn) {
		if _, err := io.WriteString(c, "POST /act HTTP/1.1\r\n"+head+"Content-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if resp, text, _ := answer(t, c); resp == nil || resp.StatusCode != 415 {
			t.Errorf("%s", text)
		}
	})
}

// TestCalmDeadlines: noted ones take effect within a second, past ones at once, and both can be lifted.
func TestCalmDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &pipes{conns: make(chan net.Conn, 1), done: make(chan struct{})}
		calm := Calm(l)
		client, server := net.Pipe()
		l.conns <- server
		c, err := calm.Accept()
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		set := func(d time.Duration) {
			began = time.Now()
			if err := c.SetDeadline(began.Add(d)); err != nil {
				t.Fatal(err)
			}
		}
		for _, use := range []func([]byte) (int, error){c.Read, c.Write} {
			for _, d := range []time.Duration{5 * time.Second, 100 * time.Millisecond, -time.Hour} {
				set(d)
				_, err := use(make([]byte, 1))
				if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took < d || took > max(d, 0)+deadlineTick || d < 0 && took != 0 {
					t.Errorf("%s: %v after %s", d, err, took)
				}
			}
		}
		if err := c.SetDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		go func() { <-time.After(time.Hour); _, _ = client.Write([]byte("x")) }()
		if n, err := c.Read(make([]byte, 1)); n != 1 {
			t.Errorf("after all deadlines were lifted: %v", err)
		}
		calm.Close()
		c.Close()
		if n := len(calm.(*calmListener).conns); n != 0 {
			t.Errorf("%d connections remembered", n)
		}
		<-time.After(2 * deadlineTick) // the watcher ends, or the bubble says so
	})
}
