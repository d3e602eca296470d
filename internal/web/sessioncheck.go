package web

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"sallyport"
)

const sessionPath = "/session"

// Check says whether a session's token is good for a request that begins now. Where it could not look, that is an error:
// neither a yes, which would let somebody in, nor a no, which would sign him out in the eyes of whoever asks.
type Check func(ctx context.Context, t sallyport.Token) (bool, error)

// requestIDHeader carries the request id of an answer that has no page to carry it.
const requestIDHeader = "Request-Id"

// sessionCheck answers GET /session: 204 or 401, asked by others many times a second, and 503 where nobody could look. It
// runs before the chain, makes no request id and writes no log line for a yes or a no; the numbers of answers are counted.
// Most are answered by quick, on the connection.
type sessionCheck struct {
	site             *Site
	cookie           string
	headers          headers
	yes, no, unknown *atomic.Int64
	blind            *atomic.Pointer[blind]
}

// blind is a second in which checks could not look. All of them have one request id, and the log one line: a database that
// is away would fill it otherwise.
type blind struct {
	second int64
	id     string
}

func newSessionCheck(s *Site) sessionCheck {
	return sessionCheck{site: s, cookie: s.cookies.Session.Name, headers: s.headers.empty(),
		yes: new(atomic.Int64), no: new(atomic.Int64), unknown: new(atomic.Int64), blind: new(atomic.Pointer[blind])}
}

func (c *sessionCheck) serve(w http.ResponseWriter, r *http.Request) {
	c.headers.put(w.Header())
	if !c.site.named(r.Host) || c.site.opt.OnlyProxies && !c.site.near(peerOf(r.RemoteAddr)) {
		w.WriteHeader(http.StatusMisdirectedRequest)
		return
	}
	usable, err := c.usable(r.Context(), scan(r.Header["Cookie"], c.cookie))
	switch {
	case err != nil:
		if r.Context().Err() == nil { // somebody waits for the answer
			c.couldNotLook(w.Header(), err)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	case usable:
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusUnauthorized)
	}
}

// usable asks whether token is good for a request that begins now, and counts a yes and a no.
func (c *sessionCheck) usable(ctx context.Context, token string) (bool, error) {
	if token == "" || c.site.opt.Check == nil {
		c.no.Add(1)
		return false, nil
	}
	usable, err := c.site.opt.Check(ctx, sallyport.Token(token))
	switch {
	case err != nil:
		return false, err
	case usable:
		c.yes.Add(1)
	default:
		c.no.Add(1)
	}
	return usable, nil
}

// couldNotLook counts an answer that is neither, and puts into h when to ask again and by which request id the log says
// why nobody could look.
func (c *sessionCheck) couldNotLook(h http.Header, err error) {
	c.unknown.Add(1)
	if sallyport.KindOf(err) != sallyport.Unavailable {
		err = sallyport.ErrUnavailable.Because(err)
	}
	RetryAfter(h, err)
	h.Set(requestIDHeader, c.blindID(err))
}

// blindID is the request id of this second's checks that could not look; the first of them writes the log line.
func (c *sessionCheck) blindID(err error) string {
	second := time.Now().Unix()
	for {
		last := c.blind.Load()
		if last != nil && last.second == second {
			return last.id
		}
		now := &blind{second: second, id: sallyport.NewID()}
		if c.blind.CompareAndSwap(last, now) {
			c.site.log.Error("session checks could not look", "request_id", now.id, "path", sessionPath,
				"status", http.StatusServiceUnavailable, slog.String("error", err.Error()))
			return now.id
		}
	}
}

// handle is the same answer for the route table: a request that came with a body goes through the chain.
func (c *sessionCheck) handle(w http.ResponseWriter, r *http.Request) error {
	c.serve(w, r)
	return nil
}

// SessionChecks are how many answers GET /session gave since the start: 204, 401, and 503 where nobody could look.
func (s *Site) SessionChecks() (yes, no, unknown int64) {
	return s.session.yes.Load(), s.session.no.Load(), s.session.unknown.Load()
}
