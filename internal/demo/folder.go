package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// mark is the file that tells a demo's folder from everything else: only such a one is ever emptied.
const mark = "this-is-a-demo"

// prepareFolder makes the data folder, and says how to get rid of it. A named one stays for a look; it starts over the
// next time.
func prepareFolder(path string) (folder string, remove func() error, err error) {
	if path == "" {
		folder, err = os.MkdirTemp("", "sallyport-demo-")
		return folder, func() error { return os.RemoveAll(folder) }, err
	}
	keep := func() error { return nil }
	if folder, err = filepath.Abs(path); err != nil {
		return "", keep, err
	}
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", keep, err
	}
	if len(entries) > 0 {
		if _, err := os.Lstat(filepath.Join(folder, mark)); err != nil {
			return "", keep, fmt.Errorf("%s is not empty and no demo's folder: name a new one", folder)
		}
		if err := idle(folder); err != nil {
			return "", keep, err
		}
		if err := os.RemoveAll(folder); err != nil {
			return "", keep, err
		}
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", keep, err
	}
	return folder, keep, os.WriteFile(filepath.Join(folder, mark), []byte("Made by sallyport demo, which may empty this folder.\n"), 0o600)
}

// idle refuses a folder in which a demo or a server runs: its lock is held then.
func idle(folder string) error {
	f, err := os.Open(filepath.Join(folder, "lock"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("a demo or a server runs on %s: stop it first, or name another folder", folder)
	}
	return errors.Join(err, f.Close())
}
