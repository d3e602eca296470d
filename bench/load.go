package main

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"sallyport/internal/testkit/server"
)

// load asks GET /session over a few connections that stay open, each waiting for its answer before it asks again, and
// costs the machine as little as it can meanwhile.
type load struct {
	conns []net.Conn
	port  int
	pid   int
}

const loadConns = 8

func newLoad(port, pid int) (*load, error) {
	l := &load{port: port, pid: pid}
	for range loadConns {
		c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return nil, err
		}
		l.conns = append(l.conns, c)
	}
	return l, nil
}

func (l *load) close() {
	for _, c := range l.conns {
		_ = c.Close()
	}
}

// request is what a proxy asks on behalf of a browser, token by token; without a token there is no cookie.
func (l *load) request(token string) []byte {
	cookie := ""
	if token != "" {
		cookie = fmt.Sprintf("Cookie: sallyport-%d=%s\r\n", l.port, token)
	}
	return fmt.Appendf(nil, "GET /session HTTP/1.1\r\nHost: localhost:%d\r\nUser-Agent: bench\r\n%s\r\n", l.port, cookie)
}

// ask sends n requests, taking the tokens in turn, and expects the same status for all. It returns the processor time
// that the server used for each.
func (l *load) ask(n int, tokens []string, status int) (time.Duration, error) {
	requests := make([][]byte, len(tokens))
	for i, t := range tokens {
		requests[i] = l.request(t)
	}
	before, err := server.CPU(l.pid)
	if err != nil {
		return 0, err
	}
	errs := make(chan error, len(l.conns))
	var wait sync.WaitGroup
	for i, c := range l.conns {
		wait.Go(func() { errs <- askOne(c, requests, i, n/len(l.conns), status) })
	}
	wait.Wait()
	for range l.conns {
		if err := <-errs; err != nil {
			return 0, err
		}
	}
	after, err := server.CPU(l.pid)
	return (after - before) / time.Duration(n/len(l.conns)*len(l.conns)), err
}

func askOne(c net.Conn, requests [][]byte, first, n, status int) error {
	want := []byte(fmt.Sprintf("HTTP/1.1 %d ", status))
	buffer := make([]byte, 8192)
	for i := range n {
		if _, err := c.Write(requests[(first+i*loadConns)%len(requests)]); err != nil {
			return err
		}
		have := 0
		for !bytes.HasSuffix(buffer[:have], []byte("\r\n\r\n")) {
			got, err := c.Read(buffer[have:])
			if err != nil {
				return err
			}
			have += got
		}
		if !bytes.HasPrefix(buffer[:have], want) {
			return fmt.Errorf("answered %q, not %d", firstLine(buffer[:have]), status)
		}
	}
	return nil
}

func firstLine(b []byte) []byte {
	line, _, _ := bytes.Cut(b, []byte("\r\n"))
	return line
}
