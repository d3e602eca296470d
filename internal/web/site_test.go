package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sallyport"
)

const public = "https://door.example"

// harness is a Site with a few routes, and its log.
type harness struct {
	*Site
	log bytes.Buffer
}

func newHarness(t *testing.T, change ...func(*Options)) *harness {
	t.Helper()
	h := &harness{}
	o := Options{Public: public, Log: slog.New(slog.NewJSONHandler(&h.log, nil)),
		ErrorPage: func(w io.Writer, f Failure) error {
			_, err := io.WriteString(w, "<html>"+f.Message+" "+f.RequestID)
			return err
		}}
	for _, c := range change {
		c(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	h.Site = s
	h.Add(
		Route{Method: "GET", Pattern: "/page", Needs: Anyone, Handler: func(w http.ResponseWriter, _ *http.Request) error { return Text(w, 200, "page") }},
		Route{Method: "POST", Pattern: "/act", Needs: Anyone, Handler: func(w http.ResponseWriter, r *http.Request) error {
			f, err := ReadForm(r, "name", "id*")
			if err != nil {
				return err
			}
			return Text(w, 200, f.Get("name"))
		}},
	)
	return h
}

// fails adds a route that answers with err.
func (h *harness) fails(path string, err error) {
	h.Add(Route{Method: "GET", Pattern: path, Needs: Anyone, Handler: func(http.ResponseWriter, *http.Request) error { return err }})
}

func (h *harness) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func request(method, path string, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, public+path, strings.NewReader(body))
	r.RemoteAddr = "198.51.100.7:4711"
	if method == "POST" {
		r.Header.Set("Content-Type", FormType)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Del(headers[i])
		if headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	return r
}

func TestWhenToComeBack(t *testing.T) {
	for err, want := range map[error]string{
		sallyport.ErrUnavailable: "5", sallyport.ErrUnavailable.After(time.Second / 2): "1", sallyport.ErrUnavailable.Because(errors.New("no database")): "5",
		sallyport.E(sallyport.TooMany, "wait", "words").After(time.Minute): "60", sallyport.ErrStale: "", errors.New("any"): "",
	} {
		h := http.Header{}
		if RetryAfter(h, err); h.Get("Retry-After") != want {
			t.Errorf("%v: %q, want %q", err, h.Get("Retry-After"), want)
		}
	}
}

func TestKindsBecomeStatuses(t *testing.T) {
	for kind, want := range map[sallyport.Kind]int{
		sallyport.Internal: 500, sallyport.Invalid: 422, sallyport.Unauthorized: 401, sallyport.Forbidden: 403, sallyport.NotFound: 404,
		sallyport.Conflict: 409, sallyport.Gone: 410, sallyport.TooMany: 429, sallyport.Unavailable: 503, sallyport.StepUp: 403,
	} {
		h := newHarness(t)
		h.fails("/fail", sallyport.E(kind, "some_code", "words").After(1500*time.Millisecond).Because(errors.New("private cause")))
		w := h.do(request("GET", "/fail", "", "Accept", "application/json"))
		var got struct {
			Code, Message string
			RequestID     string `json:"request_id"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != want || got.Code != "some_code" || got.Message != "words" {
			t.Errorf("kind %d: status %d (want %d), %s", kind, w.Code, want, w.Body)
		}
		if w.Header().Get("Retry-After") != "2" {
			t.Errorf("kind %d: Retry-After %q", kind, w.Header().Get("Retry-After"))
		}
		if strings.Contains(w.Body.String(), "private") {
			t.Errorf("kind %d: the cause is shown", kind)
		}
		if n := strings.Count(h.log.String(), "private cause"); n != 1 {
			t.Errorf("kind %d: the cause is logged %d times", kind, n)
		}
		if !strings.Contains(h.log.String(), got.RequestID) || len(got.RequestID) != 16 {
			t.Errorf("kind %d: request id %q is not in the log", kind, got.RequestID)
		}
	}
}

func TestErrorsOfOthersTellNothing(t *testing.T) {
	h := newHarness(t)
	h.fails("/fail", errors.New("dial tcp 10.0.0.1: password hunter2"))
	for _, accept := range []string{"text/html", "application/json", "*/*", ""} {
		w := h.do(request("GET", "/fail", "", "Accept", accept))
		if w.Code != 500 || strings.Contains(w.Body.String(), "hunter2") {
			t.Errorf("%s: %d %s", accept, w.Code, w.Body)
		}
	}
}

func TestPanicBecomesAPageWithAnIDAndTheProcessLives(t *testing.T) {
	h := newHarness(t)
	h.Add(Route{Method: "GET", Pattern: "/boom", Needs: Anyone, Handler: func(http.ResponseWriter, *http.Request) error { panic("secret 1234") }})
	w := h.do(request("GET", "/boom", "", "Accept", "text/html"))
	if w.Code != 500 || strings.Contains(w.Body.String(), "1234") || !strings.Contains(w.Body.String(), "<html>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if !strings.Contains(h.log.String(), "secret 1234") || !strings.Contains(h.log.String(), "site_test.go") {
		t.Error("the log has neither panic nor stack")
	}
	if w := h.do(request("GET", "/page", "")); w.Code != 200 {
		t.Errorf("afterwards: %d", w.Code)
	}
}

func TestBrokenErrorPageStillAnswers(t *testing.T) {
	h := newHarness(t, func(o *Options) {
		o.ErrorPage = func(io.Writer, Failure) error { return errors.New("template is broken") }
	})
	w := h.do(request("GET", "/none", "", "Accept", "text/html"))
	if w.Code != 404 || w.Body.Len() == 0 || !strings.Contains(h.log.String(), "template is broken") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestOtherHostsAreRefused(t *testing.T) {
	h := newHarness(t)
	for host, want := range map[string]int{"door.example": 200, "DOOR.example": 200, "evil.example": 421, "door.example:444": 421, "door.example.": 421, "": 421, "127.0.0.1": 421} {
		r := request("GET", "/page", "", "X-Forwarded-Host", "door.example")
		r.Host = host
		if w := h.do(r); w.Code != want {
			t.Errorf("%q: %d, want %d", host, w.Code, want)
		}
		r = request("GET", "/session", "")
		r.Host = host
		if w := h.do(r); (w.Code == 421) != (want == 421) {
			t.Errorf("/session under %q: %d", host, w.Code)
		}
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	h := newHarness(t)
	for _, c := range []struct {
		method, path string
		want         int
		allow        string
	}{
		{"GET", "/none", 404, ""}, {"HEAD", "/page", 200, ""}, {"POST", "/page", 405, "GET, HEAD"}, {"TRACE", "/page", 405, "GET, HEAD"},
		{"DELETE", "/act", 405, "POST"}, {"GET", "/page/", 404, ""}, {"GET", "//page", 404, ""}, {"GET", "/x/../page", 404, ""}, {"GET", "/./page", 404, ""},
		{"GET", "/page%00", 404, ""}, {"GET", "/page%5c", 404, ""}, {"OPTIONS", "/page", 405, "GET, HEAD"}, {"POST", "/session", 405, "GET, HEAD"},
		{"GET", "/page/x.css", 404, ""},
	} {
		w := h.do(request(c.method, c.path, ""))
		if w.Code != c.want || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: %d allow %q, want %d %q", c.method, c.path, w.Code, w.Header().Get("Allow"), c.want, c.allow)
		}
	}
}

func TestMethodOverrideIsIgnored(t *testing.T) {
	h := newHarness(t)
	if w := h.do(request("GET", "/act?_method=POST&name=x", "", "X-HTTP-Method-Override", "POST")); w.Code != 405 {
		t.Errorf("%d", w.Code)
	}
	if w := h.do(request("POST", "/act?name=fromquery", "")); w.Body.String() != "" {
		t.Errorf("the query reached the form: %s", w.Body)
	}
}

func TestEveryAnswerHasTheHeaders(t *testing.T) {
	h := newHarness(t, func(o *Options) { o.PerSecond = 1 })
	h.fails("/fail", errors.New("x"))
	h.Add(Route{Method: "GET", Pattern: "/boom", Needs: Anyone, Handler: func(http.ResponseWriter, *http.Request) error { panic("x") }})
	evil := request("GET", "/page", "")
	evil.Host = "evil.example"
	requests := map[string]*http.Request{
		"page": request("GET", "/page", ""), "404": request("GET", "/none", ""), "405": request("TRACE", "/page", ""), "500": request("GET", "/fail", ""),
		"panic": request("GET", "/boom", ""), "421": evil, "403": request("POST", "/act", "", "Sec-Fetch-Site", "cross-site"),
		"415": request("POST", "/act", "x", "Content-Type", "text/plain"), "session": request("GET", "/session", ""), "401 page": request("GET", "/page", ""),
	}
	for range 20 { // until the limit is reached
		requests["429"] = request("GET", "/page", "")
	}
	for name, r := range requests {
		w := h.do(r)
		want := newHeaders(true)
		if name == "session" {
			want = want.empty()
		}
		for _, line := range want.all {
			if got := w.Header()[line.key]; len(got) != 1 || got[0] != line.value[0] {
				t.Errorf("%s (%d): %s is %q", name, w.Code, line.key, got)
			}
		}
	}
	plain := newHarness(t, func(o *Options) { o.Public = "http://localhost:8080" })
	if w := plain.do(httptest.NewRequest("GET", "http://localhost:8080/page", nil)); w.Header().Get("Strict-Transport-Security") != "" || w.Code != 200 {
		t.Error("HSTS over plain http")
	}
}

func TestRoutesMustSayWhoTheyAreFor(t *testing.T) {
	h := newHarness(t)
	for _, bad := range []Route{{Method: "GET", Pattern: "/x", Handler: func(http.ResponseWriter, *http.Request) error { return nil }}, {Method: "GET", Pattern: "/x", Needs: Anyone}, {Pattern: "/x", Needs: Anyone}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v was taken", bad)
				}
			}()
			h.Add(bad)
		}()
	}
}

func TestPermissionsAreJudgedBeforeTheHandler(t *testing.T) {
	token := sallyport.NewToken()
	role := sallyport.Role{ID: "x", Permissions: []sallyport.Permission{sallyport.ReadAudit}}
	var failure error
	h := newHarness(t, func(o *Options) {
		o.Identify = func(_ context.Context, got sallyport.Token) (Visitor, error) {
			if failure != nil || got != token {
				return Visitor{}, errors.Join(failure, sallyport.ErrUnauthorized)
			}
			return Visitor{Technician: sallyport.Technician{ID: "abc", UserName: "dana"}, Role: role, Session: sallyport.Session{ProvedAt: time.Unix(5, 0)}}, nil
		}
	})
	var actor sallyport.Actor
	act := func(w http.ResponseWriter, r *http.Request) error { actor = ActorOf(r); return Text(w, 200, "did") }
	h.Add(Route{Method: "GET", Pattern: "/me", Needs: SignedIn, Handler: act},
		Route{Method: "GET", Pattern: "/audit", Needs: Permission(sallyport.ReadAudit), Handler: act},
		Route{Method: "GET", Pattern: "/policy", Needs: Permission(sallyport.ManagePolicy), Handler: act})
	cookie := "__Host-sallyport=" + token.Reveal()
	for _, c := range []struct {
		path, cookie string
		want         int
	}{
		{"/me", "", 401}, {"/me", cookie, 200}, {"/me", "__Host-sallyport=" + sallyport.NewToken().Reveal(), 401},
		{"/audit", cookie, 200}, {"/policy", cookie, 403}, {"/policy", "", 401},
	} {
		if w := h.do(request("GET", c.path, "", "Cookie", c.cookie)); w.Code != c.want {
			t.Errorf("%s: %d, want %d", c.path, w.Code, c.want)
		}
	}
	if actor.ID != "abc" || actor.Name != "dana" || actor.Kind != sallyport.ActorTechnician || actor.Client.Address != "198.51.100.7" || !actor.ProvedAt.Equal(time.Unix(5, 0)) {
		t.Errorf("actor %+v", actor)
	}
	failure = sallyport.ErrUnavailable
	if w := h.do(request("GET", "/me", "", "Cookie", cookie)); w.Code == 200 {
		t.Error("let in although nobody could look")
	}
	h = newHarness(t, func(o *Options) {
		o.Identify = func(context.Context, sallyport.Token) (Visitor, error) { return Visitor{}, nil }
	})
	h.Add(Route{Method: "GET", Pattern: "/me", Needs: SignedIn, Handler: act})
	if w := h.do(request("GET", "/me", "", "Cookie", cookie)); w.Code != 401 {
		t.Errorf("nobody was found, without an error: %d", w.Code)
	}
}

func TestPeopleAreSentToSignInAndBack(t *testing.T) {
	h := newHarness(t)
	h.fails("/desk", sallyport.ErrUnauthorized)
	h.fails("/proof", sallyport.ErrStepUp)
	fails := func(method, pattern string, err error) {
		h.Add(Route{Method: method, Pattern: pattern, Needs: Anyone, Handler: func(http.ResponseWriter, *http.Request) error { return err }})
	}
	fails("GET", "/form", nil)
	fails("GET", "/things/{id}", nil)
	fails("POST", "/proof", sallyport.ErrStepUp)
	fails("GET", "/confirm", sallyport.ErrUnauthorized)
	fails("POST", "/things/{id}/end", sallyport.ErrUnauthorized)
	for _, c := range []struct {
		r    *http.Request
		want string
	}{
		{request("GET", "/desk?page=2", "", "Accept", "text/html"), "/sign-in?return=%2Fdesk%3Fpage%3D2"},
		{request("GET", "/proof", "", "Accept", "text/html"), "/confirm?return=%2Fproof"},
		{request("POST", "/proof", "", "Accept", "text/html", "Referer", public+"/form"), "/confirm?return=%2Fform"},
		{request("POST", "/proof", "", "Accept", "text/html", "Referer", public+"/form/end?x=1"), "/confirm?return=%2Fform"},
		{request("POST", "/proof", "", "Accept", "text/html", "Referer", public+"/form/../things"), "/confirm"},
		{request("POST", "/proof", "", "Accept", "text/html", "Referer", "https://evil.example/form"), "/confirm"},
		{request("POST", "/things/a%2Fb/end", "", "Accept", "text/html", "Referer", public+"/things/a%2Fb?x=1"), "/sign-in?return=%2Fthings%2Fa%252Fb%3Fx%3D1&why=undone"},
		{request("POST", "/things/7/end", "", "Accept", "text/html", "Referer", public+"/things/7/end"), "/sign-in?return=%2Fthings%2F7&why=undone"},
		{request("POST", "/things/7/end", "", "Accept", "text/html"), "/sign-in?why=undone"},
		{request("GET", "/confirm?return=%2Fform%3Fx%3D1", "", "Accept", "text/html"), "/sign-in?return=%2Fform%3Fx%3D1"}, // signing in is a fresh proof
		{request("GET", "/confirm?return=%2F%2Fevil.example", "", "Accept", "text/html"), "/sign-in"},
		{request("GET", "/confirm", "", "Accept", "text/html"), "/sign-in"},
		{request("POST", "/proof", "", "Accept", "text/html", "Referer", public+".evil.example/form"), "/confirm"},
	} {
		if w := h.do(c.r); w.Code != 303 || w.Header().Get("Location") != c.want {
			t.Errorf("%s %s: %d %s, want %s", c.r.Method, c.r.URL.Path, w.Code, w.Header().Get("Location"), c.want)
		}
	}
	if w := h.do(request("GET", "/desk", "", "Accept", "application/json")); w.Code != 401 {
		t.Errorf("a program got %d", w.Code)
	}
}

func TestLocalPath(t *testing.T) {
	for p, want := range map[string]string{
		"/admin?x=1": "/admin?x=1", "": "/", "//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/", "/a\nb": "/", "javascript:alert(1)": "/",
		"/%2f%2fevil.example": "/%2f%2fevil.example", "/a b": "/", "evil": "/", "/ü": "/", "\t//evil.example": "/",
		"///evil.example":              "/", // which browsers take for the one with two, and url.Parse for a path
		"/" + strings.Repeat("x", 999): "/" + strings.Repeat("x", 999), "/" + strings.Repeat("x", 1000): "/",
	} {
		if got := LocalPath(p); got != want {
			t.Errorf("%q: %q, want %q", p, got, want)
		}
	}
}

func TestOnlyProxies(t *testing.T) {
	h := newHarness(t, func(o *Options) { o.OnlyProxies = true; o.Proxies = prefixesOf("10.0.0.7/32") })
	for peer, want := range map[string]int{"10.0.0.7:1": 200, "127.0.0.1:1": 200, "[::1]:1": 200, "10.0.0.8:1": 403, "198.51.100.1:1": 403, "nonsense": 403} {
		r := request("GET", "/page", "")
		r.RemoteAddr = peer
		if w := h.do(r); w.Code != want {
			t.Errorf("%s: %d, want %d", peer, w.Code, want)
		}
		r = request("GET", "/session", "")
		r.RemoteAddr = peer
		if w := h.do(r); (w.Code == 401) != (want == 200) {
			t.Errorf("/session for %s: %d", peer, w.Code)
		}
	}
}

// TestHungUpIsNoOutage: where a client hung up while something was looked up for it, nothing was away, and neither the log nor the
// numbers that somebody is woken by say so.
func TestHungUpIsNoOutage(t *testing.T) {
	for name, c := range map[string]struct {
		hangsUp bool
		err     error
		status  int
		level   string
	}{
		"hung up":                  {true, sallyport.ErrUnavailable.Because(context.Canceled), StatusHungUp, "INFO"},
		"away, and somebody waits": {false, sallyport.ErrUnavailable.Because(context.Canceled), http.StatusServiceUnavailable, "ERROR"},
		"a mistake of ours":        {true, errors.New("no such column"), http.StatusInternalServerError, "ERROR"},
		"refused":                  {true, sallyport.ErrForbidden, http.StatusForbidden, "INFO"},
	} {
		var seen int
		h := newHarness(t, func(o *Options) { o.Observe = func(_ string, status int, _ time.Duration) { seen = status } })
		ctx, hangUp := context.WithCancel(t.Context())
		h.Add(Route{Method: "GET", Pattern: "/slow", Needs: Anyone, Handler: func(http.ResponseWriter, *http.Request) error {
			if c.hangsUp {
				hangUp()
			}
			return c.err
		}})
		h.do(request("GET", "/slow", "").WithContext(ctx))
		hangUp()
		var line struct {
			Level  string
			Status int
		}
		if err := json.Unmarshal(h.log.Bytes(), &line); err != nil || seen != c.status || line.Status != c.status || line.Level != c.level {
			t.Errorf("%s: observed %d, logged %+v, want %d and %s (%v)", name, seen, line, c.status, c.level, err)
		}
	}
}

func TestObserverLearnsRouteAndStatus(t *testing.T) {
	var got []string
	h := newHarness(t, func(o *Options) {
		o.Observe = func(route string, status int, _ time.Duration) { got = append(got, route+" "+http.StatusText(status)) }
	})
	h.do(request("GET", "/page", ""))
	h.do(request("GET", "/none/secret", ""))
	if strings.Join(got, ", ") != "GET /page OK,  Not Found" {
		t.Errorf("%q", got)
	}
}
