package view

import "time"

// Figures is Admin > Audit > Sign-ins in figures: two charts, drawn here, each with its numbers in a table behind it.
type Figures struct {
	Desk
	Days   Days
	Shares []Share // by method; empty where nobody needs a second factor

	MayList bool // the reader may see who is behind the shares
}

// Template names the page's file.
func (Figures) Template() string { return "desk/figures" }

// Day is how many sign-ins each method finished on one day.
type Day struct {
	Date   time.Time
	Counts map[string]int // by what proved them: app, email, text, off, recovery
}

// proofs are the series of the chart, from the ground up.
var proofs = []string{"app", "email", "text", "recovery", "off"}

// Days is the chart of sign-ins by day: a bar a day, a part of it a method. Its height is chartHeight units, each day
// is dayWidth units wide; the page stretches both.
type Days struct {
	Bars   []DayBar
	Series []Series // those that are there at all
	Total  int
	Most   int // of one day
	Busy   time.Time
	Width  int
	Height int
}

// Series is one method of the chart.
type Series struct {
	Name  string // its class
	Label string
	Total int
}

// DayBar is one day of the chart.
type DayBar struct {
	Date   time.Time
	Total  int
	Counts []int // in the order of the series
	Parts  []Part
}

// Part is one method's part of a bar.
type Part struct {
	Name                string // its class
	X, Y, Width, Height int
}

const (
	dayWidth    = 20
	dayGap      = 4
	chartHeight = 240
)

// NewDays draws days, which come one after the other without a gap.
func NewDays(days []Day) Days {
	c := Days{Width: len(days) * dayWidth, Height: chartHeight}
	totals := map[string]int{}
	for _, d := range days {
		bar := DayBar{Date: d.Date}
		for _, p := range proofs {
			bar.Total += d.Counts[p]
			totals[p] += d.Counts[p]
		}
		c.Total += bar.Total
		if bar.Total > c.Most {
			c.Most, c.Busy = bar.Total, d.Date
		}
		c.Bars = append(c.Bars, bar)
	}
	for _, p := range proofs {
		if totals[p] > 0 {
			c.Series = append(c.Series, Series{p, proofLabel(p), totals[p]})
		}
	}
	for i := range c.Bars {
		c.draw(&c.Bars[i], i, days[i].Counts)
	}
	return c
}

// draw stacks the parts of one bar. Edges are rounded, not heights, so that no bar is higher than its sum; whatever is
// there at all has a unit to be seen by.
func (c *Days) draw(bar *DayBar, place int, counts map[string]int) {
	sum, top := 0, c.Height
	for _, s := range c.Series {
		n := counts[s.Name]
		bar.Counts = append(bar.Counts, n)
		if sum += n; n == 0 {
			continue
		}
		y := min(c.Height-sum*c.Height/c.Most, top-1)
		bar.Parts = append(bar.Parts, Part{Name: s.Name, X: place*dayWidth + dayGap/2, Y: max(y, 0), Width: dayWidth - dayGap, Height: top - max(y, 0)})
		top = y
	}
}

func proofLabel(p string) string {
	switch p {
	case "email":
		return "Email"
	case "text":
		return "Text Message"
	case "recovery":
		return "Recovery code"
	case "off":
		return "Password only"
	}
	return ProofWords(p)
}

// Share is how many technicians with one method have set it up.
type Share struct {
	Label      string
	Ready, All int
	Percent    int // rounded down: 100 only when nobody is left
}

// NewShare is the share of ready ones among all, of whom there is at least one.
func NewShare(label string, ready, all int) Share {
	return Share{label, ready, all, ready * 100 / all}
}
