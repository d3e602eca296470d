package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sallyport/internal/testkit/need"
)

// Text is the visible text of the first visible element that matches the CSS selector.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	var text string
	p.act("read "+selector, func(ctx context.Context) error {
		_, err := p.find(ctx, "any", selector)
		if err == nil {
			text, err = evaluate[string](ctx, p.tab, "__found.innerText")
		}
		return err
	})
	return strings.TrimSpace(text)
}

// Attribute is the attribute of the first visible element that matches the CSS selector, empty when it has none.
func (p *Page) Attribute(selector, name string) string {
	p.t.Helper()
	quoted, _ := json.Marshal(name)
	var value string
	p.act("read "+selector, func(ctx context.Context) error {
		_, err := p.find(ctx, "any", selector)
		if err == nil {
			value, err = evaluate[string](ctx, p.tab, fmt.Sprintf("__found.getAttribute(%s) || ''", quoted))
		}
		return err
	})
	return value
}

// Value is what stands in the field with that label or CSS selector.
func (p *Page) Value(field string) string {
	p.t.Helper()
	var value string
	p.act("read "+field, func(ctx context.Context) error {
		_, err := p.find(ctx, "field", field)
		if err == nil {
			value, err = evaluate[string](ctx, p.tab, "__found.value")
		}
		return err
	})
	return value
}

// Has reports whether the page shows text now.
func (p *Page) Has(text string) bool {
	p.t.Helper()
	return p.says(text, true) == nil
}

// Count is how many elements match the CSS selector now, visible or not.
func (p *Page) Count(selector string) int {
	p.t.Helper()
	quoted, _ := json.Marshal(selector)
	return Eval[int](p, fmt.Sprintf("document.querySelectorAll(%s).length", quoted))
}

// WaitText waits until the page, or the part that In named, shows text.
func (p *Page) WaitText(text string) {
	p.t.Helper()
	p.act("wait for "+text, func(context.Context) error { return p.says(text, true) })
}

// WaitGone waits until the page does not show text.
func (p *Page) WaitGone(text string) {
	p.t.Helper()
	p.act("wait until gone: "+text, func(context.Context) error { return p.says(text, false) })
}

// WaitURL waits until the address, without its fragment, ends in suffix.
func (p *Page) WaitURL(suffix string) {
	p.t.Helper()
	p.act("wait for address "+suffix, func(ctx context.Context) error {
		url, err := evaluate[string](ctx, p.tab, "location.href.split('#')[0]")
		if err == nil && !strings.HasSuffix(url, suffix) {
			err = fmt.Errorf("the address is %s", url)
		}
		return err
	})
}

// says looks whether text is visible, with all white space as one space.
func (p *Page) says(text string, want bool) error {
	ctx, cancel := p.tab.within(patience)
	defer cancel()
	quoted, _ := json.Marshal([]any{text, p.scope})
	has, err := evaluate[bool](ctx, p.tab, fmt.Sprintf(`((text, scope) => {
		const plain = (s) => s.replace(/\s+/g, " ");
		const parts = scope ? [...document.querySelectorAll(scope.selector)].filter((e) => plain(e.innerText).includes(scope.text)) : [document.body];
		return parts.some((e) => e && plain(e.innerText).includes(plain(text)));
	})(...%s)`, quoted))
	if err == nil && has != want {
		err = fmt.Errorf("the page says %q: %v", text, has)
	}
	return err
}

// URL is the address of the page.
func (p *Page) URL() string {
	p.t.Helper()
	return Eval[string](p, "location.href")
}

// HTML is the document as it stands.
func (p *Page) HTML() string {
	p.t.Helper()
	return Eval[string](p, "document.documentElement.outerHTML")
}

// Focused describes what has the focus: its label, words or name, and its element.
func (p *Page) Focused() string {
	p.t.Helper()
	return Eval[string](p, focus)
}

// WaitFocus waits until what Focused calls want has the focus, as autofocus gives it with the first frame.
func (p *Page) WaitFocus(want string) {
	p.t.Helper()
	p.act("wait for the focus on "+want, func(ctx context.Context) error {
		has, err := evaluate[string](ctx, p.tab, focus)
		if err == nil && has != want {
			err = fmt.Errorf("%s has the focus", has)
		}
		return err
	})
}

const focus = `((e) => ((e.labels && e.labels[0] && e.labels[0].innerText) || e.innerText || e.value || e.name || "").trim() + " <" + e.tagName.toLowerCase() + ">")(document.activeElement)`

// TooWide reports whether the page can be scrolled sideways.
func (p *Page) TooWide() bool {
	p.t.Helper()
	return Eval[bool](p, "document.documentElement.scrollWidth > document.documentElement.clientWidth")
}

// Status is the HTTP status of the page.
func (p *Page) Status() int {
	p.tab.mu.Lock()
	defer p.tab.mu.Unlock()
	return int(p.tab.status)
}

// Requests are the addresses of all requests of this tab so far.
func (p *Page) Requests() []string {
	p.tab.mu.Lock()
	defer p.tab.mu.Unlock()
	return slices.Clone(p.tab.urls)
}

// Problems are the broken policies and exceptions of this tab so far. Asking for them takes them off the list that
// fails the test at its end.
func (p *Page) Problems() []string {
	p.tab.mu.Lock()
	defer p.tab.mu.Unlock()
	list := p.tab.problems
	p.tab.problems = nil
	return list
}

// Eval evaluates a JavaScript expression in the page, waiting for it when it is a promise.
func Eval[T any](p *Page, script string) T {
	p.t.Helper()
	ctx, cancel := p.tab.within(patience)
	defer cancel()
	value, err := evaluate[T](ctx, p.tab, script)
	p.must("evaluate", err)
	return value
}

// Violation is one rule of accessibility that the page breaks.
type Violation struct {
	ID     string   // axe's name of the rule
	Impact string   // minor, moderate, serious, critical
	Help   string   // what the rule asks for
	Nodes  []string // CSS selectors of what breaks it
}

func (v Violation) String() string {
	return fmt.Sprintf("%s (%s): %s: %s", v.ID, v.Impact, v.Help, strings.Join(v.Nodes, " · "))
}

// Axe runs axe-core over the page as it stands. It looks on from a world of its own, so that the page's
// Content-Security-Policy stays as it is.
func (p *Page) Axe() []Violation {
	p.t.Helper()
	library := axe(p)
	ctx, cancel := p.tab.within(2 * patience)
	defer cancel()
	found, err := evaluateApart[[]Violation](ctx, p.tab, library, `axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.map(
		(v) => ({ID: v.id, Impact: v.impact, Help: v.help, Nodes: v.nodes.map((n) => n.target.join(" "))})))`)
	p.must("axe", err)
	return found
}

// axe reads the library that scripts/prepare has put into the cache folder of the module.
func axe(p *Page) string {
	p.t.Helper()
	folder, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(folder, "go.mod")); missing == nil || folder == "/" {
			break
		}
		folder = filepath.Dir(folder)
	}
	text, err := os.ReadFile(filepath.Join(folder, ".cache", "axe-core-4.14.1", "axe.min.js"))
	if err != nil {
		need.Missing(p.t, "axe-core 4.14.1")
	}
	return string(text)
}
