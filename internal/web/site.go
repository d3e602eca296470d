package web

import (
	"context"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"sallyport"
)

// Options are what a Site is made of.
type Options struct {
	Public      string       // https://host[:port], or http://localhost:port: the one address that is answered
	Log         *slog.Logger // nil: slog.Default()
	Proxies     Proxies      // who may say X-Forwarded-For
	OnlyProxies bool         // refuse every peer that is neither a listed proxy nor on loopback
	PerSecond   int          // requests a second from one network, five times as many at once; 0: any number
	Identify    Identify     // finds who is signed in; needed as soon as a route is not for Anyone
	Check       Check        // answers GET /session
	ErrorPage   ErrorPage    // draws an error for people; nil: plain text
	SignIn      string       // where a page sends somebody who is not signed in; empty: "/sign-in"
	StepUp      string       // where a page sends somebody whose proof is too old; empty: "/confirm"
	// Observe is told of each answer but GET /session's. It may be nil.
	Observe func(route string, status int, took time.Duration)
}

// Site is the http.Handler of everything that is public.
type Site struct {
	opt     Options
	log     *slog.Logger
	host    string
	cookies Cookies
	headers headers
	origin  originCheck
	limit   *limiter
	session sessionCheck
	mux     *http.ServeMux
	routes  []Route
}

// New makes a Site without routes.
func New(opt Options) (*Site, error) {
	u, err := url.Parse(opt.Public)
	if err != nil || u.Host == "" || (u.Path != "" && u.Path != "/") || u.RawQuery != "" {
		return nil, fmt.Errorf("web: %q is not a public address like https://door.example.com", opt.Public)
	}
	cookies, err := NewCookies(opt.Public)
	if err != nil {
		return nil, err
	}
	opt.Log = orDefault(opt.Log)
	opt.SignIn, opt.StepUp = or(opt.SignIn, "/sign-in"), or(opt.StepUp, "/confirm")
	opt.Public = u.Scheme + "://" + strings.ToLower(u.Host)
	s := &Site{opt: opt, log: opt.Log, host: strings.ToLower(u.Host), cookies: cookies, mux: http.NewServeMux(),
		headers: newHeaders(u.Scheme == "https"), origin: newOriginCheck(opt.Public), limit: newLimiter(opt.PerSecond)}
	s.session = newSessionCheck(s)
	s.Add(Route{Method: http.MethodGet, Pattern: sessionPath, Needs: Anyone, Handler: s.session.handle})
	return s, nil
}

func orDefault(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.Default()
	}
	return l
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Cookies are the cookies that belong to the public address.
func (s *Site) Cookies() Cookies { return s.cookies }

// Public is the origin that links begin with, without a slash at its end.
func (s *Site) Public() string { return s.opt.Public }

// Add puts routes into the table. It panics where one is wrong or stands there twice, which is a mistake of the program.
func (s *Site) Add(routes ...Route) {
	for _, route := range routes {
		if err := route.check(); err != nil {
			panic(err)
		}
		if route.Body == 0 {
			route.Body = MaxBody
		}
		s.mux.HandleFunc(route.Method+" "+route.Pattern, func(w http.ResponseWriter, r *http.Request) { s.run(w, r, route) })
		s.routes = append(s.routes, route)
	}
}

// Routes are all lines of the table, in the order in which they came.
func (s *Site) Routes() []Route { return s.routes }

// ServeHTTP answers GET /session at once, and sends everything else through the chain.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == sessionPath && r.Method == http.MethodGet && r.ContentLength == 0 {
		s.session.serve(w, r)
		return
	}
	s.headers.put(w.Header())
	c := s.newContext(w, r)
	r = r.WithContext(context.WithValue(r.Context(), contextKey{}, c))
	defer s.finish(c, r)
	boundTime(c.ResponseWriter, r)
	if err := s.admit(c, r); err != nil {
		s.fail(c, r, err)
		return
	}
	s.dispatch(c, r)
}

// admit refuses what no handler should see.
func (s *Site) admit(c *requestContext, r *http.Request) error {
	switch {
	case s.opt.OnlyProxies && !s.near(peerOf(r.RemoteAddr)):
		return errDirect
	case !s.limit.allow(c.address, c.began):
		return errTooManyPeers.After(time.Second)
	case !s.named(r.Host):
		return s.misdirected()
	case !plainPath(r.URL):
		return sallyport.ErrNotFound
	}
	return s.origin.check(r)
}

// near reports whether a peer may speak to us over plain HTTP.
func (s *Site) near(peer netip.Addr) bool { return peer.IsLoopback() || s.opt.Proxies.Lists(peer) }

// named reports whether a request's Host is ours. As many bytes, so that no sign outside of ASCII folds into one of ours.
func (s *Site) named(host string) bool {
	return len(host) == len(s.host) && strings.EqualFold(host, s.host)
}

// misdirected names the right address, for people who typed another one that leads here.
func (s *Site) misdirected() error {
	e := *errMisdirected
	e.Message += " Its address is " + s.opt.Public + "."
	return &e
}

// plainPath refuses paths that the mux would redirect or that two parsers may read in two ways.
func plainPath(u *url.URL) bool {
	p := u.Path
	return strings.HasPrefix(p, "/") && !strings.Contains(p, "//") && !strings.Contains(p, "/./") && !strings.Contains(p, "/../") &&
		!strings.HasSuffix(p, "/.") && !strings.HasSuffix(p, "/..") && !strings.ContainsFunc(p, func(r rune) bool { return r < 0x20 || r == 0x7f || r == '\\' || r == 0xfffd })
}

// dispatch finds the route. Where there is none, the mux says whether another method would have found one.
func (s *Site) dispatch(c *requestContext, r *http.Request) {
	handler, pattern := s.mux.Handler(r)
	if pattern != "" {
		s.mux.ServeHTTP(c, r)
		return
	}
	var probe probeWriter
	handler.ServeHTTP(&probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		c.Header().Set("Allow", probe.Header().Get("Allow"))
		s.fail(c, r, errMethod)
		return
	}
	s.fail(c, r, sallyport.ErrNotFound)
}

// run answers one route: who asks, what he sends, then the handler.
func (s *Site) run(w http.ResponseWriter, r *http.Request, route Route) {
	c := contextOf(r)
	c.route = route.Method + " " + route.Pattern
	err := checkLook(r, route)
	if err == nil {
		err = s.identify(c, r, route.Needs)
	}
	if err == nil {
		err = s.receive(c, r, route)
	}
	if err == nil {
		err = route.Handler(w, r)
	}
	if err != nil {
		s.fail(c, r, err)
	}
}

// receive bounds the body in size, and refuses content types that the route does not take.
func (s *Site) receive(c *requestContext, r *http.Request, route Route) error {
	if r.ContentLength == 0 && r.Header.Get("Content-Type") == "" {
		return nil
	}
	if r.ContentLength > route.Body {
		return errTooLarge
	}
	if err := checkType(r, route); err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(c.ResponseWriter, r.Body, route.Body)
	return nil
}

func checkType(r *http.Request, route Route) error {
	if safe(r.Method) {
		return nil
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil || len(r.Header["Content-Type"]) != 1 || !route.accepts(kind):
		return errType
	case params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8"):
		return errType
	case r.Header.Get("Content-Encoding") != "":
		return errType
	}
	return nil
}
