// Package file hands audit records to a file: one JSON object a line, at the end of the file.
//
// It owns the opening, the writing and the putting on disk. It must not know what a record says. Begin with Send.
package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"sallyport"
)

// Sink appends to one file, which it makes with mode 0600. The file is opened anew for each batch, so that it may be renamed, compressed
// or deleted at any time; the next batch makes it again.
type Sink struct{ name, path string }

// New makes a sink. host tells the files of several nodes apart, each of which gets the whole log.
func New(path, host string) *Sink { return &Sink{"file:" + host + ":" + path, path} }

// Name implements the ledger's Sink.
func (s *Sink) Name() string { return s.name }

// Warning says in words why nothing could be handed over now, or what is wrong with the mode of a file that is there already;
// empty where nothing is. It makes no file.
func (s *Sink) Warning() string {
	info, err := os.Stat(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = syscall.Access(filepath.Dir(s.path), mayMake)
	} else if err == nil {
		err = syscall.Access(s.path, mayAppend)
	}
	if err != nil {
		return fmt.Sprintf("the file of the audit log %s cannot be written: %v. The events wait until its folder is there and lets this server's user write", s.path, err)
	}
	if info == nil || !info.Mode().IsRegular() {
		return "" // one that is missing is made, and Send says what else is wrong
	}
	mode := info.Mode().Perm()
	if err := s.guarded(mode); err != nil {
		return err.Error()
	}
	if mode&0o004 != 0 {
		return fmt.Sprintf("the file of the audit log %s has mode %04o: everybody on this machine may read the names and addresses in it. Set it to 0600, or to 0640 for a group that is to read it", s.path, mode)
	}
	return ""
}

// What access(2) is asked: to write to and search a folder, to read and write a file.
const (
	mayMake   = 0o3
	mayAppend = 0o6
)

// guarded refuses a file that others than its owner may write to: what they can change shows nobody what was in the log.
func (s *Sink) guarded(mode os.FileMode) error {
	if mode&0o022 != 0 {
		return fmt.Errorf("the file of the audit log %s has mode %04o: others may write to it, so nothing is handed to it. Set it to 0600, or to 0640 for a group that is to read it", s.path, mode)
	}
	return nil
}

// Send appends the batch and returns when it is on the disk. A line that an earlier batch left unfinished is ended
// first; its records come again as whole lines. A file that others may write to takes nothing.
func (s *Sink) Send(_ context.Context, batch []sallyport.SinkRecord) (err error) {
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return fmt.Errorf("open the file of the audit log: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", s.path)
	}
	if err := s.guarded(info.Mode().Perm()); err != nil {
		return err
	}
	var out []byte
	if torn(f, info.Size()) {
		out = append(out, '\n')
	}
	for _, r := range batch {
		out = append(append(out, r.JSON...), '\n')
	}
	return put(f, info.Size(), out)
}

// disk is what put needs of an open file.
type disk interface {
	io.ReaderAt
	io.Writer
	Sync() error
	Stat() (os.FileInfo, error)
	Truncate(size int64) error
}

// put appends to a file of a size, or leaves it as it was: a batch that does not fit comes again, and parts of it would eat
// whatever space somebody frees.
func put(f disk, size int64, out []byte) error {
	n, err := f.Write(out)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write to the file of the audit log: %w", err), takeBack(f, size, out[:n]))
	}
	return nil
}

// takeBack cuts off the end of a file what was written to it when it had a size, if that is what the file ends with. Where
// somebody else wrote to it or cut it meanwhile, it stays as it is: a part too many is cleared up more easily than a record
// too few. It is assumed that nobody appends between the look and the cut, as each node has a file of its own, and that
// a rotation renames: then this is still the file that was written to, under another name.
func takeBack(f disk, size int64, written []byte) error {
	info, err := f.Stat()
	if err != nil || len(written) == 0 || info.Size() != size+int64(len(written)) {
		return err
	}
	end := make([]byte, len(written))
	if _, err := f.ReadAt(end, size); err != nil || !bytes.Equal(end, written) {
		return err
	}
	return f.Truncate(size)
}

// torn reports whether the file ends within a line.
func torn(f io.ReaderAt, size int64) bool {
	var last [1]byte
	if size == 0 {
		return false
	}
	_, err := f.ReadAt(last[:], size-1)
	return err != nil || last[0] != '\n'
}
