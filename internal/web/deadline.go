package web

import (
	"net"
	"sync"
	"time"
)

// deadlineTick is how often deadlines are looked at, and so how much later than asked one may take effect.
const deadlineTick = time.Second

// Calm wraps a listener so that deadlines of its connections cost almost nothing. net/http sets five for every request,
// and each would move a timer of the kernel's poller; here they are noted, and one goroutine looks once a second which
// have passed. Deadlines in the past, with which net/http interrupts a read, take effect at once.
func Calm(l net.Listener) net.Listener {
	c := &calmListener{Listener: l, conns: map[*calmConn]struct{}{}, began: time.Now()}
	go c.watch()
	return c
}

type calmListener struct {
	net.Listener
	began  time.Time
	mu     sync.Mutex
	conns  map[*calmConn]struct{}
	closed bool
}

// Accept waits for the next connection.
func (l *calmListener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &calmConn{Conn: raw, home: l}
	c.read = deadline{set: raw.SetReadDeadline, past: l.began}
	c.write = deadline{set: raw.SetWriteDeadline, past: l.began}
	l.mu.Lock()
	l.conns[c] = struct{}{}
	l.mu.Unlock()
	return c, nil
}

// Close stops accepting. Connections go on, and so do their deadlines.
func (l *calmListener) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	return l.Listener.Close()
}

// watch ends after Close, when the last connection has ended.
func (l *calmListener) watch() {
	tick := time.NewTicker(deadlineTick)
	defer tick.Stop()
	for range tick.C {
		if l.look(time.Now()) {
			return
		}
	}
}

// look lets passed deadlines take effect, and reports whether nothing is left to look at.
func (l *calmListener) look(now time.Time) (done bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.read.look(now)
		c.write.look(now)
	}
	return l.closed && len(l.conns) == 0
}

func (l *calmListener) forget(c *calmConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

// calmConn is a connection whose deadlines are noted.
type calmConn struct {
	net.Conn
	home        *calmListener
	read, write deadline
}

// SetReadDeadline implements net.Conn.
func (c *calmConn) SetReadDeadline(t time.Time) error { return c.read.note(t) }

// SetWriteDeadline implements net.Conn.
func (c *calmConn) SetWriteDeadline(t time.Time) error { return c.write.note(t) }

// SetDeadline implements net.Conn.
func (c *calmConn) SetDeadline(t time.Time) error {
	if err := c.read.note(t); err != nil {
		return err
	}
	return c.write.note(t)
}

// CloseWrite lets net/http end its half of the connection before it closes it.
func (c *calmConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close ends the connection.
func (c *calmConn) Close() error {
	c.home.forget(c)
	return c.Conn.Close()
}

// deadline is one noted deadline.
type deadline struct {
	mu   sync.Mutex
	set  func(time.Time) error
	past time.Time // a deadline before it takes effect at once
	at   time.Time // zero: none
	hard bool      // the connection itself has one, which has passed
}

// note takes t. What lies before the listener's beginning takes effect now: that is how net/http interrupts a read, and
// no clock need be asked. Everything else waits for look.
func (d *deadline) note(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !t.IsZero() && t.Before(d.past) {
		d.at, d.hard = time.Time{}, true
		return d.set(t)
	}
	d.at = t
	if !d.hard {
		return nil
	}
	d.hard = false
	return d.set(time.Time{})
}

// look lets the deadline take effect where it has passed. A connection that is closed meanwhile needs none.
func (d *deadline) look(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.at.IsZero() && !d.at.After(now) {
		d.hard = true
		_ = d.set(d.at)
		d.at = time.Time{}
	}
}
