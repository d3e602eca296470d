package browser

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Page is one tab. Every method waits until what it needs is there, and ends the test when that does not come.
type Page struct {
	t     testing.TB
	tab   *tab
	scope *scope
}

// scope narrows what a Page finds to one part of the page.
type scope struct {
	Selector string `json:"selector"`
	Text     string `json:"text"`
}

// place is what find.js found.
type place struct {
	X, Y      float64
	Tag, Type string
	Error     string
}

//go:embed find.js
var finder string

// In returns the same page narrowed to the first visible element that matches the CSS selector and contains text, such
// as p.In("tr", "Dana Reyes").Click("More").
func (p *Page) In(selector, text string) *Page {
	return &Page{t: p.t, tab: p.tab, scope: &scope{Selector: selector, Text: text}}
}

// Open goes to url and waits until the page is loaded, whatever its HTTP status.
func (p *Page) Open(url string) {
	p.t.Helper()
	ctx, cancel := p.tab.within(patience)
	defer cancel()
	text, err := navigate(ctx, url)
	if err == nil && text != "" && text != "net::ERR_ABORTED" { // a download and a 204 abort the navigation
		err = fmt.Errorf("%s", text)
	}
	p.must("open "+url, err)
	p.must("open "+url, p.tab.settled(ctx))
}

// Click clicks what carries the words, exactly or at least within them, or matches the CSS selector: a button, link,
// label, tab or menu entry. Words that fit several things end the test. It waits for the page that the click leads to.
func (p *Page) Click(what string) {
	p.t.Helper()
	p.act("click "+what, func(ctx context.Context) error {
		at, err := p.find(ctx, "click", what)
		if err != nil {
			return err
		}
		return clickAt(ctx, at.X, at.Y)
	})
}

// Fill replaces the content of the field with that label (or CSS selector) by text. In a select it chooses the option
// with that text or value.
func (p *Page) Fill(field, text string) {
	p.t.Helper()
	p.act("fill "+field, func(ctx context.Context) error {
		at, err := p.find(ctx, "field", field)
		if err != nil {
			return err
		}
		if at.Tag == "select" {
			return p.choose(ctx, text)
		}
		if _, err := evaluate[bool](ctx, p.tab, "(__found.focus(), __found.select && __found.select(), true)"); err != nil {
			return err
		}
		if text == "" {
			return pressKey(ctx, "Delete")
		}
		return insertText(ctx, text)
	})
}

// Check sets the checkbox or radio button with that label (or CSS selector) on.
func (p *Page) Check(field string) {
	p.t.Helper()
	p.act("check "+field, func(ctx context.Context) error {
		at, err := p.find(ctx, "field", field)
		if err != nil {
			return err
		}
		if on, err := evaluate[bool](ctx, p.tab, "__found.checked"); err != nil || on {
			return err
		}
		return clickAt(ctx, at.X, at.Y)
	})
}

// Upload gives the file field with that label (or CSS selector) the file at path.
func (p *Page) Upload(field, path string) {
	p.t.Helper()
	p.act("upload "+field, func(ctx context.Context) error {
		if _, err := p.find(ctx, "field", field); err != nil {
			return err
		}
		return putFiles(ctx, "__found", []string{path})
	})
}

// Press presses keys one after the other: "Tab", "Shift+Tab", "Enter", "Escape", "Space", "ArrowDown", a character.
func (p *Page) Press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.act("press "+key, func(ctx context.Context) error { return pressKey(ctx, key) })
	}
}

// Type types text with the keyboard into whatever has the focus.
func (p *Page) Type(text string) {
	p.t.Helper()
	p.act("type", func(ctx context.Context) error { return typeKeys(ctx, text) })
}

// NoScript switches the page's scripts off, or on again, from the next page on.
func (p *Page) NoScript(off bool) {
	p.t.Helper()
	p.act("switch scripts", func(ctx context.Context) error { return disableScripts(ctx, off) })
}

// TrustAnyCertificate makes the tab accept the test's own TLS certificates.
func (p *Page) TrustAnyCertificate() {
	p.t.Helper()
	p.act("trust certificates", trustCertificates)
}

// View sets the width of the window in CSS pixels and the colour scheme. 320 is 1280 at a zoom of 400 %.
func (p *Page) View(width int, dark bool) {
	p.t.Helper()
	p.act("look", func(ctx context.Context) error { return look(ctx, int64(width), 900, dark) })
}

// Screenshot writes a PNG of the whole page at that width and colour scheme to path, making its folder. The view stays.
func (p *Page) Screenshot(path string, width int, dark bool) {
	p.t.Helper()
	p.View(width, dark)
	p.act("take a picture", func(ctx context.Context) error {
		png, err := picture(ctx)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, png, 0o644)
	})
}

// Cookies are the cookies that the browser would send to this page, with what was set beside their values.
func (p *Page) Cookies() []http.Cookie {
	p.t.Helper()
	var list []http.Cookie
	p.act("read cookies", func(ctx context.Context) error {
		found, err := cookies(ctx)
		for _, c := range found {
			list = append(list, http.Cookie{Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Secure: c.Secure,
				HttpOnly: c.HTTPOnly, SameSite: sameSite[string(c.SameSite)], Expires: expires(c.Expires)})
		}
		return err
	})
	return list
}

var sameSite = map[string]http.SameSite{"Strict": http.SameSiteStrictMode, "Lax": http.SameSiteLaxMode, "None": http.SameSiteNoneMode}

func expires(seconds float64) time.Time {
	if seconds < 0 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

// act does one thing, and waits for the page that it may lead to. Until the thing is there, it looks again.
func (p *Page) act(name string, do func(context.Context) error) {
	p.t.Helper()
	ctx, cancel := p.tab.within(patience)
	defer cancel()
	err := p.again(ctx, func() error { return do(ctx) })
	if err == nil {
		err = p.tab.settled(ctx)
	}
	p.must(name, err)
}

// again repeats look until it succeeds or ctx ends, and then gives its last error.
func (p *Page) again(ctx context.Context, look func() error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		err := look()
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return last
		case <-tick.C:
		}
	}
}

func (p *Page) find(ctx context.Context, kind, what string) (place, error) {
	quoted, _ := json.Marshal([]any{kind, what, p.scope})
	at, err := evaluate[place](ctx, p.tab, fmt.Sprintf("(%s)(...%s)", strings.TrimSpace(stripComments(finder)), quoted))
	if err == nil && at.Error != "" {
		err = fmt.Errorf("%s", at.Error)
	}
	return at, err
}

// stripComments removes the lines of comment before the function, so that it can stand in brackets.
func stripComments(script string) string {
	for strings.HasPrefix(script, "//") {
		_, script, _ = strings.Cut(script, "\n")
	}
	return script
}

func (p *Page) choose(ctx context.Context, option string) error {
	quoted, _ := json.Marshal(option)
	done, err := evaluate[bool](ctx, p.tab, fmt.Sprintf(`((want) => {
		const option = [...__found.options].find((o) => o.text.trim() === want || o.value === want);
		if (!option) return false;
		__found.value = option.value;
		__found.dispatchEvent(new Event("input", {bubbles: true}));
		__found.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})(%s)`, quoted))
	if err == nil && !done {
		err = fmt.Errorf("no option %q", option)
	}
	return err
}

func (p *Page) must(name string, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s: %v\nat %s, which says:\n%s", name, err, p.peek("location.href"), p.peek("document.body.innerText"))
	}
}

// peek evaluates script for a report, whatever happened before.
func (p *Page) peek(script string) string {
	ctx, cancel := p.tab.within(5 * time.Second)
	defer cancel()
	text, err := evaluate[string](ctx, p.tab, script)
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return text
}

// keepPicture saves what a failed test saw last, where SALLYPORT_FAILURES names a folder.
func (p *Page) keepPicture() {
	folder := os.Getenv("SALLYPORT_FAILURES")
	ctx, cancel := p.tab.within(5 * time.Second)
	defer cancel()
	png, err := picture(ctx)
	if folder == "" || err != nil {
		return
	}
	path := filepath.Join(folder, strings.ReplaceAll(p.t.Name(), "/", "-")+".png")
	if os.MkdirAll(folder, 0o755) == nil && os.WriteFile(path, png, 0o644) == nil {
		p.t.Logf("what the page showed: %s", path)
	}
}
