package web

import (
	"context"
	"net/http"
	"sync/atomic"

	"sallyport"
)

const sessionPath = "/session"

// Check says whether a session's token is good for a request that begins now. Anything it is not sure of is a no.
type Check func(ctx context.Context, t sallyport.Token) bool

// sessionCheck answers GET /session: 204 or 401, asked by others many times a second. It runs before the chain, makes
// no request id and writes no log line; the numbers of answers are counted. Most are answered by quick, on the connection.
type sessionCheck struct {
	site    *Site
	cookie  string
	headers headers
	yes, no *atomic.Int64
}

func newSessionCheck(s *Site) sessionCheck {
	return sessionCheck{site: s, cookie: s.cookies.Session.Name, headers: s.headers.empty(), yes: new(atomic.Int64), no: new(atomic.Int64)}
}

func (c *sessionCheck) serve(w http.ResponseWriter, r *http.Request) {
	c.headers.put(w.Header())
	if r.Host != c.site.host || c.site.opt.OnlyProxies && !c.site.near(peerOf(r.RemoteAddr)) {
		w.WriteHeader(http.StatusMisdirectedRequest)
		return
	}
	if c.usable(r.Context(), scan(r.Header["Cookie"], c.cookie)) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.WriteHeader(http.StatusUnauthorized)
}

// usable asks whether token is good for a request that begins now, and counts the answer.
func (c *sessionCheck) usable(ctx context.Context, token string) bool {
	if token != "" && c.site.opt.Check != nil && c.site.opt.Check(ctx, sallyport.Token(token)) {
		c.yes.Add(1)
		return true
	}
	c.no.Add(1)
	return false
}

// handle is the same answer for the route table: a request that came with a body goes through the chain.
func (c *sessionCheck) handle(w http.ResponseWriter, r *http.Request) error {
	c.serve(w, r)
	return nil
}

// SessionChecks are how many answers GET /session gave since the start.
func (s *Site) SessionChecks() (yes, no int64) { return s.session.yes.Load(), s.session.no.Load() }
