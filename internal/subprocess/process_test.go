package subprocess

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Job is what the process under test is asked for.
type Job struct {
	Say string
	Die bool
}

// TestMain is the process under test where it is called with an argument of its own.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "worker" {
		err := Serve(os.Stdin, os.Stdout, func(j Job) string {
			if j.Die {
				os.Exit(3)
			}
			return fmt.Sprintf("%d %s %v", os.Getpid(), j.Say, os.Environ())
		})
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

func TestJobsAtOnce(t *testing.T) {
	p := process(t)
	if p.now != nil {
		t.Error("it runs before there is anything to do")
	}
	var wait sync.WaitGroup
	pids := make([]string, 50)
	for i := range pids {
		wait.Go(func() { pids[i] = say(t, p, fmt.Sprint("job", i)) })
	}
	wait.Wait()
	for _, pid := range pids {
		if pid != pids[0] || pid == fmt.Sprint(os.Getpid()) {
			t.Errorf("done by %s and by %s", pid, pids[0])
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
