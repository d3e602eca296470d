package flood

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/testkit/postgres"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// patience bounds every wait, so that a hang ends as a failure.
const patience = 2 * time.Minute

const mib = 1 << 20

// town is a running server with one technician who is signed in, and one who wants to.
type town struct {
	t      *testing.T
	s      *server.Server
	signed *server.Client
	dana   team.Member
}

func newTown(t *testing.T, address string) *town {
	t.Helper()
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil || files.Cur < 12_000 {
		t.Skipf("this process may open %d files only; the crowd needs 12,000", files.Cur)
	}
	ctx := t.Context()
	folder := filepath.Join(t.TempDir(), "data")
	f, err := team.MakeOn(ctx, folder, address)
	check(t, err)
	members, err := f.Add(ctx, team.Spec{Name: "mara", Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp},
		team.Spec{Name: "dana", Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp})
	check(t, err)
	tokens, err := f.SignIn(ctx, members[0])
	check(t, err)
	check(t, f.Close())
	binary, err := server.Build(ctx, t.TempDir())
	check(t, err)
	port, err := server.FreePort()
	check(t, err)
	s, err := server.Start(binary, folder, port, io.Discard, "SALLYPORT_LOG_LEVEL=error", "SALLYPORT_DATABASE="+address)
	check(t, err)
	t.Cleanup(s.Kill)
	check(t, s.Ready(ctx))
	w := &town{t: t, s: s, signed: s.Client(), dana: members[1]}
	w.signed.HoldSession(tokens[0].Reveal())
	return w
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// dial comes from an address of this machine.
func (w *town) dial(from string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}
	return d.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", w.s.Port))
}

// post is a whole sign-in request as a browser sends it.
func (w *town) post(name, password string) string {
	form := url.Values{"user_name": {name}, "password": {password}, "return": {"/"}}.Encode()
	return fmt.Sprintf("POST /sign-in HTTP/1.1\r\nHost: localhost:%d\r\nOrigin: http://localhost:%d\r\nSec-Fetch-Site: same-origin\r\n"+
		"Cookie: sallyport-signin-%d=%s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		w.s.Port, w.s.Port, w.s.Port, strings.Repeat("A", 43), len(form), form)
}

// ask sends one request over a connection of its own.
func (w *town) ask(from, request string) (*http.Response, error) {
	c, err := w.dial(from)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(c, request); err != nil {
		return nil, err
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return answer, err
}

// works fails unless a signed-in page is answered, and somebody new is led on to his second page.
func (w *town) works(from, when string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	if a, err := w.signed.Get(ctx, "/me"); err != nil || a.Status != http.StatusOK {
		w.t.Errorf("%s: a signed-in page: %d, %v", when, a.Status, err)
	}
	answer, err := w.ask(from, w.post(w.dana.UserName, team.Password))
	if err != nil || answer.StatusCode != http.StatusSeeOther {
		w.t.Errorf("%s: a right password: %v, %v", when, answer, err)
	}
}

// memory fails when the server was ever greater than that.
func (w *town) memory(most int64) {
	w.t.Helper()
	peak, err := server.Peak(w.s.PID())
	check(w.t, err)
	w.t.Logf("at most %d MiB of %d", peak/mib, most/mib)
	if peak > most {
		w.t.Errorf("the server took %d MiB, want %d at most", peak/mib, most/mib)
	}
}

// TestD7_11: 5,000 sign-ins at once against the assembled server. Each has an answer: compared, or to come back and
// when; memory is bounded by the hash's workers and what a connection holds; afterwards everything works at once.
func TestD7_11(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		w := newTown(t, "")
		w.flooded(http.StatusOK)
		w.works("127.2.0.1", "afterwards")
	})
	// A database elsewhere is asked by the whole crowd, too: a page may be told to come back meanwhile, and what was waiting
	// there is worked off before everything is as it was.
	t.Run("PostgreSQL", func(t *testing.T) {
		w := newTown(t, postgres.Database(t))
		w.flooded(http.StatusOK, http.StatusServiceUnavailable)
		limit := time.Now().Add(patience)
		for live := false; !live; {
			a, err := w.signed.Get(t.Context(), "/me")
			if live = err == nil && a.Status == http.StatusOK; !live && time.Now().After(limit) {
				t.Fatalf("it never comes back: %d, %v", a.Status, err)
			}
		}
		w.works("127.2.0.1", "afterwards")
	})
}

// flooded lets the crowd come. Somebody who is signed in gets one of those answers meanwhile.
func (w *town) flooded(meanwhile ...int) {
	t := w.t
	const crowd = 5000
	var mu sync.Mutex
	seen, without := map[int]int{}, 0
	var all sync.WaitGroup
	for i := range crowd {
		all.Go(func() {
			answer, err := w.ask(fmt.Sprintf("127.1.%d.1", i%250), w.post(fmt.Sprintf("user%d", i), fmt.Sprintf("guess %d", i)))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				if seen[0]++; seen[0] == 1 {
					t.Errorf("without an answer: %v", err)
				}
				return
			}
			if seen[answer.StatusCode]++; answer.StatusCode != http.StatusUnprocessableEntity && answer.Header.Get("Retry-After") == "" {
				without++
			}
		})
	}
	if a, err := w.signed.Get(t.Context(), "/me"); err != nil || !slices.Contains(meanwhile, a.Status) {
		t.Errorf("a signed-in page meanwhile: %d, %v", a.Status, err)
	}
	all.Wait()
	t.Logf("answers by status: %v", seen)
	compared, busy := seen[http.StatusUnprocessableEntity], seen[http.StatusServiceUnavailable]
	if compared+busy != crowd || compared == 0 || without != 0 { // a great machine compares them all
		t.Errorf("%d compared, %d told to come back, %d of them without when; all answers: %v", compared, busy, without, seen)
	}
	w.memory(int64(2*19*runtime.NumCPU()+40)*mib + crowd*48<<10)
}

// TestD9_7: 10,000 connections that linger (silent, with a header or a body that never ends, idle after a request), from
// few networks and from many. Others are served meanwhile; open connections and memory stay within their bounds.
func TestD9_7(t *testing.T) {
	w := newTown(t, "")
	head := fmt.Sprintf("GET /sign-in HTTP/1.1\r\nHost: localhost:%d\r\n", w.s.Port)
	body := w.post("nobody", strings.Repeat("x", 200))
	kinds := []string{"", head + "X-Slow: ", head + "\r\n", body[:len(body)-100]}
	c := &crowd{w: w}
	t.Cleanup(c.leave)
	for i := range 5000 { // a hundred networks
		c.come(fmt.Sprintf("127.3.%d.1", i%100), kinds[i%len(kinds)])
	}
	w.works("127.4.0.1", "among few networks")
	for i := range 5000 { // everybody from elsewhere
		c.come(fmt.Sprintf("127.5.%d.%d", i/250, 1+i%250), kinds[i%len(kinds)])
		if i%500 == 499 {
			c.dribble()
			w.works(fmt.Sprintf("127.6.0.%d", 1+i/500), fmt.Sprintf("among %d networks", i+101))
		}
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", w.s.PID()))
	check(t, err)
	t.Logf("%d came, %d files are open", c.came, len(open))
	if len(open) > 8192+128 {
		t.Errorf("the server holds %d files", len(open))
	}
	w.memory(int64(2*19*runtime.NumCPU()+40)*mib + 8192*48<<10)
	c.leave()
	w.works("127.7.0.1", "afterwards")
}

// crowd are connections that nobody ends.
type crowd struct {
	w     *town
	conns []net.Conn
	came  int
}

// come opens a connection and says the beginning of something. One that is refused is no failure of the server.
func (c *crowd) come(from, say string) {
	conn, err := c.w.dial(from)
	if err != nil {
		return
	}
	c.came++
	c.conns = append(c.conns, conn)
	_, _ = io.WriteString(conn, say)
}

// dribble goes on by one byte everywhere.
func (c *crowd) dribble() {
	for i, conn := range c.conns {
		if i%4 != 2 { // those are idle
			_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
			_, _ = conn.Write([]byte("x"))
		}
	}
}

func (c *crowd) leave() {
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.conns = nil
}
