package app

import (
	"errors"
	"syscall"
)

// fileSystem is the kind of file system that path lies on, as statfs(2) numbers them.
func fileSystem(path string) (kind uint32, err error) {
	var s syscall.Statfs_t
	for {
		if err = syscall.Statfs(path, &s); !errors.Is(err, syscall.EINTR) {
			return uint32(s.Type), err // some processors have the number as a signed one
		}
	}
}
