package view

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"sallyport/internal/testkit/browser"
)

// TestDays: parts stand on one another without a gap, the highest bar fills the chart, and what is there is seen.
func TestDays(t *testing.T) {
	first := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	c := NewDays([]Day{
		{Date: first, Counts: map[string]int{"app": 5000, "text": 1}},
		{Date: first.AddDate(0, 0, 1)},
		{Date: first.AddDate(0, 0, 2), Counts: map[string]int{"app": 5000, "email": 4999, "off": 1, "nothing known": 7}},
		{Date: first.AddDate(0, 0, 3), Counts: map[string]int{"text": 1}},
	})
	if want := []Series{{"app", "Authenticator App", 10000}, {"email", "Email", 4999}, {"text", "Text Message", 2}, {"off", "Password only", 1}}; !reflect.DeepEqual(c.Series, want) {
		t.Errorf("series %+v", c.Series)
	}
	if c.Total != 15002 || c.Most != 10000 || !c.Busy.Equal(first.AddDate(0, 0, 2)) || len(c.Bars[1].Parts) != 0 {
		t.Errorf("%d in all, %d at most on %v", c.Total, c.Most, c.Busy)
	}
	for i, b := range c.Bars {
		top := c.Height
		for _, p := range b.Parts {
			if p.Height < 1 || p.Y < 0 || p.Y+p.Height != top || p.X < i*dayWidth || p.X+p.Width > (i+1)*dayWidth {
				t.Errorf("day %d: %+v does not stand on %d", i, p, top)
			}
			top = p.Y
		}
		if i == 2 && top > 1 {
			t.Errorf("the highest bar ends at %d", top)
		}
	}
	if got := c.Bars[2].Counts; !reflect.DeepEqual(got, []int{5000, 4999, 0, 1}) {
		t.Errorf("counts %v", got)
	}
	if s := NewShare("Email", 999, 1000); s.Percent != 99 {
		t.Errorf("one is missing, and it says %d %%", s.Percent)
	}
}

// TestNumbersBehindTheChart opens the table in every look: nothing is wider than the window, axe finds nothing.
func TestNumbersBehindTheChart(t *testing.T) {
	s := gallery(t, map[string]Page{"figures": figures()})
	page := browser.New(t).Page()
	page.Open(s.URL + "/page/figures")
	page.Click("The numbers")
	page.WaitText("Days without a sign-in are left out.")
	for _, look := range looks {
		if folder := os.Getenv("SALLYPORT_PICTURES"); folder != "" {
			page.Screenshot(filepath.Join(folder, "figures-open-"+look.name+".png"), look.width, look.dark)
		}
		page.View(look.width, look.dark)
		if page.TooWide() {
			t.Errorf("%s: wider than the window", look.name)
		}
		for _, v := range page.Axe() {
			t.Errorf("%s: %s", look.name, v)
		}
	}
}
