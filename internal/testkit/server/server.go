// Package server runs the real program as a process of its own, to be asked over HTTP, measured from outside, and
// killed.
//
// It owns the building of the binary, its process and its port, and a client that signs in as a browser without scripts
// does. It knows addresses and form fields, nothing of what stands behind them. Begin with Build and Start.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Build builds the program without cgo, as it is shipped, into folder and returns its path.
func Build(ctx context.Context, folder string) (string, error) {
	path := filepath.Join(folder, "sallyport")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "sallyport/cmd/sallyport")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
}

// Server is the running program.
type Server struct {
	Port int
	URL  string // http://localhost:port

	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	err  error         // how it ended
}

// FreePort is a loopback port that nobody uses now.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// Start runs "serve" on the data folder and port, with what it says going to out, in an environment of its own to which
// env adds NAME=value. It does not wait: see Ready.
func Start(binary, folder string, port int, out io.Writer, env ...string) (*Server, error) {
	s := &Server{Port: port, URL: "http://localhost:" + strconv.Itoa(port), done: make(chan struct{})}
	s.cmd = exec.Command(binary, "--data", folder, "serve", "--listen", "127.0.0.1:"+strconv.Itoa(port), "--operations", "off")
	s.cmd.Env = append([]string{"SALLYPORT_REQUESTS_PER_SECOND=0", "HOME=" + folder, "PATH=/usr/bin:/bin"}, env...)
	for _, name := range []string{"GOGC", "GOMEMLIMIT", "GODEBUG"} { // what Go's runtime reads, for experiments
		if value, set := os.LookupEnv(name); set {
			s.cmd.Env = append(s.cmd.Env, name+"="+value)
		}
	}
	s.cmd.Stdout, s.cmd.Stderr = out, out
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.done)
	}()
	return s, nil
}

// PID is the process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Ready waits until the server answers. It fails when the process ends before that.
func (s *Server) Ready(ctx context.Context) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	client := &http.Client{Transport: transport(s.Port)}
	defer client.CloseIdleConnections()
	for {
		if answer, err := client.Get(s.URL + "/session"); err == nil {
			return answer.Body.Close()
		}
		select {
		case <-s.done:
			return fmt.Errorf("the server ended before it answered: %v", s.err)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Kill ends the process as a power cut would, and waits until it is gone.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

// Stop asks the server to end and waits for it.
func (s *Server) Stop() error {
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-s.done
	return s.err
}

// transport reaches the port whatever host name the address carries.
func transport(port int) *http.Transport {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	return &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", address)
		}}
}

// CPU is the processor time that the process and those it runs have used so far, all their threads together.
func (s *Server) CPU() (time.Duration, error) { return CPU(s.PID()) }

// CPU is the processor time of a process and those it runs, summed over their threads in nanoseconds
// (/proc/PID/task/*/schedstat).
func CPU(pid int) (time.Duration, error) {
	all, err := Family(pid)
	if err != nil {
		return 0, err
	}
	var total time.Duration
	for _, p := range all {
		one, err := cpu(p)
		if err != nil && p == pid {
			return 0, err
		}
		total += one
	}
	return total, nil
}

// Family is a process and those it runs, itself first.
func Family(pid int) ([]int, error) {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil || len(lists) == 0 {
		return nil, fmt.Errorf("process %d tells of no children: %w", pid, err)
	}
	all := []int{pid}
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // a thread that ended meanwhile
		}
		for field := range strings.FieldsSeq(string(text)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				return nil, err
			}
			all = append(all, child)
		}
	}
	return all, nil
}

// CPUAlone is the processor time of a process without those it runs.
func CPUAlone(pid int) (time.Duration, error) { return cpu(pid) }

func cpu(pid int) (time.Duration, error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(tasks) == 0 {
		return 0, fmt.Errorf("process %d has no threads: %w", pid, err)
	}
	var total time.Duration
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if errors.Is(err, os.ErrNotExist) {
			continue // a thread that ended meanwhile
		}
		if err != nil {
			return 0, err
		}
		ns, _, _ := strings.Cut(string(text), " ")
		n, err := strconv.ParseInt(ns, 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(n)
	}
	return total, nil
}

// Memory is a line of /proc/PID/status in bytes, of a process and those it runs together: "VmRSS" is resident now. What
// they share is counted for each.
func Memory(pid int, line string) (int64, error) {
	all, err := Family(pid)
	if err != nil {
		return 0, err
	}
	var total int64
	for _, p := range all {
		one, err := memory(p, "status", line)
		if err != nil && p == pid {
			return 0, err
		}
		total += one
	}
	return total, nil
}

// memory is a line of /proc/PID/file that says an amount of memory, in bytes.
func memory(pid int, file, line string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		return 0, err
	}
	for l := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(l, line+":"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("no %s of process %d", line, pid)
}

// Peak is the most memory in bytes that a process and those it runs took together, as far as the kernel says: the sum of
// the most that each ever had, with what they share now counted once. They had their most not all at the same moment, so
// that it was never more than this.
func Peak(pid int) (int64, error) {
	all, err := Family(pid)
	if err != nil {
		return 0, err
	}
	var total int64
	for _, p := range all {
		most, err := memory(p, "status", "VmHWM")
		if err != nil {
			return 0, err
		}
		now, err := memory(p, "smaps_rollup", "Rss")
		if err != nil {
			return 0, err
		}
		share, err := memory(p, "smaps_rollup", "Pss")
		if err != nil {
			return 0, err
		}
		total += most - (now - share)
	}
	return total, nil
}
