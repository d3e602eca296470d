package store

import (
	"context"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// plainDialer notices a machine that is gone, and bounds nothing else.
var plainDialer = (&net.Dialer{Timeout: connectTime,
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 3 * time.Second, Count: 3}}).DialContext

// dialPatient makes the connections on which transactions run.
func dialPatient(limit time.Duration) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dialUncancelled(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &patient{c, limit}, nil
	}
}

// patient is a connection on which every question must be answered within a limit. It costs no goroutine per statement,
// as a context with a time limit would.
type patient struct {
	net.Conn
	limit time.Duration
}

// Write implements net.Conn.
func (p *patient) Write(b []byte) (int, error) {
	if err := p.SetDeadline(time.Now().Add(p.limit)); err != nil {
		return 0, err
	}
	return p.Conn.Write(b)
}

func dialUncancelled(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := plainDialer(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return uncancelled{c}, nil
}

// uncancelled is a connection whose statement the driver cannot cancel. It would, on a further connection to the same
// address, when it gives one up; and a COMMIT that waits for the standby then waits no longer but takes effect, on one server
// alone. So the address that the driver sees is none. What was given up goes on: a statement until statement_timeout, a
// COMMIT until the standby has it (see admit).
type uncancelled struct{ net.Conn }

// RemoteAddr implements net.Conn.
func (uncancelled) RemoteAddr() net.Addr { return nowhere{} }

// nowhere is an address that cannot be dialled.
type nowhere struct{}

// Network implements net.Addr.
func (nowhere) Network() string { return "nowhere" }

// String implements net.Addr.
func (nowhere) String() string { return "nowhere" }
