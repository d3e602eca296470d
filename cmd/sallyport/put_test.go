package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestPutWithoutLinks: a file system that knows no hard links takes a copy all the same, and an existing file is left alone there too.
func TestPutWithoutLinks(t *testing.T) {
	none := func(from, path string) error {
		return &os.LinkError{Op: "link", Old: from, New: path, Err: syscall.EPERM}
	}
	from, path := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "path")
	for _, content := range []string{"first", "second"} {
		if err := os.WriteFile(from, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		err := put(from, path, none)
		if content == "first" && err != nil || content == "second" && !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v", content, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != "first" {
			t.Errorf("%q, %v", got, err)
		}
	}
	path = filepath.Join(t.TempDir(), "lost")
	if err := put(filepath.Join(t.TempDir(), "nothing"), path, none); err == nil {
		t.Error("nothing was put")
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty file is left: %v", err)
	}
}
