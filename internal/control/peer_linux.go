package control

import (
	"errors"
	"net"
	"syscall"
)

// peerOfConn reads SO_PEERCRED.
func peerOfConn(c net.Conn) (Peer, error) {
	conn, ok := c.(*net.UnixConn)
	if !ok {
		return Peer{}, errors.New("control: not a unix socket")
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return Peer{}, err
	}
	var cred *syscall.Ucred
	var inner error
	err = raw.Control(func(fd uintptr) {
		cred, inner = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err = errors.Join(err, inner); err != nil {
		return Peer{}, err
	}
	return Peer{UID: int(cred.Uid)}, nil
}
