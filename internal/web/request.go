package web

import (
	"net/http"
	"net/netip"
	"time"

	"sallyport"
)

type contextKey struct{}

// requestContext is what the chain knows of one request, and the writer through which it is answered.
type requestContext struct {
	http.ResponseWriter
	began   time.Time
	address netip.Addr
	client  sallyport.Client
	visitor Visitor
	route   string
	status  int       // 0 while nothing was written
	patient time.Time // when the time to write was last counted anew
	bytes   int
	err     error
	broken  bool // it failed after the answer had begun
}

func (s *Site) newContext(w http.ResponseWriter, r *http.Request) *requestContext {
	c := &requestContext{ResponseWriter: w, began: time.Now(), patient: time.Now(), address: s.opt.Proxies.Client(r)}
	c.client = sallyport.Client{Browser: browserName(r.UserAgent()), RequestID: sallyport.NewID()}
	if c.address.IsValid() {
		c.client.Address = c.address.String()
	}
	return c
}

// contextOf never returns nil, so that a handler called without a Site (in a test) sees nobody.
func contextOf(r *http.Request) *requestContext {
	if c, ok := r.Context().Value(contextKey{}).(*requestContext); ok {
		return c
	}
	return &requestContext{}
}

// WriteHeader notes the status.
func (c *requestContext) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

// Write notes that an answer began.
func (c *requestContext) Write(b []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	c.extend()
	n, err := c.ResponseWriter.Write(b)
	c.bytes += n
	return n, err
}

// extend counts writeTime anew while a long answer is written, such as the audit log's export: it ends when nothing is
// read for so long, not when all of it takes longer.
func (c *requestContext) extend() {
	if now := time.Now(); now.Sub(c.patient) > writeTime/6 {
		c.patient = now
		_ = http.NewResponseController(c.ResponseWriter).SetWriteDeadline(now.Add(writeTime)) // a test has no connection
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (c *requestContext) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// probeWriter takes the mux's own answer for a request that no route serves.
type probeWriter struct {
	header http.Header
	status int
}

func (p *probeWriter) Header() http.Header {
	if p.header == nil {
		p.header = http.Header{}
	}
	return p.header
}

func (p *probeWriter) Write(b []byte) (int, error) { return len(b), nil }
func (p *probeWriter) WriteHeader(status int)      { p.status = status }
