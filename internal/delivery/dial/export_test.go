package dial

import (
	"context"
	"net"
	"syscall"
)

// Divert lets every socket go to address, whatever was found for the name: what a name that changes its mind right before the
// dialling does.
func (d *Dialer) Divert(address string) {
	d.open = func(n *net.Dialer, ctx context.Context, network, _ string) (net.Conn, error) {
		return n.DialContext(ctx, network, address)
	}
}

// Deaf lets nobody answer, and has each address that was dialled written down.
func (d *Dialer) Deaf(note func(address string)) {
	d.open = func(_ *net.Dialer, _ context.Context, _, address string) (net.Conn, error) {
		note(address)
		return nil, syscall.ECONNREFUSED
	}
}
