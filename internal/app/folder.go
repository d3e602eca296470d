package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"sallyport/internal/config"
	"sallyport/internal/store"
)

// lockName is the file whose lock says which process owns the folder.
const lockName = "lock"

// ErrHeld is answered by openFolder while another process owns the folder.
var ErrHeld = errors.New("the data folder is in use by another process")

// folder is the data folder, owned by this process until close.
type folder struct {
	path         string
	owner, group int
	lock         *os.File
	back         func() error
	command      bool // root may become itself again
}

// openFolder takes the lock of the folder as the folder's owner. A server makes the folder where it is missing.
func openFolder(path string, server bool) (*folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if server {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, fmt.Errorf("data folder: %w", err)
		}
	}
	uid, gid, err := ownerOf(path)
	if err != nil {
		return nil, err
	}
	back, err := become(uid, gid, server)
	if err != nil {
		return nil, fmt.Errorf("act as the data folder's owner (uid %d): %w", uid, err)
	}
	f := &folder{path: path, owner: uid, group: gid, back: back, command: !server}
	if err := f.take(); err != nil {
		return nil, errors.Join(err, back())
	}
	return f, nil
}

// openUsed takes the folder for a command. Where the configured database is SQLite's, it must be there: a command that made
// one would call a copy, or a restore, of nothing a success.
func openUsed(cfg config.Config) (*folder, error) {
	f, err := openData(cfg, false)
	if err != nil || cfg.Database != "" {
		return f, err
	}
	there, err := store.Exists(f.path)
	if err == nil && !there {
		err = fmt.Errorf("there is no database in %s: put sallyport.db back there if there was one; the first “sallyport serve” makes a new one", f.path)
	}
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

func ownerOf(path string) (uid, gid int, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0, fmt.Errorf("there is no data folder %s: name the server's with --data, or its configuration file with --config", path)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("data folder: %w", err)
	}
	if !info.IsDir() {
		return 0, 0, fmt.Errorf("the data folder %s is not a folder", path)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, errors.New("data folder: this system does not tell its owner")
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return 0, 0, fmt.Errorf("the data folder %s has mode %04o: others may write to it. Set it to 0700", path, mode)
	}
	return int(stat.Uid), int(stat.Gid), nil
}

// become drops from root to uid, so that no file of root's appears in somebody else's folder. A server drops for good; a
// command gets back who it was, for it may have to write where only root may.
func become(uid, gid int, forGood bool) (back func() error, err error) {
	back = func() error { return nil }
	switch me := os.Geteuid(); {
	case me == uid:
		return back, nil
	case me != 0:
		return back, fmt.Errorf("this is uid %d, and only root can do that", me)
	}
	if err := errors.Join(syscall.Setgroups([]int{gid}), syscall.Setresgid(gid, gid, keep(gid, forGood))); err != nil {
		return back, err
	}
	if forGood {
		return back, syscall.Setresuid(uid, uid, uid)
	}
	back = func() error { return errors.Join(syscall.Setresuid(0, 0, 0), syscall.Setresgid(0, 0, 0)) }
	return back, syscall.Setresuid(0, uid, 0)
}

func keep(id int, forGood bool) int {
	if forGood {
		return id
	}
	return 0
}

// take takes the lock, which the kernel gives back when the process ends, however it ends.
func (f *folder) take() error {
	lock, err := os.OpenFile(filepath.Join(f.path, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("lock of the data folder: %w", err)
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrHeld
	}
	if err != nil {
		return errors.Join(err, lock.Close())
	}
	f.lock = lock
	return nil
}

// asCaller does what the root who runs a command may and the folder's owner may not.
func (f *folder) asCaller(do func() error) error {
	if !f.command || os.Getuid() == f.owner {
		return do()
	}
	if err := f.back(); err != nil {
		return err
	}
	err := do()
	_, again := become(f.owner, f.group, false)
	return errors.Join(err, again)
}

func (f *folder) close() error { return errors.Join(f.lock.Close(), f.back()) }
