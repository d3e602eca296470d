package subprocess

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

const (
	idleTime = time.Minute      // how long the process is kept without a job
	jobTime  = 20 * time.Second // how long one job may take before the process is taken for dead
)

// Process runs a command that calls Serve with the same types, and gives it one job at a time.
type Process[J, A any] struct {
	command []string
	idle    time.Duration
	turn    sync.Mutex // held by the job under way

	mu     sync.Mutex
	now    *run // nil: none is running
	rest   *time.Timer
	closed bool
}

// New makes a process that will run command when the first job comes. Nothing of the environment is handed on.
func New[J, A any](command ...string) *Process[J, A] {
	return &Process[J, A]{command: command, idle: idleTime}
}

// run is one life of the process.
type run struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	jobs    *gob.Encoder
	answers *gob.Decoder
}

// Do has job done, after those that were there before. A process that died under it is started anew once; the error says
// why it could not be done then. Jobs must therefore be such that doing them twice does no harm.
func (p *Process[J, A]) Do(job J) (A, error) {
	p.turn.Lock()
	defer p.turn.Unlock()
	answer, err := p.try(job)
	if err != nil {
		answer, err = p.try(job)
	}
	return answer, err
}

func (p *Process[J, A]) try(job J) (answer A, err error) {
	r, err := p.begin()
	if err == nil {
		limit := time.AfterFunc(jobTime, func() { _ = r.cmd.Process.Kill() }) // which ends the pipes
		err = errors.Join(r.jobs.Encode(job), r.answers.Decode(&answer))
		limit.Stop()
		p.end(r, err != nil)
	}
	if err != nil {
		return answer, fmt.Errorf("subprocess: %w", err)
	}
	return answer, nil
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
	return p.now, nil
}

// end starts the time of rest after a job; a process that failed is not used again.
func (p *Process[J, A]) end(r *run, failed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if failed {
		p.stop(r)
		_ = r.cmd.Process.Kill() // it may be gone already
	}
	if p.now == r {
		p.rest = time.AfterFunc(p.idle, func() { p.endIdle(r) })
	}
}

// endIdle ends r unless a job came in the same moment.
func (p *Process[J, A]) endIdle(r *run) {
	if !p.turn.TryLock() {
		return
	}
	defer p.turn.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stop(r)
}

// stop closes the standard input of r, on which it ends by itself. The caller holds the lock.
func (p *Process[J, A]) stop(r *run) {
	_ = r.in.Close()
	if p.now == r {
		p.now = nil
	}
}

// Close ends the process. A job under way fails, and so does every later one.
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
	if err := calmly(cmd.Start); err != nil {
		return nil, err
	}
	go func() { _ = cmd.Wait() }() // its end is noticed by the pipe
	return &run{cmd: cmd, in: in, jobs: gob.NewEncoder(in), answers: gob.NewDecoder(out)}, nil
}
