package keyring

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"sallyport"
)

func oneLine() string { return line(linePrefix, fresh()) }

func lines(n int) (out []string) {
	for range n {
		out = append(out, oneLine())
	}
	return out
}

func TestCreateThenLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	made, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Umask(syscall.Umask(0o277)) // which would take away the owner's right to write
	strict := filepath.Join(t.TempDir(), "key")
	if _, err := Create(strict); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{path, strict} {
		info, err := os.Stat(path)
		if err != nil || info.Mode() != 0o600 {
			t.Fatalf("mode %v, %v", info.Mode(), err)
		}
	}
	loaded, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := loaded.Open(made.Seal([]byte("x"), place), place)
	if err != nil || string(plain) != "x" || loaded.ID() != made.ID() {
		t.Errorf("the loaded key is another one: %v", err)
	}
	text, _ := os.ReadFile(path)
	written := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(written) != 4 || !strings.HasPrefix(written[3], linePrefix) {
		t.Errorf("file: %d lines", len(written))
	}
}

func TestCreateLeavesAFileAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path); sallyport.CodeOf(err) != "key_exists" || !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create: %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "mine" {
		t.Error("the file changed")
	}
	if _, err := Create(filepath.Join(t.TempDir(), "no", "key")); sallyport.CodeOf(err) != "key_unwritable" {
		t.Errorf("Create in a missing folder: %v", err)
	}
}

// A key file is never there in part: whoever is killed while he makes it leaves none, or the whole one.
func TestKeyIsMadeWhole(t *testing.T) {
	for range 100 {
		path := filepath.Join(t.TempDir(), "key")
		made := make(chan struct{})
		var failed, err error
		go func() { _, failed = Create(path); close(made) }()
		for done := false; !done; {
			select {
			case <-made:
				done = true
			default:
			}
			if _, err = Load(path); sallyport.KindOf(err) != sallyport.NotFound {
				break
			}
		}
		if <-made; failed != nil || err != nil {
			t.Fatal(failed, err)
		}
		if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
			t.Fatalf("beside the key: %v, %v", left, err)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	good := oneLine()
	garbled := []byte(good)
	marks := line(marksPrefix, make([]byte, idSize+keySize))
	at := len(linePrefix) + 5
	if garbled[at] == 'A' {
		garbled[at] = 'B'
	} else {
		garbled[at] = 'A'
	}
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		code string
	}{
		"group may read":   {good, 0o640, "key_mode"},
		"all may read":     {good, 0o604, "key_mode"},
		"group may write":  {good, 0o620, "key_mode"},
		"empty":            {"", 0o600, "key_garbled"},
		"comments only":    {heading, 0o600, "key_garbled"},
		"one key marks":    {good + "\n" + good, 0o600, "key_garbled"},
		"no time":          {good + " yesterday", 0o600, "key_garbled"},
		"too many keys":    {strings.Join(lines(maxKeys+1), "\n"), 0o600, "key_garbled"},
		"marks alone":      {marks, 0o600, "key_garbled"},
		"marks marks":      {marks + "\n" + marks + "\n" + good, 0o600, "key_garbled"},
		"marks misspelt":   {marks[:len(marks)-1] + string(marks[len(marks)-1]+1) + "\n" + good, 0o600, "key_garbled"}, // the last letter says more than a byte
		"one too long":     {good + "\n#" + strings.Repeat("x", maxFile-len(good)-1), 0o600, "key_garbled"},
		"one letter wrong": {string(garbled), 0o600, "key_garbled"},
		"cut":              {good[:len(good)-1], 0o600, "key_garbled"},
		"longer":           {good + "A", 0o600, "key_garbled"},
		"no prefix":        {strings.TrimPrefix(good, linePrefix), 0o600, "key_garbled"},
		"binary":           {"\x00\xff\x00", 0o600, "key_garbled"},
		"huge":             {strings.Repeat("#\n", maxFile), 0o600, "key_garbled"},
	} {
		path := filepath.Join(t.TempDir(), "key")
		if err := errors.Join(os.WriteFile(path, []byte(c.text), 0o600), os.Chmod(path, c.mode)); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path)
		if sallyport.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), good[len(linePrefix)+8:len(linePrefix)+20]) {
			t.Errorf("%s: the error quotes the key", name)
		}
	}
}

func TestLoadRefusesWhatIsNoFile(t *testing.T) {
	folder := t.TempDir()
	if _, err := Load(filepath.Join(folder, "none")); sallyport.KindOf(err) != sallyport.NotFound {
		t.Errorf("missing: %v", err)
	}
	if _, err := Load(folder); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a folder: %v", err)
	}
	pipe := filepath.Join(folder, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(pipe); sallyport.CodeOf(err) != "key_garbled" || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("pipe: %v", err)
	}
}

func TestLoadTakesAReadOnlyFileAndWindowsLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key") // a systemd credential has mode 0400
	text := "\r\n# note\r\n  " + oneLine() + "\r\n#"
	if err := os.WriteFile(path, []byte(text+strings.Repeat("x", maxFile-len(text))), 0o400); err != nil { // as long as may be
		t.Fatal(err)
	}
	if _, err := Load(path); err != nil {
		t.Error(err)
	}
}

// Systemd gives a service's user a credential by an access list, and its mask shows as a bit of the group: 0440 (version 254
// on a file system with such lists). In any other folder, or with any other bit, the file is refused.
func TestLoadTakesACredential(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "sallyport-key")
	if err := os.WriteFile(path, []byte(oneLine()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		credentials string
		mode        os.FileMode
		code        string
	}{
		{folder, 0o440, ""}, {folder + "/", 0o440, ""}, {folder, 0o400, ""},
		{folder, 0o444, "key_mode"}, {folder, 0o460, "key_mode"}, {folder, 0o450, "key_mode"},
		{filepath.Dir(folder), 0o440, "key_mode"}, {t.TempDir(), 0o440, "key_mode"}, {"", 0o440, "key_mode"},
	} {
		t.Setenv("CREDENTIALS_DIRECTORY", c.credentials)
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); (err == nil) != (c.code == "") || err != nil && sallyport.CodeOf(err) != c.code {
			t.Errorf("mode %o with credentials in %q: %v", c.mode, c.credentials, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(heading + oneLine()))
	f.Add([]byte(linePrefix))
	f.Add([]byte("#"))
	f.Fuzz(func(t *testing.T, text []byte) {
		h, reason := parse(text)
		if (reason == "") != (h != nil) {
			t.Fatalf("keys %v with reason %q", h != nil, reason)
		}
		if h == nil {
			return
		}
		again, reason := parse([]byte(h.text()))
		if reason != "" || len(again.keys) != len(h.keys) || again.sealing.id != h.sealing.id || again.marks.id != h.marks.id {
			t.Fatalf("written again: %q", reason)
		}
	})
}

// TestTidy: the second name that a killed first start has left of the key goes; files that are not the key stay.
func TestTidy(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "key")
	if _, err := Create(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, path+".abcdefghijklmnop.new"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"key.ponmlkjihgfedcba.new", "key.new", "other"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	Tidy(path)
	var left []string
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{"key", "key.new", "key.ponmlkjihgfedcba.new", "other"}; err != nil || !slices.Equal(left, want) {
		t.Errorf("left: %v, %v", left, err)
	}
	if _, err := Load(path); err != nil {
		t.Error(err)
	}
}
