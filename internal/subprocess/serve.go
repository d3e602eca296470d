package subprocess

import (
	"encoding/gob"
	"errors"
	"io"
)

// Serve does the jobs that come from in, one after the other, answers on out, and returns when in ends; then the error is
// nil. After each answer it tidies up, for which nobody waits. It uses no second goroutine, so that a job never waits for
// the scheduler.
func Serve[J, A any](in io.Reader, out io.Writer, do func(J) A, tidy func()) error {
	jobs, answers := gob.NewDecoder(in), gob.NewEncoder(out)
	for {
		var job J
		if err := jobs.Decode(&job); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := answers.Encode(do(job)); err != nil {
			return err
		}
		tidy()
	}
}
