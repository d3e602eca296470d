package file

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// fullDisk is a file on a disk with room for so many bytes, whose Sync fails when it is told to.
type fullDisk struct {
	*os.File
	room  int
	sync  error
	after func() // what somebody else does once the disk is full
}

func (d *fullDisk) Write(out []byte) (int, error) {
	n, err := d.File.Write(out[:min(d.room, len(out))])
	if err == nil && n < len(out) {
		err = syscall.ENOSPC
	}
	if d.after != nil {
		d.after()
	}
	return n, err
}

func (d *fullDisk) Sync() error { return d.sync }

// A batch that does not fit leaves nothing, however often it is tried: a disk that somebody clears up does not fill with
// its parts. What somebody else did to the file meanwhile stays.
func TestFullDisk(t *testing.T) {
	const old, batch = "{\"a\":1}\n", "{\"a\":2}\n{\"a\":3}\n"
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	other := func(change func(f *os.File) error) func() {
		return func() {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err == nil {
				err = errors.Join(change(f), f.Close())
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
	writes := func(f *os.File) error { _, err := f.WriteString("{}\n"); return err }
	cuts := func(f *os.File) error { return f.Truncate(int64(len(old))) }
	for name, c := range map[string]struct {
		disk fullDisk
		want string
	}{
		"nothing fits":         {fullDisk{}, old},
		"half of it":           {fullDisk{room: 12}, old},
		"not on the disk":      {fullDisk{room: 99, sync: syscall.EIO}, old},
		"another writes":       {fullDisk{room: 12, after: other(writes)}, old + batch[:12] + "{}\n"},
		"another cuts":         {fullDisk{room: 12, after: other(cuts)}, old},
		"another cuts, writes": {fullDisk{room: 3, after: func() { other(cuts)(); other(writes)() }}, old + "{}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(old), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			c.disk.File = f
			if err := put(&c.disk, int64(len(old)), []byte(batch)); err == nil {
				t.Error("it counts as taken")
			}
			if got, err := os.ReadFile(path); string(got) != c.want || err != nil {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
		})
	}
}
