// Package file hands audit records to a file: one JSON object a line, at the end of the file.
//
// It owns the opening, the writing and the putting on disk. It must not know what a record says. Begin with Send.
package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"sallyport"
)

// Sink appends to one file of mode 0600. The file is opened anew for each batch, so that it may be renamed, compressed
// or deleted at any time; the next batch makes it again.
type Sink struct{ name, path string }

// New makes a sink. host tells the files of several nodes apart, each of which gets the whole log.
func New(path, host string) *Sink { return &Sink{"file:" + host + ":" + path, path} }

// Name implements the ledger's Sink.
func (s *Sink) Name() string { return s.name }

// Send appends the batch and returns when it is on the disk. A line that an earlier batch left unfinished is ended
// first; its records come again as whole lines.
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
	var out []byte
	if torn(f, info.Size()) {
		out = append(out, '\n')
	}
	for _, r := range batch {
		out = append(append(out, r.JSON...), '\n')
	}
	if _, err := f.Write(out); err != nil {
		return fmt.Errorf("write to the file of the audit log: %w", err)
	}
	return f.Sync()
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
