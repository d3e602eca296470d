package fault

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
)

// wire stands between the product and a PostgreSQL server and passes their messages on one by one, until a certain one is
// through: then every connection ends, and none is taken until it is mended.
type wire struct {
	to string // address of the server

	mu    sync.Mutex
	calls map[*call]struct{}
	on    bool // messages are counted
	left  int
	down  bool
	// unknown: a COMMIT was under way when the connections ended. Nobody can tell then whether it took effect.
	unknown bool
}

// call is one connection.
type call struct {
	near, far  net.Conn
	commit     []byte // name of the prepared COMMIT
	committing bool
}

// newWire listens on a port of its own, which it returns.
func newWire(t testing.TB, port int) (*wire, int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{to: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), calls: map[*call]struct{}{}}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			w.take(near)
		}
	}()
	return w, l.Addr().(*net.TCPAddr).Port
}

// take begins to pass on what a new connection says.
func (w *wire) take(near net.Conn) {
	far, err := net.Dial("tcp", w.to)
	if err != nil {
		_ = near.Close()
		return
	}
	c := &call{near: near, far: far}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		c.end()
		return
	}
	w.calls[c] = struct{}{}
	go w.relay(c, near, far)
	go w.relay(c, far, near)
}

func (c *call) end() { _, _ = c.near.Close(), c.far.Close() }

// relay passes on the messages of one side. The first one of a client has no kind.
func (w *wire) relay(c *call, from, to net.Conn) {
	defer c.end()
	head := 5
	if from == c.near {
		head = 4
	}
	for {
		m := make([]byte, head)
		if _, err := io.ReadFull(from, m); err != nil {
			return
		}
		rest := int(binary.BigEndian.Uint32(m[head-4:])) - 4
		if rest < 0 || rest > 1<<26 {
			return
		}
		m = append(m, make([]byte, rest)...)
		if _, err := io.ReadFull(from, m[head:]); err != nil || !w.pass(c, to, m, head) {
			return
		}
		head = 5
	}
}

// pass passes one message on, and ends everything where it was the last one. It says whether the connection goes on.
func (w *wire) pass(c *call, to net.Conn, m []byte, head int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		return false
	}
	c.notice(m, head, to == c.far)
	if _, err := to.Write(m); err != nil {
		return false
	}
	if !w.on {
		return true
	}
	if w.left--; w.left > 0 {
		return true
	}
	w.down = true
	for c := range w.calls {
		w.unknown = w.unknown || c.committing
		c.end()
	}
	clear(w.calls)
	return false
}

// notice keeps track of whether a COMMIT is under way: a prepared statement that was bound, until the server is ready again.
func (c *call) notice(m []byte, head int, asks bool) {
	switch {
	case head != 5:
	case asks && m[0] == 'P':
		if part := bytes.SplitN(m[5:], []byte{0}, 3); string(part[1]) == "COMMIT" {
			c.commit = bytes.Clone(part[0])
		}
	case asks && m[0] == 'B':
		part := bytes.SplitN(m[5:], []byte{0}, 3)
		c.committing = c.commit != nil && bytes.Equal(part[1], c.commit)
	case !asks && m[0] == 'Z':
		c.committing = false
	}
}

// cut ends everything when the k-th message from now is through.
func (w *wire) cut(k int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.on, w.left, w.down, w.unknown = true, k, false, false
}

// mend takes connections again. lost says whether they had ended.
func (w *wire) mend() (lost, unknown bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	lost, unknown = w.down, w.unknown
	w.on, w.down = false, false
	return lost, unknown
}
