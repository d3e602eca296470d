package smpp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/internal/testkit/need"
	"sallyport/internal/testkit/wait"
)

// patience bounds every wait for the process, so that a hang ends as a failure.
const patience = 30 * time.Second

// Host and Port are where the server listens, inside its namespace.
const (
	Host = "127.0.0.1"
	Port = "2775"
)

// boxPort is where drive_smpp looks for Kannel's bearerbox: it gives up where nobody listens there.
const boxPort = "13001"

// Server is one running drive_smpp.
type Server struct {
	inside chan func() // what is to run on the one thread that is in the namespace
	lines  chan string // what the server writes about what it does
	seen   []string
}

// Dialer opens connections as package dial does.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
	DialPlain(ctx context.Context, network, address string) (net.Conn, error)
}

// Start runs the server until the test ends. Where drive_smpp is missing, or a network namespace may not be made (it
// takes root), the test is skipped (or fails, see package need).
func Start(t testing.TB) *Server {
	t.Helper()
	program := need.Program(t, "/usr/lib/kannel/test/drive_smpp")
	s := &Server{inside: make(chan func()), lines: make(chan string, 1000)}
	if err := s.enter(); err != nil {
		need.Missing(t, "a network namespace, which takes root ("+err.Error()+")")
	}
	t.Cleanup(func() { close(s.inside) })
	config := filepath.Join(t.TempDir(), "drive_smpp.conf")
	check(t, os.WriteFile(config, []byte("group = core\nadmin-port = 13000\nadmin-password = admin\nsmsbox-port = "+boxPort+"\n"), 0o600))
	cmd := exec.Command(program, "-v", "0", "-p", Port, "-m", "1", "-c", config)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StderrPipe()
	check(t, err)
	var box net.Listener
	s.do(func() {
		if err = loopbackUp(); err != nil {
			return
		}
		if box, err = net.Listen("tcp", Host+":"+boxPort); err == nil {
			err = cmd.Start()
		}
	})
	check(t, err)
	go s.listen(out)
	go swallow(box)
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		for range s.lines { // to the end of what it wrote
		}
		cmd.Wait()
		box.Close()
	})
	s.Wrote(t, "accept_thread) maps to pid")
	s.listening(t)
	return s
}

// Within is d as seen from inside the namespace.
func (s *Server) Within(d Dialer) Dialer { return within{s, d} }

// Wrote comes back with the next line of the server's own log that contains words. The test fails when none comes.
func (s *Server) Wrote(t testing.TB, words string) string {
	t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	for {
		select {
		case line, open := <-s.lines:
			if s.seen = append(s.seen, line); strings.Contains(line, words) {
				return line
			}
			if !open {
				t.Fatalf("drive_smpp ended before it wrote %q:\n%s", words, strings.Join(s.seen, "\n"))
			}
		case <-end.C:
			t.Fatalf("drive_smpp did not write %q, but:\n%s", words, strings.Join(s.seen, "\n"))
		}
	}
}

type within struct {
	s *Server
	d Dialer
}

// DialContext implements Dialer.
func (w within) DialContext(ctx context.Context, network, address string) (conn net.Conn, err error) {
	w.s.do(func() { conn, err = w.d.DialContext(ctx, network, address) })
	return conn, err
}

// DialPlain implements Dialer.
func (w within) DialPlain(ctx context.Context, network, address string) (conn net.Conn, err error) {
	w.s.do(func() { conn, err = w.d.DialPlain(ctx, network, address) })
	return conn, err
}

// enter starts the thread that is in a namespace of its own. A socket belongs to the namespace of the thread that made it,
// a process to that of the thread that started it. The thread ends with the goroutine, for it is never unlocked.
func (s *Server) enter() error {
	entered := make(chan error)
	go func() {
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			entered <- err
			return
		}
		entered <- nil
		for do := range s.inside {
			do()
		}
	}()
	return <-entered
}

func (s *Server) do(f func()) {
	done := make(chan struct{})
	s.inside <- func() { defer close(done); f() }
	<-done
}

// loopbackUp switches the namespace's loopback on: it is off in a new one.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}

// listening comes back when the server's port is open, without a connection to it: there is only one. The kernel's table
// of the namespace says so.
func (s *Server) listening(t testing.TB) {
	t.Helper()
	var table []byte
	wait.Until(t, func() bool {
		var err error
		s.do(func() { table, err = os.ReadFile("/proc/thread-self/net/tcp") })
		check(t, err)
		return strings.Contains(string(table), ":0AD7 00000000:0000 0A ") // port 2775, state LISTEN
	}, "drive_smpp does not listen:\n%s", wait.Late(func() string { return string(table) }))
}

func (s *Server) listen(out io.Reader) {
	defer close(s.lines)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		s.lines <- lines.Text()
	}
}

// swallow stands for Kannel's bearerbox, which has nothing to say.
func swallow(box net.Listener) {
	for {
		conn, err := box.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			go io.Copy(io.Discard, conn)
		}
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
