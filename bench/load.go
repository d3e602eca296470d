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
	cpu   func() (time.Duration, error) // what the asked have used so far
}

const loadConns = 8

func newLoad(port, pid int) (*load, error) {
	return newLoadOf(loadConns, port, func() (time.Duration, error) { return server.CPU(pid) })
}

// newLoadOf is a load over n connections.
func newLoadOf(n, port int, cpu func() (time.Duration, error)) (*load, error) {
	l := &load{port: port, cpu: cpu}
	for range n {
		c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			l.close()
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
	before, err := l.cpu()
	if err != nil {
		return 0, err
	}
	errs := make(chan error, len(l.conns))
	var wait sync.WaitGroup
	for i, c := range l.conns {
		mine := make([][]byte, 0, len(requests)/len(l.conns)+1)
		for j := range max(1, len(requests)/len(l.conns)) {
			mine = append(mine, requests[(i+j*len(l.conns))%len(requests)])
		}
		wait.Go(func() { errs <- askOne(c, mine, n/len(l.conns), status) })
	}
	wait.Wait()
	for range l.conns {
		if err := <-errs; err != nil {
			return 0, err
		}
	}
	after, err := l.cpu()
	return (after - before) / time.Duration(n/len(l.conns)*len(l.conns)), err
}

// askOne asks n requests over one connection, in turn.
func askOne(c net.Conn, requests [][]byte, n, status int) error {
	want := fmt.Appendf(nil, "HTTP/1.1 %d ", status)
	buffer := make([]byte, 8192)
	for i := range n {
		answer, err := exchange(c, requests[i%len(requests)], buffer)
		if err != nil {
			return err
		}
		if !bytes.HasPrefix(answer, want) {
			return fmt.Errorf("answered %q, not %d", firstLine(answer), status)
		}
	}
	return nil
}

// exchange sends a request and reads the answer, which has no body, into buffer.
func exchange(c net.Conn, request, buffer []byte) ([]byte, error) {
	if _, err := c.Write(request); err != nil {
		return nil, err
	}
	have := 0
	for !bytes.HasSuffix(buffer[:have], []byte("\r\n\r\n")) {
		got, err := c.Read(buffer[have:])
		if err != nil {
			return nil, err
		}
		have += got
	}
	return buffer[:have], nil
}

func firstLine(b []byte) []byte {
	line, _, _ := bytes.Cut(b, []byte("\r\n"))
	return line
}
