package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
)

// SocketName is the socket's file in the data folder.
const SocketName = "control.sock"

// maxPath is how long a socket's address may be (sun_path, with room for the end); longer ones go through /proc.
const maxPath = 100

// Listen opens the socket in folder with mode 0600. Whoever calls it holds the folder's lock, so a socket that lies
// there already belongs to nobody and is removed, and so is a copy that is still on its way. Close removes the socket.
func Listen(folder string) (net.Listener, error) {
	path := filepath.Join(folder, SocketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := removeCopies(folder); err != nil {
		return nil, err
	}
	var l *net.UnixListener
	err := short(folder, func(address string) (err error) {
		l, err = net.ListenUnix("unix", &net.UnixAddr{Name: address, Net: "unix"})
		return err
	})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // it would use the short address, which is not good any more
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close(), os.Remove(path))
	}
	return &listener{l, path}, nil
}

type listener struct {
	*net.UnixListener
	path string
}

// Close stops listening and removes the socket.
func (l *listener) Close() error {
	err := l.UnixListener.Close()
	if removed := os.Remove(l.path); removed != nil && !errors.Is(removed, fs.ErrNotExist) {
		err = errors.Join(err, removed)
	}
	return err
}

// Dial reaches the server that holds folder.
func Dial(ctx context.Context, folder string) (net.Conn, error) {
	var conn net.Conn
	err := short(folder, func(address string) (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, "unix", address)
		return err
	})
	return conn, err
}

// short calls use with an address of the socket that fits into the kernel's 108 bytes, however deep the folder is.
func short(folder string, use func(address string) error) error {
	path := filepath.Join(folder, SocketName)
	if len(path) <= maxPath {
		return use(path)
	}
	dir, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer dir.Close()
	return use(fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), SocketName))
}
