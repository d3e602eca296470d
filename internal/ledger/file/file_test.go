package file_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
	if s.Name() != "file:host:"+path { // by which each node has its own place in the log
		t.Errorf("it is called %s", s.Name())
	}
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
	if err := file.New("/dev/null", "h").Send(t.Context(), batch("{}")); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a device: %v", err) // before anything goes there
	}
}

// A file that others may write to takes nothing until its mode is mended, and one that everybody may read is told of.
func TestFileThatOthersReach(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	s := file.New(path, "host")
	if said := s.Warning(); said != "" {
		t.Errorf("a file that is to be made: %s", said)
	}
	for mode, c := range map[os.FileMode]struct{ taken, told bool }{
		0o600: {true, false}, 0o640: {true, false}, 0o644: {true, true}, 0o604: {true, true},
		0o620: {false, true}, 0o602: {false, true}, 0o660: {false, true}, 0o666: {false, true},
	} {
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		err := s.Send(t.Context(), batch(`{"a":1}`))
		if text, _ := os.ReadFile(path); (err == nil) != c.taken || (len(text) > 0) != c.taken {
			t.Errorf("mode %04o: %v, %q", mode, err, text)
		}
		for said, is := range map[string]bool{s.Warning(): c.told, fmt.Sprint(err): !c.taken} {
			if strings.Contains(said, fmt.Sprintf("%s has mode %04o", path, mode)) != is || strings.Contains(said, "Set it to 0600") != is {
				t.Errorf("mode %04o: %q", mode, said)
			}
		}
	}
	if err := errors.Join(os.Chmod(path, 0o600), s.Send(t.Context(), batch(`{"a":2}`))); err != nil || s.Warning() != "" {
		t.Errorf("mended: %v, %q", err, s.Warning())
	}
}

// A file that could not be made is warned of before anything is to be handed to it, and nothing is made by the look.
func TestFolderThatIsNotThere(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "later")
	s := file.New(filepath.Join(folder, "audit.jsonl"), "here")
	if said := s.Warning(); !strings.Contains(said, "cannot be written: no such file or directory") {
		t.Errorf("no folder: %q", said)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if said := s.Warning(); said != "" {
		t.Errorf("with its folder: %q", said)
	}
	if made, err := os.ReadDir(folder); err != nil || len(made) != 0 {
		t.Errorf("the look made %v, %v", made, err)
	}
}
