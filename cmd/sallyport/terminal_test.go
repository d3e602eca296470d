package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/internal/testkit/need"
)

// terminal opens a pseudo-terminal.
func terminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		need.Missing(t, "a pseudo-terminal (/dev/ptmx)")
	}
	t.Cleanup(func() { _ = ours.Close() })
	if err := unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = theirs.Close() })
	return ours, theirs
}

// TestSetUpAddressGoesToTheTerminal: where somebody looks on, the address is on the screen and in no file.
func TestSetUpAddressGoesToTheTerminal(t *testing.T) {
	ours, theirs := terminal(t)
	data := filepath.Join(t.TempDir(), "data")
	cmd := exec.Command("sallyport", "serve", "--data", data, "--listen", "127.0.0.1:0", "--operations", "off")
	cmd.Env = append(os.Environ(), "SALLYPORT_CONFIG="+os.DevNull)
	cmd.Stdout = theirs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Signal(os.Interrupt) }()
	screen, lines := "", bufio.NewScanner(ours)
	for !strings.Contains(screen, "answers at") && lines.Scan() {
		screen += lines.Text() + "\n"
	}
	if !regexp.MustCompile(`http://localhost:\d+/set-up/[A-Za-z0-9_-]{43}`).MatchString(screen) {
		t.Errorf("the terminal shows:\n%s", screen)
	}
	if _, err := os.Stat(filepath.Join(data, "set-up-link")); err == nil {
		t.Error("the address is in a file too")
	}
}

// TestDemoEndsWithItsTerminal: a window that is closed leaves no demo behind, neither its process nor its folder.
func TestDemoEndsWithItsTerminal(t *testing.T) {
	folders := t.TempDir()
	cmd := exec.Command("sallyport", "demo", "--listen", "127.0.0.1:0", "--workbench", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "TMPDIR="+folders)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer overdue.Stop()
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "Ctrl-C") {
	}
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // to its end
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(folders); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestSecondInterruptEndsAtOnce: whoever does not want to wait for a request that does not end need not look for the process.
func TestSecondInterruptEndsAtOnce(t *testing.T) {
	cmd := exec.Command("sallyport", "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--operations", "off")
	cmd.Env = append(os.Environ(), "SALLYPORT_CONFIG="+os.DevNull)
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer overdue.Stop()
	log := bufio.NewScanner(out)
	host := ""
	for host == "" && log.Scan() {
		_, host, _ = strings.Cut(log.Text(), `"public":"http://`)
		host, _, _ = strings.Cut(host, `"`)
	}
	c, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /sign-in HTTP/1.1\r\nHost: %s\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n", host)
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("%q, %v", line, err) // it waits for the body, which never comes
	}
	stopping := func() bool { return strings.Contains(log.Text(), `"msg":"stopping"`) }
	for err := cmd.Process.Signal(os.Interrupt); err == nil && !stopping() && log.Scan(); {
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for log.Scan() { // to its end
	}
	_ = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGINT {
		t.Errorf("it waited to the end: %v", cmd.ProcessState)
	}
}
