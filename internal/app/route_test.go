package app_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/testkit/golden"
	"sallyport/internal/web"
)

// TestRoutesGolden keeps the list of every route with what it needs.
func TestRoutesGolden(t *testing.T) {
	var lines []string
	for _, r := range assemble(t).Site().Routes() {
		lines = append(lines, r.String())
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[7:]+a[:7], b[7:]+b[:7]) })
	golden.File(t, filepath.Join("testdata", "routes.golden"), strings.Join(lines, "\n")+"\n")
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// path is an address that leads to the route.
func path(r web.Route) string {
	return placeholder.ReplaceAllString(strings.TrimSuffix(r.Pattern, "{$}"), "abcdefghijklmnop")
}

// ask makes a request as our own page would send it. The session may be empty.
func ask(r web.Route, session sallyport.Token, body string) *http.Request {
	req := httptest.NewRequest(r.Method, public+path(r), strings.NewReader(body))
	req.RemoteAddr = "127.0.0.1:1234"
	if session != "" {
		req.Header.Set("Cookie", "__Host-sallyport="+session.Reveal())
	}
	if r.Unsafe() {
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		req.Header.Set("Origin", public)
		req.Header.Set("Content-Type", contentType(r))
	}
	return req
}

func contentType(r web.Route) string {
	if len(r.Types) == 0 {
		return web.FormType
	}
	if r.Types[0] == web.MultipartType {
		return web.MultipartType + "; boundary=zz"
	}
	return r.Types[0]
}

func (i *installation) do(req *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	i.Handler().ServeHTTP(w, req)
	return w
}

// unsafe are the routes that may change something.
func (i *installation) unsafe(t *testing.T) []web.Route {
	t.Helper()
	var out []web.Route
	for _, r := range i.Site().Routes() {
		if r.Unsafe() {
			out = append(out, r)
		}
	}
	if len(out) < 30 {
		t.Fatalf("only %d routes that change something: is the table whole?", len(out))
	}
	return out
}

// TestMissingFileSaysSo: an address below /assets/ that leads nowhere is answered like any other that does.
func TestMissingFileSaysSo(t *testing.T) {
	i := assemble(t)
	req := httptest.NewRequest("GET", public+"/assets/none-000000000000.css", nil)
	req.Header.Set("Accept", "text/html")
	w := i.do(req)
	if body := w.Body.String(); w.Code != 404 || !strings.Contains(body, "There is nothing here") || !strings.Contains(body, "Request ") {
		t.Errorf("%d %s", w.Code, body)
	}
	if h := w.Header(); h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v", h)
	}
}

// TestAddressesOfFormsLeadOn: what a form was answered with stands at the form's address. Whoever opens that again, as a browser
// does that restores its tabs, is led to the page above it.
func TestAddressesOfFormsLeadOn(t *testing.T) {
	i := assemble(t)
	looks := map[string]bool{}
	for _, r := range i.Site().Routes() {
		looks[path(r)] = looks[path(r)] || !r.Unsafe()
	}
	above := regexp.MustCompile(`<a class="button primary main" href="([^"]*)">([^<]*)</a>`)
	for _, r := range i.unsafe(t) {
		if looks[path(r)] {
			continue
		}
		req := httptest.NewRequest("GET", public+path(r), nil)
		req.Header.Set("Accept", "text/html")
		w := i.do(req)
		found := above.FindStringSubmatch(w.Body.String())
		switch {
		case w.Code != http.StatusMethodNotAllowed || found == nil:
			t.Errorf("GET %s: %d %s", r.Pattern, w.Code, w.Body)
		case found[1] == "/" && found[2] == "Go on from the start" && strings.Count(path(r), "/") == 1: // nothing is above it
		case found[2] != "Open its page" || !looks[found[1]] || !strings.HasPrefix(path(r), found[1]+"/"):
			t.Errorf("GET %s leads to %q, %q", r.Pattern, found[1], found[2])
		}
	}
}

var everywhere = map[string]string{
	"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=63072000",
}

func checkHeaders(t *testing.T, what string, h http.Header) {
	t.Helper()
	for name, want := range everywhere {
		if got := h.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %s is %q", what, name, got)
		}
	}
	csp := h.Values("Content-Security-Policy")
	if len(csp) != 1 || !strings.Contains(csp[0], "default-src 'none'") || strings.Contains(csp[0], "unsafe") {
		t.Errorf("%s: Content-Security-Policy is %q", what, csp)
	}
	if len(h.Values("Permissions-Policy")) != 1 {
		t.Errorf("%s: no Permissions-Policy", what)
	}
	cache := h.Get("Cache-Control")
	if cache != "no-store" && (!strings.HasPrefix(what, "GET /assets/") || !strings.Contains(cache, "immutable")) {
		t.Errorf("%s: Cache-Control is %q", what, cache)
	}
}

// TestD10_10Headers: the security headers stand on every route, whoever asks and whatever is wrong with the request,
// and so do the attributes of every cookie (D4.2).
func TestD10_10Headers(t *testing.T) {
	i := assemble(t)
	cookies := 0
	for _, r := range i.Site().Routes() {
		for _, session := range []sallyport.Token{"", i.read, i.super} {
			if r.Unsafe() && session == i.super {
				continue // it would end this very session or change what the next route needs
			}
			for _, accept := range []string{"text/html", "application/json"} {
				req := ask(r, session, "")
				req.Header.Set("Accept", accept)
				w := i.do(req)
				checkHeaders(t, fmt.Sprintf("%s %s as %q (%d)", r.Method, r.Pattern, accept, w.Code), w.Header())
				if w.Code >= 500 && w.Code != http.StatusServiceUnavailable {
					t.Errorf("%s: %d", r, w.Code)
				}
				cookies += checkCookies(t, r.String(), w)
			}
		}
	}
	if cookies == 0 {
		t.Error("no route set a cookie: nothing was looked at")
	}
	if w := i.do(sessionCheck(i.super)); w.Code != 204 {
		t.Errorf("a GET has ended the session: %d", w.Code) // D4.6
	}
	for _, p := range []string{"/none", "/assets/none.css", "/admin/none", "/sign-in/x.css", "/me/x.css", "/me/"} {
		req := httptest.NewRequest("GET", public+p, nil)
		w := i.do(req)
		if w.Code != 404 {
			t.Errorf("%s: %d", p, w.Code)
		}
		checkHeaders(t, "GET "+p, w.Header())
	}
}

// checkCookies is D4.2 for one answer.
func checkCookies(t *testing.T, what string, w *httptest.ResponseRecorder) int {
	t.Helper()
	for _, c := range w.Result().Cookies() {
		if !strings.HasPrefix(c.Name, "__Host-sallyport") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("%s sets %s", what, c)
		}
	}
	return len(w.Result().Cookies())
}

// TestD4_8: no page may be framed, error pages and answers for programs included.
func TestD4_8(t *testing.T) {
	i := assemble(t)
	for _, r := range i.Site().Routes() {
		for _, session := range []sallyport.Token{"", i.read} {
			for _, accept := range []string{"text/html", "application/json", ""} {
				req := ask(r, session, "")
				req.Header.Set("Accept", accept)
				w := i.do(req)
				if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") {
					t.Errorf("%s as %q: %q", r, accept, csp)
				}
			}
		}
	}
}

// TestD4_4: what another site can make a browser send changes nothing, on any route that changes something.
func TestD4_4(t *testing.T) {
	i := assemble(t)
	attacks := map[string]func(*http.Request){
		"form of another site": func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Origin", "https://evil.example")
		},
		"form of another site, old browser": func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", "https://evil.example")
		},
		"form in a sandbox": func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", "null")
		},
		"sister host": func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "same-site")
			r.Header.Set("Origin", "https://wiki.door.example")
		},
		"our host over http": func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", "http://door.example")
		},
		"cookie from nowhere": func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Del("Origin")
		},
		"fetch without cors": func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Sec-Fetch-Mode", "no-cors")
			r.Header.Set("Content-Type", "text/plain")
		},
	}
	for _, r := range i.unsafe(t) {
		for name, attack := range attacks {
			req := ask(r, i.super, "")
			attack(req)
			if w := i.do(req); w.Code != http.StatusForbidden {
				t.Errorf("%s: %s: %d", name, r, w.Code)
			}
			if strings.HasPrefix(name, "cookie") {
				continue
			}
			bare := ask(r, "", "") // D4.5: a browser that is not signed in, and is to be signed in as somebody else
			attack(bare)
			if w := i.do(bare); w.Code != http.StatusForbidden || len(w.Result().Cookies()) > 0 {
				t.Errorf("%s without a cookie: %s: %d", name, r, w.Code)
			}
		}
		for _, header := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
			req := httptest.NewRequest("GET", public+path(r)+"?_method="+r.Method, nil)
			req.Header.Set("Cookie", "__Host-sallyport="+i.super.Reveal())
			req.Header.Set("Sec-Fetch-Site", "cross-site")
			req.Header.Set(header, r.Method)
			if w := i.do(req); len(w.Result().Cookies()) > 0 && !strings.HasPrefix(r.Pattern, "/sign-in") {
				t.Errorf("%s with %s: %d sets a cookie", r, header, w.Code)
			}
		}
		req := ask(r, i.super, `{"method":"off"}`)
		req.Header.Set("Content-Type", "application/json")
		if w := i.do(req); w.Code != http.StatusUnsupportedMediaType {
			t.Errorf("JSON: %s: %d", r, w.Code)
		}
	}
	if w := i.do(sessionCheck(i.super)); w.Code != 204 {
		t.Errorf("after all that the session answers %d", w.Code)
	}
}

func sessionCheck(token sallyport.Token) *http.Request {
	req := httptest.NewRequest("GET", public+"/session", nil)
	req.Header.Set("Cookie", "__Host-sallyport="+token.Reveal())
	return req
}

// TestEveryRouteAsksForWhatItNeeds walks the table without a session, and with one whose role lacks the permission.
func TestEveryRouteAsksForWhatItNeeds(t *testing.T) {
	i := assemble(t)
	readOnly, _ := sallyport.RoleByID(sallyport.ReadOnlyTechnician)
	for _, r := range i.Site().Routes() {
		if r.Needs == web.Anyone {
			continue
		}
		if w := i.do(ask(r, "", "")); w.Code != http.StatusUnauthorized {
			t.Errorf("%s without a session: %d", r, w.Code)
		}
		if w := i.do(ask(r, sallyport.NewToken(), "")); w.Code != http.StatusUnauthorized {
			t.Errorf("%s with a made-up session: %d", r, w.Code)
		}
		if r.Needs != web.SignedIn && !readOnly.Has(sallyport.Permission(r.Needs)) {
			if w := i.do(ask(r, i.read, "")); w.Code != http.StatusForbidden {
				t.Errorf("%s for a Read-only Technician: %d", r, w.Code)
			}
		}
	}
}

// TestD9Input sends what no form of ours sends to every route that changes something (D9.5, D9.6, D9.12, D10.8).
func TestD9Input(t *testing.T) {
	i := assemble(t)
	bodies := map[string]struct {
		body string
		want []int
	}{
		"NUL": {"zz=%00", []int{400}}, "invalid UTF-8": {"zz=%ff", []int{400}}, "unknown field": {"generation=0", []int{400}}, "id": {"id=1&id=2&zz=3", []int{400}},
		"10,000 fields": {"a=1" + strings.Repeat("&b=2", 10_000), []int{400, 413}}, "broken escape": {"%zz", []int{400}},
		"far too long": {strings.Repeat("a", 40<<20), []int{413}},
	}
	for _, r := range i.unsafe(t) {
		for name, c := range bodies {
			if w := i.do(ask(r, i.super, c.body)); !slices.Contains(c.want, w.Code) {
				t.Errorf("%s: %s: %d %s", name, r, w.Code, w.Body)
			}
		}
		for contentType, want := range map[string]int{"text/plain": 415, web.FormType + "; charset=utf-7": 415, "": 415} {
			req := ask(r, i.super, "a=b")
			req.Header.Set("Content-Type", contentType)
			if w := i.do(req); w.Code != want {
				t.Errorf("%q: %s: %d", contentType, r, w.Code)
			}
		}
	}
	if w := i.do(sessionCheck(i.super)); w.Code != 204 {
		t.Errorf("after all that the session answers %d", w.Code)
	}
}
