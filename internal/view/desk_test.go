package view

import (
	"strings"
	"testing"
	"time"
)

func TestMomentWords(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		ago  time.Duration
		want string
	}{
		{0, "just now"}, {59 * time.Second, "just now"}, {time.Minute, "1 min ago"}, {59 * time.Minute, "59 min ago"},
		{time.Hour, "1 h ago"}, {47 * time.Hour, "47 h ago"}, {48 * time.Hour, "2 days ago"}, {70 * 24 * time.Hour, "2 months ago"},
		{800 * 24 * time.Hour, "2 years ago"}, {-30 * time.Second, "in a moment"}, {-90 * time.Minute, "in 1 h"},
		{2*time.Second - 72*time.Hour, "in 3 days"}, {2*time.Second - 24*time.Hour, "in 24 h"}, {2*time.Minute - 24*time.Hour, "in 23 h"}, {-61 * time.Second, "in 2 min"},
	} {
		if got := (Moment{At: now.Add(-c.ago), Now: now}).Words(); got != c.want {
			t.Errorf("%v ago: %q, want %q", c.ago, got, c.want)
		}
	}
	if got := (Moment{Now: now}).Words(); got != "never" {
		t.Errorf("zero: %q", got)
	}
}

// TestBreaks: what is long may go on in the next line where its parts end; it stays the same text, and text.
func TestBreaks(t *testing.T) {
	for in, want := range map[string]string{
		"dana.reyes@northwind.example": "dana.<wbr>reyes@<wbr>northwind.<wbr>example",
		"2001:db8::5":                  "2001:<wbr>db8:<wbr>:<wbr>5",
		"203.0.113.7":                  "203.0.113.7",
		"<b>&@x":                       "&lt;b&gt;&amp;@<wbr>x",
		"–":                            "–",
		"Hohenstein-Wittgenstein":      "Hohenstein-Wittgenstein",
		"Wolfeschlegelsteinhausen":     "Wolfeschlegels<wbr>teinhausen",
		strings.Repeat("e\u0301", 15):  strings.Repeat("e\u0301", 14) + "<wbr>e\u0301",
	} {
		if got := string(breaks(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestPagerLeavesOutTheMiddle(t *testing.T) {
	href := func(n int) string { return itoa(n) }
	if p := NewPager(1, 50, 50, href); p != nil {
		t.Fatalf("one page needs no pager: %+v", p)
	}
	p := NewPager(50, 50, 5000, href)
	var numbers []int
	for _, l := range p.Pages {
		numbers = append(numbers, l.Number)
	}
	want := []int{1, 0, 49, 50, 51, 0, 100}
	if len(numbers) != len(want) {
		t.Fatalf("pages %v, want %v", numbers, want)
	}
	for i := range want {
		if numbers[i] != want[i] {
			t.Fatalf("pages %v, want %v", numbers, want)
		}
	}
	if p.From != 2451 || p.To != 2500 || p.Prev != "49" || p.Next != "51" {
		t.Fatalf("%+v", p)
	}
	if last := NewPager(999, 50, 120, href); last.From != 101 || last.To != 120 || last.Next != "" {
		t.Fatalf("beyond the end: %+v", last)
	}
}

// TestHostileNamesAtTheDesk: whatever a technician is called stays text, in words, in attributes and in addresses.
func TestHostileNamesAtTheDesk(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	evil := `"><script>alert(1)</script>'{{.}}`
	d := Desk{Title: evil, Organisation: evil, Lead: evil, Who: Who{Name: evil, UserName: evil, Role: evil}, Answer: &Answer{Line: evil, Items: []string{evil}},
		Notices: []Notice{{ID: evil, Text: evil}}, Nav: []Link{{Label: evil, Href: "/admin"}}}
	for _, p := range []Page{
		Technicians{Desk: d, MayWrite: true, Rows: []TechnicianRow{{ID: evil, Name: evil, UserName: evil, Menu: []Link{{Label: evil, Href: "/admin/technicians/" + evil}}}}, Filter: TechnicianFilter{Search: evil}, All: evil},
		Technician{Desk: d, ID: evil, FirstName: Field{Name: "first_name", Label: "First name", Value: evil, Wrong: evil}, Stale: &Stale{By: evil, Did: evil, Rows: []StaleRow{{evil, evil, evil}}}, Preview: Preview{Lines: []PreviewLine{{Text: evil}}}},
		Confirm{Desk: d, Subject: evil, Post: "/admin/technicians/" + evil, Lines: []PreviewLine{{Text: evil}}},
		Audit{Desk: d, Rows: []AuditRow{{Type: evil, Words: evil, Actor: evil, Target: evil, TargetID: evil, Reason: evil, Changes: []AuditChange{{evil, evil, evil}}}}},
		Sessions{Desk: d, Rows: []SessionRow{{Key: evil, Name: evil, Browser: evil, Address: evil, MayEnd: true}}},
		Import{Desk: d, Rows: []ImportRow{{Name: evil, Email: evil}}, Text: Field{Value: evil}},
		Progress{Desk: d, Rows: []ProgressRow{{ID: evil, Name: evil, Detail: evil, Link: "javascript:" + evil}}},
	} {
		body, err := r.Bytes(p)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(body), "<script>") || strings.Contains(string(body), `href="javascript:`) {
			t.Errorf("%s: a name became markup", p.Template())
		}
	}
}
