package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sallyport"
)

const (
	goodToken  = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	awayToken  = "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA"
	otherToken = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA"
	plainCheck = "GET /session HTTP/1.1\r\nHost: door.example\r\n"
	withCookie = plainCheck + "Cookie: __Host-sallyport=" + goodToken + "\r\n\r\n"
)

// knowsGood says yes to one token, and cannot look for another.
func knowsGood(o *Options) {
	o.Check = func(_ context.Context, t sallyport.Token) (bool, error) {
		if t.Reveal() == awayToken {
			return false, sallyport.ErrUnavailable.Because(errors.New("the database is away"))
		}
		return t.Reveal() == goodToken, nil
	}
}

// scripted is a connection that says what it was given, then ends, and keeps what it is told.
type scripted struct {
	net.Conn
	parts [][]byte
	peer  net.Addr
	mu    sync.Mutex
	said  bytes.Buffer
	over  chan struct{}
	once  sync.Once
}

func newScripted(parts ...[]byte) *scripted {
	return &scripted{parts: parts, peer: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4711}, over: make(chan struct{})}
}

func (s *scripted) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.parts) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.parts[0])
	if s.parts[0] = s.parts[0][n:]; len(s.parts[0]) == 0 {
		s.parts = s.parts[1:]
	}
	return n, nil
}

func (s *scripted) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.Write(p)
}

func (s *scripted) Close() error                     { s.once.Do(func() { close(s.over) }); return nil }
func (s *scripted) RemoteAddr() net.Addr             { return s.peer }
func (s *scripted) LocalAddr() net.Addr              { return s.peer }
func (s *scripted) SetDeadline(time.Time) error      { return nil }
func (s *scripted) SetReadDeadline(time.Time) error  { return nil }
func (s *scripted) SetWriteDeadline(time.Time) error { return nil }

// said runs one connection to its end and returns what the server answered.
func said(t testing.TB, site *Site, wrap func(net.Listener) net.Listener, c *scripted) []byte {
	t.Helper()
	l := &pipes{conns: make(chan net.Conn, 1), done: make(chan struct{})}
	l.conns <- c
	s := NewServer(site, slog.New(slog.DiscardHandler))
	var wait sync.WaitGroup
	wrapped := wrap(l)
	wait.Go(func() { _ = s.Serve(wrapped) })
	<-c.over
	_ = s.Close()
	wait.Wait()
	return c.said.Bytes()
}

// answers reads the answers that stand one after the other in b.
func answers(t testing.TB, b []byte) (list []*http.Response) {
	t.Helper()
	r := bufio.NewReader(bytes.NewReader(b))
	for {
		if _, err := r.Peek(1); err != nil {
			return list
		}
		a, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("%v in %q", err, b)
		}
		if _, err := io.Copy(io.Discard, a.Body); err != nil {
			t.Fatal(err)
		}
		list = append(list, a)
	}
}

func statuses(list []*http.Response) (out []int) {
	for _, a := range list {
		out = append(out, a.StatusCode)
	}
	return out
}

// FuzzQuick: what is answered on the connection, net/http would have answered just so, once, and with nothing left over.
func FuzzQuick(f *testing.F) {
	for _, s := range quickCases {
		f.Add([]byte(s.request))
	}
	site := newHarness(&testing.T{}, knowsGood).Site
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4096 { // net/http's buffer: a longer one never comes in one piece
			return
		}
		c := newScripted(b)
		q := &quick{check: &site.session}
		ours := q.answer(b, time.Now())
		if ours == nil {
			return
		}
		theirs := answers(t, said(t, site, Calm, c))
		mine := answers(t, ours)
		if len(theirs) != 1 || theirs[0].StatusCode != mine[0].StatusCode {
			t.Fatalf("net/http: %d, here: %d", statuses(theirs), statuses(mine))
		}
		theirs[0].Header.Del("Date")
		if _, err := http.ParseTime(mine[0].Header.Get("Date")); err != nil {
			t.Error(err)
		}
		mine[0].Header.Del("Date")
		if mine[0].StatusCode == http.StatusServiceUnavailable { // a second may have ended between the two
			for _, h := range []http.Header{theirs[0].Header, mine[0].Header} {
				if h.Get("Request-Id") == "" || h.Get("Retry-After") == "" {
					t.Errorf("could not look, and says %v", h)
				}
				h.Del("Request-Id")
			}
		}
		if !maps.EqualFunc(theirs[0].Header, mine[0].Header, slices.Equal) {
			t.Errorf("net/http: %v\nhere: %v", theirs[0].Header, mine[0].Header)
		}
	})
}

var quickCases = []struct {
	name, request string
	taken         bool
	statuses      []int
}{
	{"yes", withCookie, true, []int{204}},
	{"no cookie", plainCheck + "\r\n", true, []int{401}},
	{"unknown", plainCheck + "Cookie: __Host-sallyport=" + otherToken + "\r\n\r\n", true, []int{401}},
	{"could not look", plainCheck + "Cookie: __Host-sallyport=" + awayToken + "\r\n\r\n", true, []int{503}},
	{"other cookies", plainCheck + "cookie: a=b; __Host-sallyport=" + goodToken + "; c=d\r\n\r\n", true, []int{204}},
	{"two cookie lines", plainCheck + "Cookie: a=b\r\nCOOKIE:\t__Host-sallyport=" + goodToken + " \r\n\r\n", true, []int{204}},
	{"two tokens", plainCheck + "Cookie: __Host-sallyport=" + goodToken + "; __Host-sallyport=" + goodToken + "\r\n\r\n", true, []int{401}},
	{"as proxies ask", plainCheck + "Connection: keep-alive\r\nX-Forwarded-For: 192.0.2.7\r\nX-Original-URI: /a?b=c\r\n\r\n", true, []int{401}},
	{"length", plainCheck + "Content-Length: 0\r\n\r\n", false, []int{401}},
	{"body", plainCheck + "Content-Length: 3\r\n\r\nabc", false, []int{401}},
	{"chunks", plainCheck + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false, nil},
	{"space before colon", plainCheck + "Content-Length : 3\r\n\r\n", false, []int{400}},
	{"folded line", plainCheck + "X-A: b\r\n c\r\n\r\n", false, nil},
	{"bare line feed", "GET /session HTTP/1.1\nHost: door.example\n\n", false, nil},
	{"carriage return in a value", plainCheck + "X-A: b\rContent-Length: 3\r\n\r\n", false, nil},
	{"last answer", plainCheck + "Connection: close\r\n\r\n", false, []int{401}},
	{"two at once", withCookie + withCookie, false, []int{204, 204}},
	{"half", plainCheck, false, nil},
	{"another host", strings.Replace(withCookie, "door.", "gate.", 1), false, []int{421}},
	{"the host in capitals", strings.Replace(withCookie, "door.", "DOOR.", 1), false, []int{204}},
	{"two hosts", plainCheck + "Host: door.example\r\n\r\n", false, []int{400}},
	{"no host", "GET /session HTTP/1.1\r\n\r\n", false, []int{400}},
	{"another method", strings.Replace(withCookie, "GET", "HEAD", 1), false, nil},
	{"another version", strings.Replace(withCookie, "1.1", "1.0", 1), false, []int{204}},
	{"a query", strings.Replace(withCookie, "/session", "/session?a", 1), false, []int{204}},
	{"another page", strings.Replace(withCookie, "/session", "/page", 1), false, []int{200}},
	{"underscore", plainCheck + "X_Forwarded_Host: a\r\n\r\n", false, []int{401}},
	{"expectation", plainCheck + "Expect: 100-continue\r\n\r\n", false, nil},
	{"upgrade", plainCheck + "Upgrade: h2c\r\n\r\n", false, []int{401}},
	{"not a line", plainCheck + "\r\n\r\n", false, nil},
}

// TestQuick: what is taken, and that the rest gets the answer that it always got.
func TestQuick(t *testing.T) {
	for _, c := range quickCases {
		t.Run(c.name, func(t *testing.T) {
			site := newHarness(t, knowsGood).Site
			if _, ok := quickRequest([]byte(c.request), site.host, site.session.cookie); ok != c.taken {
				t.Errorf("taken: %v", ok)
			}
			got := statuses(answers(t, said(t, site, site.Listen, newScripted([]byte(c.request)))))
			plain := statuses(answers(t, said(t, site, Calm, newScripted([]byte(c.request)))))
			if !slices.Equal(got, plain) || c.statuses != nil && !slices.Equal(got, c.statuses) {
				t.Errorf("answers %d, without the short cut %d, want %d", got, plain, c.statuses)
			}
		})
	}
}

// TestQuickCounts: the answers are counted wherever they were given.
func TestQuickCounts(t *testing.T) {
	site := newHarness(t, knowsGood).Site
	said(t, site, site.Listen, newScripted([]byte(withCookie), []byte(plainCheck+"\r\n"), []byte(strings.Replace(withCookie, goodToken, awayToken, 1)),
		[]byte(strings.Replace(withCookie, "1.1", "1.0", 1))))
	if yes, no, unknown := site.SessionChecks(); yes != 2 || no != 1 || unknown != 1 {
		t.Errorf("%d yes, %d no, %d unknown", yes, no, unknown)
	}
}

// TestQuickIsOverWithTheFirstOther: from the first request that is none of these on, nothing that looks like one is taken:
// it may be the middle of something else.
func TestQuickIsOverWithTheFirstOther(t *testing.T) {
	site := newHarness(t, knowsGood).Site
	post := "POST /act HTTP/1.1\r\nHost: door.example\r\nOrigin: https://door.example\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
	got := answers(t, said(t, site, site.Listen, newScripted([]byte(withCookie), []byte(post+strconv.Itoa(len(withCookie))+"\r\n\r\n"), []byte(withCookie))))
	if len(got) != 2 || got[0].StatusCode != 204 || got[1].StatusCode == 204 {
		t.Errorf("a body of %d bytes: %d", len(withCookie), statuses(got))
	}
	half := withCookie[:30]
	got = answers(t, said(t, site, site.Listen, newScripted([]byte(withCookie), []byte(half), []byte(withCookie[30:]), []byte(withCookie))))
	if !slices.Equal(statuses(got), []int{204, 204, 204}) {
		t.Errorf("one in two pieces: %d", statuses(got))
	}
}

// TestQuickKeepsToTheProxies: a peer that may not speak to us is refused as ever.
func TestQuickKeepsToTheProxies(t *testing.T) {
	site := newHarness(t, knowsGood, func(o *Options) {
		o.OnlyProxies, o.Proxies = true, Proxies{netip.MustParsePrefix("192.0.2.0/24")}
	}).Site
	for peer, want := range map[string]int{"192.0.2.9": 204, "198.51.100.9": 421, "127.0.0.1": 204} {
		c := newScripted([]byte(withCookie))
		c.peer = &net.TCPAddr{IP: net.ParseIP(peer), Port: 1}
		if got := answers(t, said(t, site, site.Listen, c)); len(got) != 1 || got[0].StatusCode != want {
			t.Errorf("%s: %d", peer, statuses(got))
		}
	}
}

// TestQuickTimeLimits: what is begun on such a connection has 5 seconds, and one that waits has 90.
func TestQuickTimeLimits(t *testing.T) {
	for name, c := range map[string]struct {
		then string
		want time.Duration
	}{"half a header": {plainCheck, headerTime}, "nothing": {"", idleTime}} {
		t.Run(name, func(t *testing.T) {
			quickly(t, func(t *testing.T, client net.Conn, _ *http.Server) {
				r := bufio.NewReader(client)
				for range 3 {
					ask(t, client, r, withCookie, 204)
					<-time.After(4 * time.Second)
				}
				if _, err := io.WriteString(client, c.then); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				_, err := http.ReadResponse(r, nil)
				if took := time.Since(began); c.then == "" && (err == nil || !within(took+4*time.Second, c.want)) || c.then != "" && !within(took, c.want) {
					t.Errorf("%v after %s", err, took)
				}
			})
		})
	}
}

// TestQuickStops: a stop ends such a connection at once, after the answer under way.
func TestQuickStops(t *testing.T) {
	quickly(t, func(t *testing.T, client net.Conn, s *http.Server) {
		r := bufio.NewReader(client)
		ask(t, client, r, withCookie, 204)
		began := time.Now()
		if err := s.Shutdown(context.Background()); err != nil || time.Since(began) > time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		if _, err := r.ReadByte(); err == nil {
			t.Error("the connection goes on")
		}
	})
	quickly(t, func(t *testing.T, client net.Conn, s *http.Server) {
		if _, err := io.WriteString(client, withCookie); err != nil { // nobody reads the answer yet
			t.Fatal(err)
		}
		synctest.Wait() // the server is about to write it
		done := make(chan error)
		go func() { done <- s.Shutdown(context.Background()) }()
		if a, err := http.ReadResponse(bufio.NewReader(client), nil); err != nil || a.StatusCode != 204 {
			t.Errorf("the answer under way: %v", err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestStopDoesNotWaitForReaders: whoever reads no answers holds up no stop. Closing the listener waits a second for them all,
// by the machine's clock: what waits here is a lock, which a bubble's clock does not pass over.
func TestStopDoesNotWaitForReaders(t *testing.T) {
	h := newHarness(t, knowsGood)
	l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	wrapped := h.Listen(l)
	var wait sync.WaitGroup
	for range 3 {
		client, server := net.Pipe()
		defer client.Close()
		wait.Go(func() { l.conns <- server })
		c, err := wrapped.Accept()
		if err != nil {
			t.Fatal(err)
		}
		wait.Go(func() { _, _ = c.Read(make([]byte, 4096)) }) // as net/http does
		if _, err := io.WriteString(client, withCookie); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(client, make([]byte, 9)); err != nil { // the answer is being written
			t.Fatal(err)
		}
	}
	closed := make(chan error)
	go func() { closed <- wrapped.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the stop waits for those who do not read")
	}
	wait.Wait()
}

func ask(t *testing.T, c net.Conn, r *bufio.Reader, request string, want int) {
	t.Helper()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	if a, err := http.ReadResponse(r, nil); err != nil || a.StatusCode != want {
		t.Fatalf("%v, %v", a, err)
	}
}

// quickly runs use with a connection to a server with the short cut, whose clock is the bubble's.
func quickly(t *testing.T, use func(t *testing.T, c net.Conn, s *http.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, knowsGood)
		l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		s := NewServer(h, slog.New(slog.DiscardHandler))
		var wait sync.WaitGroup
		wait.Go(func() { _ = s.Serve(h.Listen(l)) })
		client, server := net.Pipe()
		l.conns <- server
		use(t, client, s)
		client.Close()
		_ = s.Close()
		wait.Wait()
		<-time.After(2 * time.Second)
	})
}

// TestQuickAnswersSayWhatTimeItIs: the answers are made once a second, not once.
func TestQuickAnswersSayWhatTimeItIs(t *testing.T) {
	h := newHarness(t, knowsGood)
	q := &quick{check: &h.session}
	for _, at := range []time.Time{time.Unix(1, 0), time.Unix(1, 999), time.Unix(2, 0)} {
		want := []byte("\r\nDate: " + at.UTC().Format(http.TimeFormat) + "\r\n")
		if got := q.answer([]byte(withCookie), at); !bytes.Contains(got, want) {
			t.Errorf("at %s: %q", at, got)
		}
	}
}
