package subprocess

import (
	"bytes"
	"encoding/gob"
	"io"
	"testing"
)

type fuzzJob struct {
	Name string
	N    int
}

func jobs(t testing.TB, all ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := gob.NewEncoder(&b)
	for _, j := range all {
		if err := e.Encode(j); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// Whatever comes to the process's input, it ends with an error or at the input's end; each job that it did has its answer,
// in order, and a broken job is not done.
func FuzzServe(f *testing.F) {
	good := jobs(f, fuzzJob{"a", 1}, fuzzJob{"b", -2})
	for _, in := range [][]byte{nil, good, good[:len(good)-1], good[1:], append(bytes.Clone(good), 0xf8, 0xff), jobs(f, "text"), jobs(f, struct{ Other []byte }{[]byte("x")}), bytes.Repeat([]byte{0xf8}, 20)} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var out bytes.Buffer
		var done []fuzzJob
		tidied := 0
		err := Serve(bytes.NewReader(in), &out, func(j fuzzJob) fuzzJob {
			done = append(done, j)
			return j
		}, func() { tidied++ })
		if len(in) == 0 && err != nil {
			t.Error(err)
		}
		if tidied != len(done) {
			t.Errorf("%d jobs were done, and it tidied up %d times", len(done), tidied)
		}
		answers := gob.NewDecoder(&out)
		for i, want := range done {
			var got fuzzJob
			if err := answers.Decode(&got); err != nil || got != want {
				t.Fatalf("answer %d: %+v, %v; want %+v", i, got, err, want)
			}
		}
		if err := answers.Decode(new(fuzzJob)); err != io.EOF {
			t.Errorf("an answer to no job: %v", err)
		}
	})
}
