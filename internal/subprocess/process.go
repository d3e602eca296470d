package subprocess

import (
	"errors"
	"fmt"
	"net/rpc"
	"os"
	"os/exec"
	"sync"
	"time"
)

const (
	idleTime = time.Minute      // how long the process is kept without a job
	jobTime  = 20 * time.Second // how long one job may take before the process is taken for dead
)

var errSlow = errors.New("no answer in time")

// Process runs a command that calls Serve with the same types, and gives it jobs, any number at once.
type Process[J, A any] struct {
	command []string
	idle    time.Duration

	mu     sync.Mutex
	now    *run // nil: none is running
	rest   *time.Timer
	closed bool
}

// New makes a process that will run command when the first job comes. Nothing of the environment is handed on.
func New[J, A any](command ...string) *Process[J, A] {
	return &Process[J, A]{command: command, idle: idleTime}
}

// run is one life of the process. Its fields are guarded by the Process.
type run struct {
	cmd    *exec.Cmd
	client *rpc.Client
	jobs   int
	over   bool
}

// Do has job done. A process that died under it is started anew once; the error says why it could not be done then.
// Jobs must therefore be such that doing them twice does no harm.
func (p *Process[J, A]) Do(job J) (A, error) {
	answer, err := p.try(job)
	if err != nil {
		answer, err = p.try(job)
	}
	return answer, err
}

func (p *Process[J, A]) try(job J) (answer A, err error) {
	r, err := p.begin()
	if err != nil {
		return answer, fmt.Errorf("subprocess: %w", err)
	}
	call := r.client.Go(method, job, new(A), make(chan *rpc.Call, 1))
	limit := time.NewTimer(jobTime)
	defer limit.Stop()
	select {
	case <-call.Done:
		err = call.Error
	case <-limit.C:
		err = errSlow
	}
	p.end(r, err != nil)
	if err != nil {
		return answer, fmt.Errorf("subprocess: %w", err)
	}
	return *call.Reply.(*A), nil
}

// begin takes the running process, or starts one.
func (p *Process[J, A]) begin() (*run, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, os.ErrClosed
	}
	if p.rest != nil {
		p.rest.Stop()
	}
	if p.now == nil {
		r, err := start(p.command)
		if err != nil {
			return nil, err
		}
		p.now = r
	}
	p.now.jobs++
	return p.now, nil
}

// end gives r back; one that failed is not used again. The last one starts the time of rest.
func (p *Process[J, A]) end(r *run, failed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.jobs--
	if failed {
		p.stop(r)
		_ = r.cmd.Process.Kill() // it may be gone already
	}
	if p.now == r && r.jobs == 0 {
		p.rest = time.AfterFunc(p.idle, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			if r.jobs == 0 {
				p.stop(r)
			}
		})
	}
}

// stop closes the standard input of r, on which it ends by itself. The caller holds the lock.
func (p *Process[J, A]) stop(r *run) {
	if !r.over {
		r.over = true
		_ = r.client.Close()
	}
	if p.now == r {
		p.now = nil
	}
}

// Close ends the process. Jobs under way fail, and so does every later one.
func (p *Process[J, A]) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.rest != nil {
		p.rest.Stop()
	}
	if p.now != nil {
		p.stop(p.now)
	}
}

func start(command []string) (*run, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Args[0] = os.Args[0] // as this program was called
	cmd.Env, cmd.Dir, cmd.Stderr = []string{}, "/", os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { _ = cmd.Wait() }() // its end is noticed by the pipe
	return &run{cmd: cmd, client: rpc.NewClient(pipe{out, in})}, nil
}
