package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// visitor is a browser without scripts that signs in over one connection, and costs the machine as little as it can: what
// it uses is taken from the server it measures.
type visitor struct {
	conn    net.Conn
	answers *bufio.Reader
	origin  string
	cookies map[string]string
}

func newVisitor(port int) (*visitor, error) {
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	return &visitor{conn: c, answers: bufio.NewReader(c), origin: "localhost:" + strconv.Itoa(port)}, nil
}

// signIn goes through the pages as a new browser does: the form, the password, the digits.
func (v *visitor) signIn(userName, digits string) error {
	v.cookies = map[string]string{}
	if _, err := v.ask("GET /sign-in", ""); err != nil {
		return err
	}
	next, err := v.ask("POST /sign-in", url.Values{"user_name": {userName}, "password": {team.Password}, "return": {"/me"}}.Encode())
	if err == nil && next == "/sign-in/code" {
		next, err = v.ask("POST /sign-in/code", url.Values{"code": {digits}}.Encode())
	}
	if err == nil && v.cookies["sallyport-"+strings.TrimPrefix(v.origin, "localhost:")] == "" {
		err = fmt.Errorf("not signed in, sent to %q", next)
	}
	return err
}

// ask sends a request, a form where it is a POST, takes the cookies of the answer and returns where it leads.
func (v *visitor) ask(what, form string) (location string, err error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\n", what, v.origin)
	if len(v.cookies) > 0 {
		b.WriteString("Cookie: ")
		between := ""
		for name, value := range v.cookies {
			b.WriteString(between + name + "=" + value)
			between = "; "
		}
		b.WriteString("\r\n")
	}
	if strings.HasPrefix(what, "POST") {
		fmt.Fprintf(&b, "Origin: http://%s\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", v.origin, len(form))
	}
	b.WriteString("\r\n" + form)
	if _, err := io.WriteString(v.conn, b.String()); err != nil {
		return "", err
	}
	answer, err := http.ReadResponse(v.answers, nil)
	if err != nil {
		return "", err
	}
	for _, c := range answer.Cookies() {
		if v.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(v.cookies, c.Name)
		}
	}
	if _, err = io.Copy(io.Discard, answer.Body); err == nil && answer.StatusCode >= 400 {
		err = fmt.Errorf("%s answered %d", what, answer.StatusCode)
	}
	return answer.Header.Get("Location"), err
}

// signInAll signs all of a crowd in.
func signInAll(s *server.Server, c crowd, failed *atomic.Int64) {
	queue := make(chan team.Member)
	var wait sync.WaitGroup
	for range c.atOnce {
		wait.Go(func() {
			v, err := newVisitor(s.Port)
			for m := range queue {
				if err == nil {
					err = v.signIn(m.UserName, m.Digits(time.Now()))
				}
				if err == nil {
					continue
				}
				if failed.Add(1) == 1 {
					fmt.Println("   the first that failed:", err)
				}
				if v != nil {
					_ = v.conn.Close()
				}
				v, err = newVisitor(s.Port)
			}
			if v != nil {
				_ = v.conn.Close()
			}
		})
	}
	for _, m := range c.members {
		queue <- m
	}
	close(queue)
	wait.Wait()
}
