package view

import "time"

// Desk is what every Admin page has around its own content. Pages embed it.
type Desk struct {
	Organisation string
	Logo         *Picture // nil: none
	Title        string   // h1, and the window's title
	Lead         string   // one line under it; may be empty
	Back         *Link    // the page above this one
	Action       *Link    // the main action, at the end of the title's line
	Nav          []Link
	Tabs         []Tab
	Who          Who
	Problem      *Problem // what was refused, nil when nothing was
	Answer       *Answer  // what the last act did
	Notices      []Notice
	FewSupers    bool  // there is only one Super Admin, and the reader may add a second
	LateSuper    *Link // one who was invited and whose invitation does not work any more; nil: none
	Refresh      int   // seconds until a page without scripts asks again; 0: never
	Now          time.Time
	Stay         *Stay // nil: nobody is signed in
}

// Who is the administrator at the desk.
type Who struct{ Name, UserName, Role string }

// Link leads somewhere. Current marks the page that is open, Danger what cannot be taken back.
type Link struct {
	Label   string
	Href    string
	Current bool
	Danger  bool
}

// Tab is a Link with a count; a Call asks for attention while its count is not 0.
type Tab struct {
	Link
	Count int
	Call  bool
}

// Answer says in one line what the last act did, with the details below it.
type Answer struct {
	Kind  string // good, warn, bad
	Line  string
	Items []string
	Next  *Link // undo, or what to do now
}

// Notice is something that stays until a Super Admin has acknowledged it.
type Notice struct {
	ID   string
	Text string
	At   Moment
}

// Moment is a time beside the time of the reading, so that pages can say "5 min ago" and mean one clock.
type Moment struct{ At, Now time.Time }

// When makes the Moment of at as read at the desk.
func (d Desk) When(at time.Time) Moment { return Moment{At: at, Now: d.Now} }

// IsZero reports whether it never happened.
func (m Moment) IsZero() bool { return m.At.IsZero() }

// Words says how far the time is from the reading.
func (m Moment) Words() string {
	if m.At.IsZero() {
		return "never"
	}
	d := m.Now.Sub(m.At)
	if d < 0 {
		if d > -time.Minute {
			return "in a moment"
		}
		return "in " + span((-d + time.Minute - 1).Truncate(time.Minute)) // what was given three days a moment ago ends in three days
	}
	if d < time.Minute {
		return "just now"
	}
	return span(d) + " ago"
}

func span(d time.Duration) string {
	switch {
	case d < time.Hour:
		return itoa(int(d/time.Minute)) + " min"
	case d < 48*time.Hour:
		return itoa(int(d/time.Hour)) + " h"
	case d < 60*24*time.Hour:
		return itoa(int(d/(24*time.Hour))) + " days"
	case d < 2*365*24*time.Hour:
		return itoa(int(d/(30*24*time.Hour))) + " months"
	}
	return itoa(int(d/(365*24*time.Hour))) + " years"
}

// Empty is what a list shows in the place of rows: what this is, and the first step.
type Empty struct {
	Title string
	Text  string
	Next  *Link
}

// Pager leads through the pages of a list. Pages holds a 0 where numbers are left out.
type Pager struct {
	From, To, Total int
	Pages           []PageLink
	Prev, Next      string // addresses; empty at the ends
}

// PageLink is one number of a Pager; Number 0 stands for left-out ones.
type PageLink struct {
	Number  int
	Href    string
	Current bool
}

// NewPager counts size rows a page; href makes the address of a page. It is nil where one page shows all.
func NewPager(page, size, total int, href func(int) string) *Pager {
	last := (total + size - 1) / size
	if last <= 1 {
		return nil
	}
	page = min(max(page, 1), last)
	p := &Pager{From: (page-1)*size + 1, To: min(page*size, total), Total: total}
	if page > 1 {
		p.Prev = href(page - 1)
	}
	if page < last {
		p.Next = href(page + 1)
	}
	before := 0
	for n := 1; n <= last; n++ {
		if n != 1 && n != last && (n < page-1 || n > page+1) {
			continue
		}
		if n > before+1 {
			p.Pages = append(p.Pages, PageLink{})
		}
		p.Pages = append(p.Pages, PageLink{Number: n, Href: href(n), Current: n == page})
		before = n
	}
	return p
}
