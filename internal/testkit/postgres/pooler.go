package postgres

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/internal/testkit/need"
)

// Pooler runs PgBouncer in front of the server until the test ends, in the mode that is named (session, transaction),
// with further lines of its configuration, and returns its port on 127.0.0.1.
func (s *Server) Pooler(t testing.TB, mode string, lines ...string) (port int) {
	t.Helper()
	program := need.Program(t, "/usr/sbin/pgbouncer")
	folder := t.TempDir()
	if err := s.own(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(folder), 0o755); err != nil { // the test's own, which the pooler's user goes through
		t.Fatal(err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(folder, "pgbouncer.ini")
	text := fmt.Sprintf("[databases]\n* = host=%s port=%d\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nauth_type = any\nunix_socket_dir =\npool_mode = %s\n"+
		"default_pool_size = 40\n%s\n", s.Folder, s.Port, port, mode, strings.Join(lines, "\n"))
	text = strings.Replace(text, "* = host", "* = user="+owner+" host", 1)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-q", config)
	cmd.SysProcAttr, cmd.Dir = s.as, folder
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for limit := time.Now().Add(patience); ; {
		c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			_ = c.Close()
			return port
		}
		if time.Now().After(limit) {
			t.Fatalf("the pooler does not answer: %v", err)
		}
	}
}
