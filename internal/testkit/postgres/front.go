package postgres

import (
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// Front stands before a server and passes on what is said, until it falls silent: then it takes every connection, ends none,
// and passes on nothing, as a machine that vanished. It may speak again.
type Front struct {
	Port   int // on 127.0.0.1
	to     string
	silent atomic.Bool
	mu     sync.Mutex
	held   []net.Conn
}

// Front makes one before s.
func (s *Server) Front(t testing.TB) *Front {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &Front{Port: l.Addr().(*net.TCPAddr).Port, to: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port))}
	t.Cleanup(func() {
		_ = l.Close()
		f.end()
	})
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			f.take(near)
		}
	}()
	return f
}

// Silence lets it pass on nothing any more.
func (f *Front) Silence() { f.silent.Store(true) }

// Speak ends the silence: the connections of before are ended, new ones lead to the server.
func (f *Front) Speak() {
	f.silent.Store(false)
	f.end()
}

// end ends every connection.
func (f *Front) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.held {
		_ = c.Close()
	}
	f.held = nil
}

func (f *Front) take(near net.Conn) {
	f.hold(near)
	if f.silent.Load() {
		return
	}
	far, err := net.Dial("tcp", f.to)
	if err != nil {
		_ = near.Close()
		return
	}
	f.hold(far)
	go f.relay(near, far)
	go f.relay(far, near)
}

func (f *Front) hold(c net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held = append(f.held, c)
}

func (f *Front) relay(from, to net.Conn) {
	part := make([]byte, 32<<10)
	for {
		n, err := from.Read(part)
		if f.silent.Load() {
			return
		}
		if err == nil {
			_, err = to.Write(part[:n])
		}
		if err != nil {
			_, _ = from.Close(), to.Close()
			return
		}
	}
}
