package web

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds say how many connections there may be at once.
type Bounds struct {
	All     int     // together
	Network int     // from one network (an IPv4 address or a /64) as long as there is much room; the fuller, the fewer
	Free    Proxies // listed proxies stand for many people: for them only All counts
}

// How a full listener chooses whom to let go for a newcomer.
const (
	// slowAge is when a connection that was never answered has had its time: a header has 5 seconds, but not while
	// others wait outside. A sign-in waits for the hash for 2 seconds at most.
	slowAge = 3 * time.Second
	// lookAgain is how long a look that found nobody to let go is not repeated.
	lookAgain = 100 * time.Millisecond
	// leastEach is what each network may have as long as there is room at all.
	leastEach = 2
)

// Connections is a listener that keeps its connections within bounds.
type Connections struct {
	net.Listener
	bounds  Bounds
	refused atomic.Int64
	dropped atomic.Int64
	now     func() time.Time

	mu    sync.Mutex
	open  map[*boundConn]struct{}
	each  map[netip.Prefix]int
	looks time.Time // when everybody was last looked at in vain
}

// Bound wraps a listener. A connection beyond the bounds is closed before anything is read from it.
func Bound(l net.Listener, b Bounds) *Connections {
	return &Connections{Listener: l, bounds: b, now: time.Now, open: map[*boundConn]struct{}{}, each: map[netip.Prefix]int{}}
}

// Count is how many connections are open, were refused, and were closed to make room.
func (l *Connections) Count() (open int, refused, dropped int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open), l.refused.Load(), l.dropped.Load()
}

// Accept waits for the next connection that is within the bounds.
func (l *Connections) Accept() (net.Conn, error) {
	for {
		raw, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &boundConn{Conn: raw, home: l, since: l.now()}
		peer := peerOf(raw.RemoteAddr().String())
		c.network, c.free = network(peer), l.bounds.Free.Lists(peer)
		if l.admit(c) {
			return c, nil
		}
		l.refused.Add(1)
		_ = raw.Close()
	}
}

// admit counts c in, unless that breaks the bounds and nobody can be let go for it.
func (l *Connections) admit(c *boundConn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !c.free && l.each[c.network] >= l.bounds.share(len(l.open)) {
		return false
	}
	if len(l.open) >= l.bounds.All && !l.makeRoom() {
		return false
	}
	l.open[c] = struct{}{}
	if !c.free {
		l.each[c.network]++
	}
	return true
}

// share is how many connections one network may have: all that it is due as long as half of the room is free, an eighth
// of that below, and so on, so that a few networks never take what many need.
func (b Bounds) share(open int) int {
	each := b.Network
	for left := b.All - open; left < b.All/2 && each > leastEach; left *= 2 {
		each = max(each/8, leastEach)
	}
	return each
}

// makeRoom closes one connection that waits for its next request, or that was not answered in slowAge; the caller holds
// the lock. Connections of listed proxies stay.
func (l *Connections) makeRoom() bool {
	now := l.now()
	if now.Sub(l.looks) < lookAgain {
		return false
	}
	for c := range l.open {
		if c.free || !c.lingers(now) {
			continue
		}
		l.forget(c)
		l.dropped.Add(1)
		_ = c.Conn.Close()
		return true
	}
	l.looks = now
	return false
}

// forget counts c out, once; the caller holds the lock.
func (l *Connections) forget(c *boundConn) {
	if _, open := l.open[c]; !open {
		return
	}
	delete(l.open, c)
	if c.free {
		return
	}
	if l.each[c.network]--; l.each[c.network] <= 0 {
		delete(l.each, c.network)
	}
}

// boundConn is a counted connection.
type boundConn struct {
	net.Conn
	home     *Connections
	network  netip.Prefix
	free     bool
	since    time.Time
	answered atomic.Bool // something was written
	waits    atomic.Bool // and nothing was read since
}

// lingers reports whether nobody loses much when the connection is closed.
func (c *boundConn) lingers(now time.Time) bool {
	return c.waits.Load() || !c.answered.Load() && now.Sub(c.since) >= slowAge
}

// Read implements net.Conn.
func (c *boundConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && c.waits.Load() {
		c.waits.Store(false)
	}
	return n, err
}

// Write implements net.Conn.
func (c *boundConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if !c.waits.Load() {
		c.answered.Store(true)
		c.waits.Store(true)
	}
	return n, err
}

// CloseWrite ends one half of the connection.
func (c *boundConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close ends the connection.
func (c *boundConn) Close() error {
	c.home.mu.Lock()
	c.home.forget(c)
	c.home.mu.Unlock()
	return c.Conn.Close()
}
