package browser_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/internal/testkit/browser"
)

func TestMain(m *testing.M) { os.Exit(browser.Main(m)) }

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; form-action 'self'; require-trusted-types-for 'script'"

// site is a small door: a form, a slow answer behind a redirect, a menu in each row, and a page that breaks its policy.
func site(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	page := func(w http.ResponseWriter, body string) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Door</title><meta name="viewport" content="width=device-width">
			<link rel="icon" href="data:,"><main>%s</main>`, body)
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "flow", Value: "1", HttpOnly: true, SameSite: http.SameSiteLaxMode, Path: "/"})
		page(w, `<h1>Sign in</h1><form method="post" action="/in">
			<label for="u">User name</label><input id="u" name="user">
			<label for="p">Password</label><input id="p" name="password" type="password">
			<label>Method <select name="method"><option value="a">Authenticator App</option><option value="t">Text Message</option></select></label>
			<label><input type="checkbox" name="keep" value="yes"> Keep this browser</label>
			<button>Sign in</button></form><script src="/page.js"></script><p id="js">off</p>`)
	})
	mux.HandleFunc("GET /page.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `addEventListener("DOMContentLoaded", () => { document.querySelector("#js").textContent = "on" })`)
	})
	mux.HandleFunc("POST /in", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, fmt.Sprintf("/slow?is=%s+%s+%s+%s", r.FormValue("user"), r.FormValue("password"), r.FormValue("method"), r.FormValue("keep")), http.StatusSeeOther)
	})
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		sha256.Sum256(make([]byte, 64<<20)) // long enough for a browser that does not wait to be seen
		w.WriteHeader(http.StatusTeapot)
		page(w, "<h1>Sign in</h1><p id=is>"+r.FormValue("is")+"</p>")
	})
	mux.HandleFunc("GET /list", func(w http.ResponseWriter, r *http.Request) {
		page(w, `<table><tr><td>Dana Reyes<td><a href="/slow?is=dana">More</a><tr><td>Ilya Novak<td><a href="/slow?is=ilya">More</a></table>`)
	})
	mux.HandleFunc("GET /bad", func(w http.ResponseWriter, r *http.Request) {
		page(w, `<p style="color:red">styled against the policy</p><input>`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestJourneyThroughAForm(t *testing.T) {
	s := site(t)
	p := browser.New(t).Page()
	p.Open(s.URL)
	if p.Text("#js") != "on" || p.Status() != 200 {
		t.Errorf("the page's script: %s, status %d", p.Text("#js"), p.Status())
	}
	p.Fill("User name", "wrong")
	p.Fill("User name", "dana")
	p.Fill("Password", "correct horse")
	p.Fill("Method", "Text Message")
	p.Check("Keep this browser")
	p.Check("Keep this browser")
	p.Click("Sign in")
	if got := p.Text("#is"); got != "dana correct horse t yes" {
		t.Errorf("sent: %q", got)
	}
	if !strings.Contains(p.URL(), "/slow?is=dana") || p.Status() != http.StatusTeapot {
		t.Errorf("at %s with %d", p.URL(), p.Status())
	}
	cookies := p.Cookies()
	if len(cookies) != 1 || cookies[0].Name != "flow" || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode {
		t.Errorf("cookies %+v", cookies)
	}
	if other := browser.New(t).Page(); len(other.Cookies()) != 0 {
		t.Error("another browser has this one's cookies")
	}
}

func TestKeyboardAloneWithoutScript(t *testing.T) {
	s := site(t)
	p := browser.New(t).Page()
	p.NoScript(true)
	p.Open(s.URL)
	if p.Text("#js") != "off" {
		t.Error("a script ran")
	}
	p.Press("Tab")
	if p.Focused() != "User name <input>" {
		t.Errorf("focus on %s", p.Focused())
	}
	p.Type("dana")
	p.Press("Tab")
	p.Type("secret")
	p.Press("Tab", "ArrowDown", "Tab", "Space", "Shift+Tab", "Tab", "Tab", "Enter")
	if got := p.Text("#is"); got != "dana secret t yes" {
		t.Errorf("sent: %q", got)
	}
}

func TestPartOfAPage(t *testing.T) {
	s := site(t)
	p := browser.New(t).Page()
	p.Open(s.URL + "/list")
	p.In("tr", "Ilya").Click("More")
	if got := p.Text("#is"); got != "ilya" {
		t.Errorf("went to %q", got)
	}
}

func TestWatchesPolicyAndAccessibility(t *testing.T) {
	s := site(t)
	p := browser.New(t).Page()
	p.Open(s.URL)
	if v := p.Axe(); len(v) != 0 {
		t.Errorf("a clean page has violations: %v", v)
	}
	if problems := p.Problems(); len(problems) != 0 {
		t.Errorf("looking on broke the policy: %v", problems)
	}
	p.Open(s.URL + "/bad")
	if problems := p.Problems(); len(problems) == 0 || !strings.Contains(problems[0], "Content Security Policy") {
		t.Errorf("problems: %v", problems)
	}
	if v := p.Axe(); len(v) == 0 || v[0].ID == "" || len(v[0].Nodes) == 0 {
		t.Errorf("an input without a name is not found: %v", v)
	}
}

func TestScreenshot(t *testing.T) {
	s := site(t)
	p := browser.New(t).Page()
	p.Open(s.URL)
	path := filepath.Join(t.TempDir(), "deep", "door.png")
	p.Screenshot(path, 390, true)
	if width := browser.Eval[int](p, "innerWidth"); width != 390 || p.TooWide() {
		t.Errorf("%d wide, too wide: %v", width, p.TooWide())
	}
	if !browser.Eval[bool](p, "matchMedia('(prefers-color-scheme: dark)').matches") {
		t.Error("not dark")
	}
	if png, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(png), "\x89PNG") {
		t.Errorf("no picture: %v", err)
	}
}
