package file_test

import (
	"os"
	"path/filepath"
	"testing"

	"sallyport"
	"sallyport/internal/ledger/file"
)

func batch(lines ...string) []sallyport.SinkRecord {
	var out []sallyport.SinkRecord
	for _, l := range lines {
		out = append(out, sallyport.SinkRecord{JSON: []byte(l)})
	}
	return out
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	s := file.New(path, "host")
	send := func(lines ...string) {
		t.Helper()
		if err := s.Send(t.Context(), batch(lines...)); err != nil {
			t.Fatal(err)
		}
	}
	holds := func(path, want string) {
		t.Helper()
		if got, err := os.ReadFile(path); string(got) != want || err != nil {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	send(`{"a":1}`, `{"a":2}`)
	send(`{"a":3}`)
	holds(path, "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}

	// Rotated: the next batch makes the file anew.
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	send(`{"a":4}`)
	holds(path, "{\"a\":4}\n")

	// A batch that was cut by a crash: its torn line is ended, and does not spoil the next one.
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(`{"a":`)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	send(`{"a":5}`)
	holds(path, "{\"a\":4}\n{\"a\":\n{\"a\":5}\n")
}

func TestFileThatCannotBeWritten(t *testing.T) {
	folder := t.TempDir()
	for _, path := range []string{folder, filepath.Join(folder, "none", "x"), "/dev/full", "/dev/null"} {
		if err := file.New(path, "h").Send(t.Context(), batch("{}")); err == nil {
			t.Errorf("%s was written to", path)
		}
	}
}
