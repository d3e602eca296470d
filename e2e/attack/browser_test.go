package attack

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"sallyport/internal/testkit/team"
)

// browser keeps cookies, sends what a browser sends with a form, and follows no redirect. One browser is for one
// goroutine; twin makes another with the same cookies.
type browser struct {
	h       *house
	cookies map[string]string
	header  map[string]string // sent with every request; an empty value takes a header away
	http    *http.Client
}

// answer is what came back.
type answer struct {
	t      testing.TB
	what   string
	Status int
	Header http.Header
	Body   string
}

// connections are shared by the browsers of all tests, so that a thousand requests do not need a thousand ports.
var connections = &http.Transport{MaxIdleConnsPerHost: 100, MaxConnsPerHost: 100, DisableCompression: true, Proxy: nil}

func (h *house) browser() *browser {
	return &browser{h: h, cookies: map[string]string{}, header: map[string]string{},
		http: &http.Client{Transport: connections, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// holding is a browser with a live session.
func (h *house) holding(session string) *browser {
	b := h.browser()
	b.cookies[b.name("")] = session
	return b
}

func (b *browser) twin() *browser {
	return &browser{h: b.h, cookies: maps.Clone(b.cookies), header: maps.Clone(b.header), http: b.http}
}

// name is the full name of a cookie: part is "", "-signin" or "-device".
func (b *browser) name(part string) string {
	if b.h.public.Scheme == "https" {
		return "__Host-sallyport" + part
	}
	return "sallyport" + part + "-" + b.h.public.Port()
}

func (b *browser) session() string { return b.cookies[b.name("")] }

func (b *browser) get(path string) answer { return b.do(http.MethodGet, path, nil) }

func (b *browser) post(path string, pairs ...string) answer {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, form)
}

func (b *browser) do(method, path string, form url.Values) answer {
	b.h.t.Helper()
	a, err := b.try(method, path, form)
	b.h.check(err)
	return a
}

// try is do for goroutines, which must not end the test.
func (b *browser) try(method, path string, form url.Values) (answer, error) {
	r, err := http.NewRequest(method, b.h.base()+path, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.h.URL)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for name, value := range b.header {
		if r.Header.Set(name, value); value == "" {
			r.Header.Del(name)
		}
	}
	r.Host = b.h.public.Host
	resp, err := b.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	a := answer{b.h.t, method + " " + path, resp.StatusCode, resp.Header, string(body)}
	b.learn(resp)
	b.h.kept.saw(resp, a)
	return a, err
}

func (b *browser) learn(resp *http.Response) {
	for _, c := range resp.Cookies() {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
}

func (a answer) at() string { return a.Header.Get("Location") }

// wants fails the test unless the answer has the status and, for a redirect, the address.
func (a answer) wants(status int, at string) answer {
	a.t.Helper()
	if a.Status != status || a.at() != at {
		a.t.Fatalf("%s: %d %q, want %d %q\n%s", a.what, a.Status, a.at(), status, at, a.words())
	}
	return a
}

// says fails the test unless the page holds the words.
func (a answer) says(words string) answer {
	a.t.Helper()
	if !strings.Contains(a.words(), words) {
		a.t.Errorf("%s (%d) does not say %q: %s", a.what, a.Status, words, a.words())
	}
	return a
}

var (
	tags  = regexp.MustCompile(`(?s)<(script|style).*?</(script|style)>|<[^>]*>`)
	space = regexp.MustCompile(`\s+`)
)

// words is the page as text.
func (a answer) words() string {
	text := space.ReplaceAllString(tags.ReplaceAllString(a.Body, " "), " ")
	return strings.NewReplacer("&#39;", "'", "&amp;", "&", "&#34;", `"`, "&lt;", "<", "&gt;", ">").Replace(text)
}

// find is the first group of what the page holds.
func (a answer) find(pattern string) string {
	a.t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(a.Body)
	if found == nil {
		a.t.Fatalf("%s: %d %s: nothing like %s in\n%s", a.what, a.Status, a.at(), pattern, a.Body)
	}
	return found[len(found)-1]
}

// password does the first page.
func (b *browser) password(userName, password string) answer {
	b.h.t.Helper()
	b.get("/sign-in")
	return b.post("/sign-in", "user_name", userName, "password", password, "return", "/me")
}

// atCode does the first page of m and expects the second.
func (b *browser) atCode(m team.Member) *browser {
	b.h.t.Helper()
	b.password(m.UserName, team.Password).wants(http.StatusSeeOther, "/sign-in/code")
	return b
}

// live asks GET /session.
func (b *browser) live() bool {
	b.h.t.Helper()
	a := b.get("/session")
	if a.Status != http.StatusNoContent && a.Status != http.StatusUnauthorized {
		b.h.t.Errorf("GET /session answers %d", a.Status)
	}
	return a.Status == http.StatusNoContent
}

// event is one line of the audit log's export.
type event struct {
	Type, Outcome, Reason, Address, Browser string
	Line                                    string `json:"-"`
}

// events reads the audit log of one type as an administrator does.
func (b *browser) events(kind string) []event {
	b.h.t.Helper()
	var a answer
	// A node that a thousand requests at once kept from its database says so until it has asked it again.
	b.h.eventually("the audit log is read", func() bool {
		a = b.get("/admin/audit.jsonl?type=" + kind)
		return a.Status != http.StatusServiceUnavailable
	})
	a.wants(http.StatusOK, "")
	var out []event
	for line := range strings.Lines(a.Body) {
		e := event{Line: line}
		b.h.check(json.Unmarshal([]byte(line), &e))
		out = append(out, e)
	}
	return out
}
