package web

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

// quick answers session checks on the connection itself, before net/http reads them. It takes only what is exactly one
// whole request in its plainest form, and only on a connection that has carried nothing else so far: then there is no
// doubt where a request begins and ends. Everything else goes to net/http byte for byte, and the connection with it for good.
type quick struct {
	check   *sessionCheck
	answers atomic.Pointer[quickAnswers]
}

// quickAnswers are yes and no as they go over the wire within one second.
type quickAnswers struct {
	second  int64
	yes, no []byte
}

// Listen wraps a listener for this Site: deadlines as Calm keeps them, and session checks answered on the connection.
func (s *Site) Listen(l net.Listener) net.Listener {
	return newCalm(l, &quick{check: &s.session})
}

// serves reports whether a connection may be answered here at all.
func (q *quick) serves(c net.Conn) bool {
	return q != nil && (!q.check.site.opt.OnlyProxies || q.check.site.near(peerOf(c.RemoteAddr().String())))
}

// answer is the answer to the request b, nil where b is not for here.
func (q *quick) answer(b []byte, now time.Time) []byte {
	token, ok := quickRequest(b, q.check.site.host, q.check.cookie)
	if !ok {
		return nil
	}
	all := q.at(now)
	usable, err := q.check.usable(context.Background(), token)
	switch {
	case err != nil:
		why := http.Header{}
		q.check.couldNotLook(why, err)
		return q.text(http.StatusServiceUnavailable, now, why)
	case usable:
		return all.yes
	}
	return all.no
}

func (q *quick) at(now time.Time) *quickAnswers {
	if all := q.answers.Load(); all != nil && all.second == now.Unix() {
		return all
	}
	all := &quickAnswers{second: now.Unix(), yes: q.text(http.StatusNoContent, now, nil), no: q.text(http.StatusUnauthorized, now, nil)}
	q.answers.Store(all)
	return all
}

// text is an answer without a body: what net/http would write, with the same headers and those of more.
func (q *quick) text(status int, now time.Time, more http.Header) []byte {
	lines := []string{"Date: " + now.UTC().Format(http.TimeFormat)}
	if status != http.StatusNoContent { // which has no length (RFC 9110 section 8.6)
		lines = append(lines, "Content-Length: 0")
	}
	for _, h := range q.check.headers.all {
		lines = append(lines, h.key+": "+h.value[0])
	}
	for key := range more {
		lines = append(lines, key+": "+more.Get(key))
	}
	slices.Sort(lines)
	b := []byte("HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\n")
	for _, line := range lines {
		b = append(append(b, line...), "\r\n"...)
	}
	return append(b, "\r\n"...)
}

var (
	quickStart = []byte("GET " + sessionPath + " HTTP/1.1\r\n")
	quickEnd   = []byte("\r\n\r\n")
)

// quickRequest reads the token (empty where there is none) out of b. ok only where b is one whole GET /session of HTTP/1.1
// and no more, for host, whose header lines are printable ASCII and say nothing about a body or the connection.
func quickRequest(b []byte, host, cookie string) (token string, ok bool) {
	if !bytes.HasPrefix(b, quickStart) || !bytes.HasSuffix(b, quickEnd) {
		return "", false
	}
	hosts, cookies := 0, make([]string, 0, 2)
	for rest := b[len(quickStart) : len(b)-2]; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, quickEnd[:2])
		name, value, cut := bytes.Cut(line, []byte(":"))
		if rest = after; !ended || !cut || !plainName(name) || !plainValue(value) {
			return "", false
		}
		switch value = bytes.Trim(value, " \t"); headerKind(name, value) {
		case headerRefused:
			return "", false
		case headerHost:
			if hosts++; string(value) != host {
				return "", false
			}
		case headerCookie:
			cookies = append(cookies, string(value))
		}
	}
	return scan(cookies, cookie), hosts == 1
}

type kindOfHeader int

const (
	headerOther kindOfHeader = iota
	headerHost
	headerCookie
	headerRefused // it may change where this request ends, or what becomes of the connection
)

// longestKnown is the length of the longest name that headerKind looks for.
const longestKnown = len("transfer-encoding")

func headerKind(name, value []byte) kindOfHeader {
	if len(name) > longestKnown {
		return headerOther
	}
	var lower [longestKnown]byte
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	switch string(lower[:len(name)]) {
	case "host":
		return headerHost
	case "cookie":
		return headerCookie
	case "content-length", "transfer-encoding", "trailer", "te", "expect", "upgrade", "http2-settings", "proxy-connection":
		return headerRefused
	case "connection":
		if string(value) != "keep-alive" {
			return headerRefused
		}
	}
	return headerOther
}

func plainName(b []byte) bool {
	for _, c := range b {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return len(b) > 0
}

func plainValue(b []byte) bool {
	for _, c := range b {
		if (c < ' ' || c > '~') && c != '\t' {
			return false
		}
	}
	return true
}
