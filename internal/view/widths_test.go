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
		for _, width := range []int{540, 720, 832, 1024, 1152, 1280} {
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
		}
	}
}
