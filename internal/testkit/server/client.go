package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Client is one browser without scripts: it keeps cookies, sends what a browser sends with a form, and does not follow
// redirects.
type Client struct {
	From string // address that a listed proxy would say; empty: no proxy says anything

	base    string
	cookies map[string]string
	http    *http.Client
}

// Answer is what came back.
type Answer struct {
	Status   int
	Location string
	Body     string
}

// Done reports whether the console did what a form asked for. Where it wants a proof or a sign-in first it leads elsewhere.
func (a Answer) Done() bool {
	return a.Status == http.StatusSeeOther && strings.HasPrefix(a.Location, "/admin/")
}

// Client makes a browser with connections of its own.
func (s *Server) Client() *Client { return s.ClientWith(NewTransport(s.Port)) }

// NewTransport makes connections to a port of this machine that several clients may share.
func NewTransport(port int) *http.Transport { return transport(port) }

// ClientWith makes a browser over connections that others use too, or that lead to several nodes.
func (s *Server) ClientWith(t http.RoundTripper) *Client {
	return &Client{base: s.URL, cookies: map[string]string{}, http: &http.Client{Transport: t, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Tab is another tab of the browser as it is now, with connections of its own: it holds the same cookies, and what either
// is given from now on the other does not see.
func (c *Client) Tab(t http.RoundTripper) *Client {
	other, http := *c, *c.http
	other.cookies, http.Transport = maps.Clone(c.cookies), t
	other.http = &http
	return &other
}

// SessionCookie is the name under which this server keeps the session.
func (s *Server) SessionCookie() string { return "sallyport-" + strconv.Itoa(s.Port) }

// Session is the session token that the browser holds, empty when there is none.
func (c *Client) Session() string { return c.cookies[c.sessionCookie()] }

func (c *Client) sessionCookie() string {
	return "sallyport-" + c.base[strings.LastIndexByte(c.base, ':')+1:]
}

// HoldSession gives the browser a session token.
func (c *Client) HoldSession(token string) {
	c.cookies[c.sessionCookie()] = token
}

// Get asks for a page.
func (c *Client) Get(ctx context.Context, path string) (Answer, error) {
	return c.do(ctx, http.MethodGet, path, nil)
}

// Post sends a form.
func (c *Client) Post(ctx context.Context, path string, form url.Values) (Answer, error) {
	return c.do(ctx, http.MethodPost, path, form)
}

func (c *Client) do(ctx context.Context, method, path string, form url.Values) (Answer, error) {
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return Answer{}, err
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", c.base)
		request.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if c.From != "" {
		request.Header.Set("X-Forwarded-For", c.From)
	}
	for name, value := range c.cookies {
		request.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	for _, cookie := range answer.Cookies() {
		if c.cookies[cookie.Name] = cookie.Value; cookie.MaxAge < 0 {
			delete(c.cookies, cookie.Name)
		}
	}
	return Answer{Status: answer.StatusCode, Location: answer.Header.Get("Location"), Body: string(text)}, err
}

// Live asks GET /session whether the browser is signed in.
func (c *Client) Live(ctx context.Context) (bool, error) {
	a, err := c.Get(ctx, "/session")
	if err == nil && a.Status != http.StatusNoContent && a.Status != http.StatusUnauthorized {
		err = fmt.Errorf("GET /session answered %d", a.Status)
	}
	return a.Status == http.StatusNoContent, err
}

// ErrNotIn is a sign-in that came to its end without a session: refused, or it takes another answer.
var ErrNotIn = errors.New("not signed in")

// Password does the first page of a sign-in, in a browser that holds no session (any more).
func (c *Client) Password(ctx context.Context, userName, password string) (Answer, error) {
	delete(c.cookies, c.sessionCookie())
	if _, err := c.Get(ctx, "/sign-in"); err != nil {
		return Answer{}, err
	}
	return c.Post(ctx, "/sign-in", url.Values{"user_name": {userName}, "password": {password}, "return": {"/me"}})
}

// Code gives the answer that the second page of a sign-in asks for.
func (c *Client) Code(ctx context.Context, digits string) (Answer, error) {
	return c.Post(ctx, "/sign-in/code", url.Values{"code": {digits}})
}

// SignIn signs in with password and, where it is asked for, the digits. It returns the session's token; the error is
// ErrNotIn where the server refused.
func (c *Client) SignIn(ctx context.Context, userName, password, digits string) (string, error) {
	a, err := c.Password(ctx, userName, password)
	if err == nil && c.Session() == "" && a.Location == "/sign-in/code" {
		a, err = c.Code(ctx, digits)
	}
	if err != nil {
		return "", err
	}
	if c.Session() == "" {
		return "", fmt.Errorf("%w: %d %s", ErrNotIn, a.Status, a.Location)
	}
	return c.Session(), nil
}
