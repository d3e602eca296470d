package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"sallyport"
)

// Failure is what an error page says.
type Failure struct {
	Status    int
	Code      string
	Message   string
	Fields    []sallyport.Field
	RequestID string
	Public    string // the right address, for a request that came under a wrong one
	Again     string // the page to try again at, a path of ours: the one asked for, or the one that a form stood on
	Acted     bool   // it was no mere look: nobody may know whether it was done
	SignedIn  bool
}

// ErrorPage draws a failure for people.
type ErrorPage func(w io.Writer, f Failure) error

// fail answers with err, in the form that the client asked for. The error is kept for the request's one log line.
func (s *Site) fail(c *requestContext, r *http.Request, err error) {
	c.err = errors.Join(c.err, err)
	if c.status != 0 {
		c.broken = true // the answer has begun: it can only be broken off, which finish does
		return
	}
	for _, name := range ofFiles {
		c.Header().Del(name)
	}
	if s.elsewhere(c, r, err) {
		return
	}
	e := safeError(err)
	f := Failure{Status: Status(err), Code: e.Code, Message: e.Message, Fields: e.Fields, RequestID: c.client.RequestID,
		Public: s.opt.Public, Again: s.back(r), Acted: !safe(r.Method), SignedIn: c.visitor.Technician.ID != ""}
	RetryAfter(c.Header(), e)
	c.Header().Set("Cache-Control", "no-store")
	s.draw(c, r, f)
}

// ofFiles are headers of a file that did not come: what comes in its place is to be read, not to be kept.
var ofFiles = []string{"Content-Disposition", "ETag"}

// Fault is for a page that says by itself that a part which is needed is away: it keeps err for the request's log line, and
// returns the id under which the page's reader can have it looked up. Any other error is none of that, and its id is empty.
func Fault(r *http.Request, err error) (id string) {
	if !errors.Is(err, sallyport.ErrUnavailable) {
		return ""
	}
	c := contextOf(r)
	c.err = errors.Join(c.err, err)
	return c.client.RequestID
}

func (s *Site) draw(c *requestContext, r *http.Request, f Failure) {
	switch {
	case strings.Contains(r.Header.Get("Accept"), "text/html") && s.opt.ErrorPage != nil:
		err := HTML(c, f.Status, func(w io.Writer) error { return s.opt.ErrorPage(w, f) })
		if err == nil {
			return
		}
		c.err = errors.Join(c.err, fmt.Errorf("error page: %w", err))
	case strings.Contains(r.Header.Get("Accept"), "application/json"):
		_ = JSON(c, f.Status, jsonFailure(f)) // strings and numbers: it cannot fail
		return
	}
	_ = Text(c, f.Status, f.Message+"\nRequest "+f.RequestID+"\n")
}

type failureJSON struct {
	Code      string            `json:"code"`
	Message   string            `json:"message"`
	Fields    map[string]string `json:"fields,omitempty"`
	RequestID string            `json:"request_id"`
}

func jsonFailure(f Failure) failureJSON {
	out := failureJSON{Code: f.Code, Message: f.Message, RequestID: f.RequestID}
	for _, field := range f.Fields {
		if out.Fields == nil {
			out.Fields = map[string]string{}
		}
		out.Fields[field.Name] = field.Message
	}
	return out
}

// elsewhere sends people (not programs) on to where they can put it right: to the sign-in page, or to the page that asks
// again for a proof. The way back is a path of ours.
func (s *Site) elsewhere(c *requestContext, r *http.Request, err error) bool {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		return false
	}
	to := ""
	switch {
	case errors.Is(err, sallyport.ErrUnauthorized):
		to = s.opt.SignIn
	case sallyport.KindOf(err) == sallyport.StepUp:
		to = s.opt.StepUp
	default:
		return false
	}
	q := url.Values{}
	back := s.back(r)
	if to == s.opt.SignIn {
		back = s.beyondStepUp(back)
	}
	if back != "/" {
		q.Set("return", back)
	}
	if to == s.opt.SignIn && !safe(r.Method) {
		q.Set("why", NotDone)
	}
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	http.Redirect(c, r, to, http.StatusSeeOther)
	return true
}

// NotDone is the sign-in page's "why" for somebody who sent something when he was not signed in any more.
const NotDone = "undone"

// beyondStepUp is where the page leads that asks for a fresh proof, where p is that: a sign-in is one.
func (s *Site) beyondStepUp(p string) string {
	u, err := url.Parse(p)
	if err != nil || u.Path != s.opt.StepUp {
		return p
	}
	return s.page(LocalPath(u.Query().Get("return")))
}

// back is the page to return to: the one asked for, or the one that a form stood on.
func (s *Site) back(r *http.Request) string {
	if safe(r.Method) {
		return s.page(LocalPath(r.URL.RequestURI()))
	}
	rest, ours := strings.CutPrefix(r.Referer(), s.opt.Public)
	if !ours {
		return "/"
	}
	return s.page(LocalPath(rest))
}

// page is p where it can be looked at, else the nearest page above it. What a form was answered with stands at an address
// that may take forms alone, and whoever came back to it would be told that this cannot be done.
func (s *Site) page(p string) string {
	u, err := url.Parse(p)
	if err != nil || !plainPath(u) {
		return "/"
	}
	for len(u.Path) > 1 {
		if _, pattern := s.mux.Handler(&http.Request{Method: http.MethodGet, Host: s.host, URL: u}); pattern != "" {
			return u.String()
		}
		u = &url.URL{Path: path.Dir(u.Path)}
	}
	return "/"
}

// LocalPath is p where it is a path of this site with nothing that a browser could read as another place, else "/".
func LocalPath(p string) string {
	if _, err := url.Parse(p); err != nil || len(p) > 1000 || !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") ||
		strings.ContainsFunc(p, func(r rune) bool { return r <= 0x20 || r == '\\' || r >= 0x7f }) {
		return "/"
	}
	return p
}

// StatusHungUp stands in the log and for the observer in the place of 503 where the client had hung up: what was being looked up
// for it ended with it, and nothing was away. It is never sent, and has the number that nginx gives it.
const StatusHungUp = 499

// finish keeps the process alive after a panic, and writes the request's one log line. An answer that failed after it had
// begun ends with its connection: without that, half a download would look like the whole of it.
func (s *Site) finish(c *requestContext, r *http.Request) {
	if p := recover(); p != nil {
		if p == http.ErrAbortHandler {
			panic(p)
		}
		s.log.Error("panic", "request_id", c.client.RequestID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		s.fail(c, r, sallyport.E(sallyport.Internal, "internal", "Something went wrong on our side."))
	}
	took := time.Since(c.began)
	if c.status == http.StatusServiceUnavailable && errors.Is(r.Context().Err(), context.Canceled) {
		c.status = StatusHungUp
	}
	if s.opt.Observe != nil {
		s.opt.Observe(c.route, c.status, took)
	}
	s.logLine(c, r, took)
	if c.broken {
		panic(http.ErrAbortHandler)
	}
}

func (s *Site) logLine(c *requestContext, r *http.Request, took time.Duration) {
	level := slog.LevelInfo
	attrs := []slog.Attr{slog.String("request_id", c.client.RequestID), slog.String("method", cut(r.Method, 20)), slog.String("path", logPath(r.URL)),
		slog.Int("status", c.status), slog.Int("bytes", c.bytes), slog.Int64("took_us", took.Microseconds()), slog.String("address", c.client.Address)}
	if id := c.visitor.Technician.ID; id != "" {
		attrs = append(attrs, slog.String("technician", string(id)))
	}
	if c.err != nil {
		attrs = append(attrs, slog.String("error", c.err.Error()))
		if c.status >= http.StatusInternalServerError {
			level = slog.LevelError
		}
	}
	s.log.LogAttrs(r.Context(), level, "request", attrs...)
}

var (
	// linkPath begins, however it is written, the address of a page whose rest is a one-use token.
	linkPath = regexp.MustCompile(`(?is)(/(?:invitation|reset|set-up|rescue)/).*`)
	// tokenLike is nearly as long as a token, wherever it stands: an address that was copied badly still holds a live one,
	// and a stray percent sign before it takes up to two of its 43 letters.
	tokenLike = regexp.MustCompile(`[A-Za-z0-9_-]{41,}`)
)

// logPath is the path as logs may hold it: escaped, without the query, without a link's token. It looks at the path as
// the router does, after the percent signs are read.
func logPath(u *url.URL) string {
	const here = "\x00"
	p := tokenLike.ReplaceAllString(linkPath.ReplaceAllString(u.Path, "${1}"+here), here)
	parts := strings.Split(p, here)
	for i, part := range parts {
		parts[i] = (&url.URL{Path: part}).EscapedPath()
	}
	return cut(strings.Join(parts, "[token]"), 300)
}
