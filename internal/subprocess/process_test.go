package subprocess

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Job is what the process under test is asked for.
type Job struct {
	Say  string
	Die  bool
	Meet string // a folder in which three jobs wait for each other
	Read string // a file to answer with
}

// TestMain is the process under test where it is called with an argument of its own.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "worker" {
		err := Serve(os.Stdin, os.Stdout, func(j Job) string {
			if j.Die {
				os.Exit(3)
			}
			for n := 0; j.Meet != "" && n < 3; {
				_ = os.WriteFile(filepath.Join(j.Meet, j.Say), nil, 0o600)
				there, _ := os.ReadDir(j.Meet)
				n = len(there)
			}
			if j.Read != "" {
				text, err := os.ReadFile(j.Read)
				return fmt.Sprint(string(text), err)
			}
			return fmt.Sprintf("%d %s %v", os.Getpid(), j.Say, os.Environ())
		}, func() {})
		if err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func process(t *testing.T) *Process[Job, string] {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := New[Job, string](self, "worker")
	t.Cleanup(p.Close)
	return p
}

func say(t *testing.T, p *Process[Job, string], what string) (pid string) {
	t.Helper()
	answer, err := p.Do(Job{Say: what})
	pid, rest, _ := strings.Cut(answer, " ")
	if err != nil || rest != what+" []" {
		t.Fatalf("%q, %v", answer, err)
	}
	return pid
}

// TestCrew: no process has two jobs at once, none waits while another is free, and what one process can do is done by one.
func TestCrew(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := NewCrew[Job, string](3, self, "worker")
	t.Cleanup(c.Close)
	if c.all[0].now != nil {
		t.Error("it runs before there is anything to do")
	}
	by := func(n int, meet string) map[string]int {
		pids := make(chan string, n)
		var wait sync.WaitGroup
		for i := range n {
			wait.Go(func() {
				answer, err := c.Do(Job{Say: fmt.Sprint("job", i), Meet: meet})
				pid, rest, _ := strings.Cut(answer, " ")
				if err != nil || rest != fmt.Sprintf("job%d []", i) {
					t.Errorf("%q, %v", answer, err)
				}
				pids <- pid
			})
		}
		wait.Wait()
		close(pids)
		count := map[string]int{}
		for pid := range pids {
			count[pid]++
		}
		return count
	}
	if found := by(3, t.TempDir()); len(found) != 3 {
		t.Errorf("three jobs that wait for each other were done by %v", found)
	}
	if found := by(50, ""); len(found) > 3 {
		t.Errorf("done by %v", found)
	}
	last := ""
	for range 3 {
		for pid := range by(1, "") {
			if last != "" && pid != last {
				t.Error("another process for the next job, though one is enough")
			}
			last = pid
		}
	}
}

func TestStartsAnew(t *testing.T) {
	p := process(t)
	first := say(t, p, "one")
	p.mu.Lock()
	_ = p.now.cmd.Process.Kill()
	p.mu.Unlock()
	if second := say(t, p, "two"); second == first {
		t.Error("the same process after it was killed")
	}
	if _, err := p.Do(Job{Die: true}); err == nil {
		t.Error("a job that ends its process has an answer")
	}
	say(t, p, "three")
}

func TestEndsWhenIdle(t *testing.T) {
	p := process(t)
	p.idle = time.Millisecond
	first := say(t, p, "one")
	for running(p) { // it ends by itself
		<-time.After(time.Millisecond)
	}
	if second := say(t, p, "two"); second == first {
		t.Error("the same process")
	}
}

func running(p *Process[Job, string]) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now != nil
}

func TestCloseEndsIt(t *testing.T) {
	p := process(t)
	say(t, p, "one")
	cmd := p.now.cmd
	p.Close()
	if _, err := p.Do(Job{Say: "two"}); err == nil {
		t.Error("works after its end")
	}
	for cmd.Process.Signal(syscall.Signal(0)) == nil { // it is waited for when it has ended by itself
		<-time.After(time.Millisecond)
	}
}

func TestCommandThatIsNot(t *testing.T) {
	p := New[Job, string]("/nonexistent/program")
	if _, err := p.Do(Job{}); err == nil {
		t.Error("no error")
	}
}
