package web

import (
	"maps"
	"net"
	"slices"
	"sync"
	"time"
)

// deadlineTick is how often deadlines are looked at, and so how much later than asked one may take effect.
const deadlineTick = time.Second

// lastSecond is how long a reader has for the answer to a session check when its connection is to end.
const lastSecond = time.Second

// Calm wraps a listener so that deadlines of its connections cost almost nothing. net/http sets five for every request,
// and each would move a timer of the kernel's poller; here they are noted, and one goroutine looks once a second which
// have passed. Deadlines in the past, with which net/http interrupts a read, take effect at once.
func Calm(l net.Listener) net.Listener { return newCalm(l, nil) }

func newCalm(l net.Listener, q *quick) net.Listener {
	c := &calmListener{Listener: l, conns: map[*calmConn]struct{}{}, began: time.Now(), quick: q}
	go c.watch()
	return c
}

type calmListener struct {
	net.Listener
	began  time.Time
	quick  *quick // nil: net/http answers everything
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
	c := &calmConn{Conn: raw, home: l, fresh: l.quick.serves(raw)}
	c.read = deadline{set: raw.SetReadDeadline, past: l.began}
	c.write = deadline{set: raw.SetWriteDeadline, past: l.began}
	l.mu.Lock()
	l.conns[c] = struct{}{}
	l.mu.Unlock()
	return c, nil
}

// Close stops accepting. Connections go on, and so do their deadlines; those on which nothing but session checks was
// asked end here, between two of them, for net/http knows nothing of these.
func (l *calmListener) Close() error {
	l.mu.Lock()
	l.closed = true
	conns := slices.Collect(maps.Keys(l.conns))
	l.mu.Unlock()
	err := l.Listener.Close()
	busy := conns[:0]
	for _, c := range conns {
		if !c.mu.TryLock() {
			_ = c.Conn.SetWriteDeadline(time.Now().Add(lastSecond)) // together, not one after the other
			busy = append(busy, c)
			continue
		}
		c.retire()
	}
	for _, c := range busy {
		c.mu.Lock()
		if !c.fresh { // it was only just looked at, and is net/http's
			_ = c.Conn.SetWriteDeadline(time.Time{})
		}
		c.retire()
	}
	return err
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

	mu    sync.Mutex // held while a session check is answered here
	fresh bool       // nothing but session checks was asked so far
	asked bool       // and at least one was
}

// Read implements net.Conn. Session checks are answered here as long as nothing else was asked.
func (c *calmConn) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if n > 0 && c.answered(p[:n]) {
			if err == nil {
				continue
			}
			n = 0
		}
		return n, err
	}
}

// answered reports whether b was a session check that has its answer now. What is not ends that for this connection.
func (c *calmConn) answered(b []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.fresh {
		return false
	}
	now := time.Now()
	answer := c.home.quick.answer(b, now)
	if answer == nil {
		c.fresh = false
		if c.asked { // the limits of the wait go over into those of a header that has begun
			_ = c.read.note(now.Add(headerTime))
		}
		return false
	}
	c.asked = true
	_ = c.write.note(now.Add(writeTime))
	if _, err := c.Conn.Write(answer); err != nil {
		_ = c.Conn.Close() // the next read says so
	}
	_ = c.read.note(now.Add(idleTime))
	return true
}

// retire ends the connection where net/http has seen none of its requests, between two session checks. The caller holds the
// lock, which this gives back.
func (c *calmConn) retire() {
	fresh := c.fresh
	c.fresh = false
	c.mu.Unlock()
	if fresh {
		_ = c.Close()
	}
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

// Close ends the connection, when the session check under way on it has been answered; its reader has a second for that.
func (c *calmConn) Close() error {
	c.home.forget(c)
	if !c.mu.TryLock() {
		_ = c.Conn.SetWriteDeadline(time.Now().Add(lastSecond))
		c.mu.Lock()
	}
	defer c.mu.Unlock()
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
