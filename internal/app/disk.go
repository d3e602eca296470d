package app

import (
	"errors"
	"fmt"

	"sallyport/internal/config"
)

// networks are the file systems of other machines, by the number that Linux knows each by (linux/magic.h). Locks that hold
// on one machine alone, and memory that processes share through a file, are what SQLite's journal stands on.
var networks = map[uint32]string{0x6969: "NFS", 0x517B: "SMB", 0xFF534D42: "SMB (CIFS)", 0xFE534D42: "SMB"}

// fileSystemOf is what a test sets.
var fileSystemOf = fileSystem

// openData opens the folder for the database that the configuration names. Where it is SQLite's, the folder must lie on this
// machine: elsewhere two of them could write to it at once, and what was answered might not be on any disk.
func openData(cfg config.Config, server bool) (*folder, error) {
	f, err := openFolder(cfg.Data, server)
	if err != nil || cfg.Database != "" {
		return f, err
	}
	if err := onThisMachine(f.path); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

func onThisMachine(path string) error {
	kind, err := fileSystemOf(path)
	if err != nil {
		return fmt.Errorf("file system of the data folder: %w", err)
	}
	if name := networks[kind]; name != "" {
		return fmt.Errorf("the data folder %s lies on another machine, over %s, where SQLite's database is not safe: move it to a disk of this machine, "+
			"or use a PostgreSQL database (database in the configuration)", path, name)
	}
	return nil
}
