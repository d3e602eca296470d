package web

import (
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"
)

// addressed is a pipe that comes from an address.
type addressed struct {
	net.Conn
	from string
	shut atomic.Bool
}

func (a *addressed) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(net.JoinHostPort(a.from, "4711")))
}

func (a *addressed) Close() error { a.shut.Store(true); return a.Conn.Close() }

// crowd is a bounded listener with a clock of its own.
type crowd struct {
	*Connections
	t   *testing.T
	in  *pipes
	now time.Time
}

func newCrowd(t *testing.T, b Bounds) *crowd {
	c := &crowd{t: t, in: &pipes{conns: make(chan net.Conn, 1), done: make(chan struct{})}, now: time.Unix(1000, 0)}
	c.Connections = Bound(c.in, b)
	c.Connections.now = func() time.Time { return c.now }
	return c
}

// knock lets one come from an address, and returns its connection here and whether it was let in.
func (c *crowd) knock(from string) (net.Conn, *addressed, bool) {
	c.t.Helper()
	_, server := net.Pipe()
	a := &addressed{Conn: server, from: from}
	conn := &boundConn{Conn: a, home: c.Connections, since: c.now, network: network(peerOf(a.RemoteAddr().String()))}
	conn.free = c.bounds.Free.Lists(peerOf(a.RemoteAddr().String()))
	return conn, a, c.admit(conn)
}

func (c *crowd) wants(from string, in bool) net.Conn {
	c.t.Helper()
	conn, _, ok := c.knock(from)
	if ok != in {
		open, _, _ := c.Count()
		c.t.Errorf("%s was let in: %v, with %d open", from, ok, open)
	}
	return conn
}

// TestNetworkShare: one network gets less the fuller it is, and somebody new always two.
func TestNetworkShare(t *testing.T) {
	b := Bounds{All: 8192, Network: 1024}
	for open, want := range map[int]int{0: 1024, 4096: 1024, 4097: 128, 6144: 128, 6145: 16, 7168: 16, 7169: 2, 8191: 2, 8192: 2} {
		if got := b.share(open); got != want {
			t.Errorf("%d open: %d each, want %d", open, got, want)
		}
	}
	if got := (Bounds{All: 4, Network: 1}).share(4); got != 1 {
		t.Errorf("a small network's share grew to %d", got)
	}
}

// TestOneNetworkLeavesRoom: one network cannot take what others need; its closed connections are its own again.
func TestOneNetworkLeavesRoom(t *testing.T) {
	c := newCrowd(t, Bounds{All: 64, Network: 16, Free: Proxies{netip.MustParsePrefix("127.0.0.1/32")}})
	first := c.wants("2001:db8:1:1::1", true)
	for i := range 15 {
		c.wants(fmt.Sprintf("2001:db8:1:1::%x", i+2), true)
	}
	c.wants("2001:db8:1:1::99", false)
	c.wants("2001:db8:1:2::1", true)
	_ = first.Close()
	_ = first.Close() // a second time counts nothing
	c.wants("2001:db8:1:1::99", true)
	c.wants("2001:db8:1:1::9a", false)
	for range 40 { // a listed proxy has no share of its own
		c.wants("127.0.0.1", true)
	}
	c.wants("192.0.2.1", true)
	c.wants("192.0.2.1", true)
	c.wants("192.0.2.1", false) // nearly full: two each
	c.wants("192.0.2.2", true)
}

// TestFullListenerMakesRoom: for a newcomer one goes who waits for his next request, or who was not answered within
// three seconds; nobody who is being served, and no proxy.
func TestFullListenerMakesRoom(t *testing.T) {
	c := newCrowd(t, Bounds{All: 4, Network: 4, Free: Proxies{netip.MustParsePrefix("127.0.0.1/32")}})
	c.wants("127.0.0.1", true)
	slow, raw, _ := c.knock("192.0.2.1")
	busy := c.wants("192.0.2.2", true).(*boundConn)
	idle := c.wants("192.0.2.3", true).(*boundConn)
	busy.answered.Store(true)
	c.wants("192.0.2.4", false) // nobody has lingered yet
	idle.answered.Store(true)
	idle.waits.Store(true)
	c.wants("192.0.2.4", false) // and nobody looks again at once
	c.now = c.now.Add(lookAgain)
	c.wants("192.0.2.4", true)
	if raw.shut.Load() {
		t.Error("the slow one went before its time")
	}
	c.now = c.now.Add(slowAge - lookAgain)
	c.wants("192.0.2.5", true)
	if !raw.shut.Load() {
		t.Error("the slow one stays")
	}
	_ = slow.Close()
	if open, _, dropped := c.Count(); open != 4 || dropped != 2 {
		t.Errorf("%d open, %d closed for others", open, dropped)
	}
}

// TestBoundListener: over real connections, with the states that reads and writes leave.
func TestBoundListener(t *testing.T) {
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Bound(raw, Bounds{All: 2, Network: 2})
	defer l.Close()
	accepted := make(chan net.Conn, 3)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	dial := func() net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", raw.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	a := dial()
	first := (<-accepted).(*boundConn)
	buffer := make([]byte, 8)
	step := func(what string, waits bool, err error) {
		t.Helper()
		if err != nil || first.waits.Load() != waits {
			t.Fatalf("%s: waits %v, %v", what, first.waits.Load(), err)
		}
	}
	_, err = a.Write([]byte("ask"))
	step("before it is read", false, err)
	_, err = first.Read(buffer)
	step("asked", false, err)
	_, err = first.Write([]byte("answer"))
	step("answered", true, err)
	_, _ = a.Write([]byte("again"))
	_, err = first.Read(buffer)
	step("asked again", false, err)
	dial()
	<-accepted
	if n, err := dial().Read(buffer); err == nil {
		t.Errorf("a third connection reads %d bytes", n)
	}
	if open, refused, _ := l.Count(); open != 2 || refused != 1 {
		t.Errorf("%d open, %d refused", open, refused)
	}
}
