package subprocess

import (
	"errors"
	"io"
	"net/rpc"
)

const (
	service = "Job"
	method  = service + ".Do"
)

// Serve does the jobs that come from in, all that are there at once, answers on out, and returns when in ends.
func Serve[J, A any](in io.ReadCloser, out io.WriteCloser, do func(J) A) error {
	s := rpc.NewServer()
	if err := s.RegisterName(service, &worker[J, A]{do}); err != nil {
		return err
	}
	s.ServeConn(pipe{in, out})
	return nil
}

// worker is what net/rpc calls.
type worker[J, A any] struct{ do func(J) A }

// Do does one job.
func (w *worker[J, A]) Do(job J, answer *A) error {
	*answer = w.do(job)
	return nil
}

// pipe is both directions as one connection.
type pipe struct {
	io.ReadCloser
	out io.WriteCloser
}

// Write implements io.Writer.
func (p pipe) Write(b []byte) (int, error) { return p.out.Write(b) }

// Close ends both directions.
func (p pipe) Close() error { return errors.Join(p.out.Close(), p.ReadCloser.Close()) }
