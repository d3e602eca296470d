package view

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/internal/testkit/browser"
)

// TestListsFit: between a phone and a wide screen, too, no list has to be scrolled sideways, and no event that was opened. The
// widths are those just above which the navigation or the lists change.
func TestListsFit(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	pages := desks()
	s := gallery(t, pages)
	page := browser.New(t).Page()
	for name, p := range pages {
		body, err := r.Bytes(p)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(body), `<table class="list`) {
			continue
		}
		page.Open(s.URL + "/page/" + name)
		browser.Eval[bool](page, `document.querySelectorAll("main details:not(.menu)").forEach((d) => d.open = true) ?? true`)
		for _, width := range []int{320, 540, 720, 832, 1024, 1152, 1280} {
			if folder := os.Getenv("SALLYPORT_PICTURES"); folder != "" {
				page.Screenshot(filepath.Join(folder, name+"-"+itoa(width)+".png"), width, false)
			} else {
				page.View(width, false)
			}
			if page.TooWide() {
				t.Errorf("%s: wider than a window of %d pixels", name, width)
			}
			if !browser.Eval[bool](page, `[...document.querySelectorAll(".event dd")].every((d) => d.clientWidth >= 100)`) {
				t.Errorf("%s: at %d pixels the words of an event stand letter below letter", name, width)
			}
			if !browser.Eval[bool](page, `[...document.querySelectorAll(".list td[data-label]")].every((e) => e.scrollWidth <= e.clientWidth)`) {
				t.Errorf("%s: at %d pixels something stands over the edge of its card", name, width)
			}
		}
	}
}

// TestHeadsOnAPhone: where a list is cards, what sorts it and what ticks all of it can still be seen and pressed, and nothing
// takes the focus that cannot.
func TestHeadsOnAPhone(t *testing.T) {
	s := gallery(t, desks())
	page := browser.New(t).Page()
	for _, name := range []string{"technicians", "audit", "sessions"} {
		page.Open(s.URL + "/page/" + name)
		page.View(390, false)
		lost := browser.Eval[string](page, `[...document.querySelectorAll("table.list thead :is(a, input, button)")].filter((e) => {
			e.scrollIntoView({block: "center"});
			const r = e.getBoundingClientRect();
			return document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2) !== e;
		}).map((e) => e.outerHTML).join(" ")`)
		if lost != "" {
			t.Errorf("%s: at 390 pixels nobody can press %s", name, lost)
		}
	}
}

// TestFiltersFold: on a phone a list begins below two rows, the other filters being folded away while none of them is set; on a
// wide screen they stand open, with nothing to press. Sessions are only searched, and have none to fold.
func TestFiltersFold(t *testing.T) {
	pages := desks()
	narrowed := list(5, 5)
	narrowed.Filter.Selects[3].Options[1].Selected = true
	pages["technicians-narrowed"] = narrowed
	s := gallery(t, pages)
	page := browser.New(t).Page()
	seen := func(selector string) bool {
		return browser.Eval[bool](page, `[...document.querySelectorAll("`+selector+`")].every((e) => e.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true}) && e.getClientRects().length > 0)`)
	}
	height := func() float64 {
		return browser.Eval[float64](page, `document.querySelector(".filters").getBoundingClientRect().height`)
	}
	for _, c := range []struct {
		name       string
		width      int
		fold, open bool
	}{{"audit", 320, true, false}, {"audit", 390, true, false}, {"audit-empty", 390, true, true}, {"audit", 720, false, true}, {"audit", 1280, false, true}, {"audit-empty", 1280, false, true},
		{"technicians", 320, true, false}, {"technicians", 390, true, false}, {"technicians-narrowed", 390, true, true}, {"technicians", 720, false, true}, {"technicians-narrowed", 1280, false, true}} {
		page.Open(s.URL + "/page/" + c.name)
		page.View(c.width, false)
		if fold, open := seen(".fold > summary"), seen(".fold :is(select, input)"); fold != c.fold || open != c.open {
			t.Errorf("%s at %d pixels: can be folded %v, stands open %v", c.name, c.width, fold, open)
		}
		if h := height(); c.width == 390 && !c.open && h > 100 {
			t.Errorf("%s begins %v pixels below the heading", c.name, h)
		}
	}
	page.Open(s.URL + "/page/sessions")
	page.View(390, false)
	if h := height(); h > 100 {
		t.Errorf("sessions begin %v pixels below the heading", h)
	}
}

// TestAppOnThisPhone: a phone cannot scan its own screen, so there the link into the app stands open; at a desk it stands with
// the key. Either way it is there once.
func TestAppOnThisPhone(t *testing.T) {
	s := gallery(t, doors())
	page := browser.New(t).Page()
	page.Open(s.URL + "/page/enrol-app")
	const shown = `[...document.querySelectorAll("a[href^='otpauth:']")].filter((a) => a.checkVisibility()).length`
	for _, c := range []struct{ width, closed int }{{390, 1}, {1280, 0}} {
		page.View(c.width, false)
		browser.Eval[bool](page, `(document.querySelector("details").open = false) || true`)
		if n := browser.Eval[int](page, shown); n != c.closed {
			t.Errorf("%d pixels: %d links", c.width, n)
		}
		browser.Eval[bool](page, `(document.querySelector("details").open = true)`)
		if n := browser.Eval[int](page, shown); n != 1 {
			t.Errorf("%d pixels, with the key: %d links", c.width, n)
		}
	}
}
