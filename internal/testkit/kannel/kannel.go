package kannel

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/internal/testkit/need"
	"sallyport/internal/testkit/wait"
)

// patience bounds every wait for a process, so that a hang ends as a failure.
const patience = 30 * time.Second

// Gateway is one running Kannel.
type Gateway struct {
	URL            string // of the sendsms service
	User, Password string
	status         string // address of bearerbox's status page
	folder         string
	network        *process // the fake phone network
	smsbox         *process
	bearerbox      *process
	phone          chan string
}

// Start runs the gateway until the test ends. Where Kannel is missing, the test is skipped (or fails, see package need).
func Start(t testing.TB) *Gateway {
	t.Helper()
	bearerbox := need.Program(t, "bearerbox")
	smsbox := need.Program(t, "smsbox")
	fakesmsc := need.Program(t, "/usr/lib/kannel/test/fakesmsc")
	ports := freePorts(t, 4)
	g := &Gateway{URL: "http://127.0.0.1:" + ports[3] + "/cgi-bin/sendsms", User: "sallyport", Password: "correct-horse",
		status: "http://127.0.0.1:" + ports[0] + "/status.txt?password=status", folder: t.TempDir(), phone: make(chan string, 1000)}
	config := filepath.Join(g.folder, "kannel.conf")
	fill := strings.NewReplacer("$FOLDER", g.folder, "$ADMIN", ports[0], "$BOX", ports[1], "$NETWORK", ports[2], "$SEND", ports[3],
		"$USER", g.User, "$PASSWORD", g.Password)
	check(t, os.WriteFile(config, []byte(fill.Replace(configuration)), 0o600))
	g.bearerbox = start(t, nil, bearerbox, "-v", "4", config)
	g.until(t, "Kannel")
	g.network = start(t, g.listen, fakesmsc, "-H", "127.0.0.1", "-r", ports[2], "-m", "0", "100 200 text nop")
	g.until(t, "online")
	g.smsbox = start(t, nil, smsbox, "-v", "4", config)
	g.until(t, "smsbox:")
	await(t, ports[3])
	return g
}

// Phone comes back with what the phone shows, as soon as a line of it contains last: the fake network hands out a
// message line by line, the first one with sender, number and kind before it. The test fails when nothing comes.
func (g *Gateway) Phone(t testing.TB, last string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var lines []string
	for {
		select {
		case line := <-g.phone:
			if lines = append(lines, line); strings.Contains(line, last) {
				return strings.Join(lines, "\n")
			}
		case <-ctx.Done():
			t.Fatalf("no text message with %q came, but %q", last, lines)
		}
	}
}

// CutNetwork takes the phone network away: the gateway still answers, and what it takes waits.
func (g *Gateway) CutNetwork(t testing.TB) {
	t.Helper()
	g.network.end()
	g.until(t, "re-connecting", "connecting", "disconnected", "dead")
}

// Stop ends the part that takes requests: its port is closed then.
func (g *Gateway) Stop() { g.smsbox.end() }

// AccessLogs returns what Kannel has logged of all requests.
func (g *Gateway) AccessLogs(t testing.TB) string {
	t.Helper()
	var all strings.Builder
	for _, name := range []string{"smsbox.log", "smsbox-access.log", "bearerbox.log"} {
		text, err := os.ReadFile(filepath.Join(g.folder, name))
		check(t, err)
		all.Write(text)
	}
	return all.String()
}

// listen takes what is between the angle brackets of "Got message 1: <…>" out of the fake network's output.
func (g *Gateway) listen(out io.Reader) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, rest, found := strings.Cut(lines.Text(), "Got message "); found {
			if _, text, found := strings.Cut(rest, ": <"); found {
				g.phone <- strings.TrimSuffix(text, ">")
			}
		}
	}
}

// until comes back when the status page shows one of words.
func (g *Gateway) until(t testing.TB, words ...string) {
	t.Helper()
	poll(t, func(ctx context.Context) string {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, g.status, nil)
		check(t, err)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		page, _ := io.ReadAll(resp.Body)
		for _, w := range words {
			if strings.Contains(string(page), w) {
				return ""
			}
		}
		return string(page)
	})
}

func await(t testing.TB, port string) {
	t.Helper()
	poll(t, func(ctx context.Context) string {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+port)
		if err != nil {
			return err.Error()
		}
		conn.Close()
		return ""
	})
}

// poll asks again until the answer is empty.
func poll(t testing.TB, ask func(context.Context) string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	why := ""
	wait.Until(t, func() bool { why = ask(ctx); return why == "" }, "Kannel did not get ready: %s", wait.Late(func() string { return why }))
}

type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// start runs a program that ends with the test; read, where given, gets its messages.
func start(t testing.TB, read func(io.Reader), program string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program, args...), done: make(chan struct{})}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	var out io.Reader
	if read != nil {
		pipe, err := p.cmd.StderrPipe()
		check(t, err)
		out = pipe
	}
	check(t, p.cmd.Start())
	go func() {
		if read != nil {
			read(out)
		}
		p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(p.end)
	return p
}

// end is polite first; Kannel's boxes take a while to listen, so it does not stay polite for long.
func (p *process) end() {
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM)
	patience := time.NewTimer(2 * time.Second)
	defer patience.Stop()
	select {
	case <-p.done:
		return
	case <-patience.C:
	}
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

func freePorts(t testing.TB, n int) []string {
	t.Helper()
	var ports []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		check(t, err)
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		ports = append(ports, port)
	}
	return ports
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
