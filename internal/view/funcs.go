package view

import (
	"html/template"
	"net/netip"
	"strings"
	"time"
)

// funcs are what every template may call besides the methods of its page.
func (r *Renderer) funcs() template.FuncMap {
	return template.FuncMap{
		"asset":  r.assets.URL, // address of an asset
		"iso":    iso,          // time for machines, in a datetime attribute
		"clock":  clock,        // hour and minute for people; a script turns it into the reader's own zone
		"moment": moment,       // day and time for people
		"plural": plural,       // plural 1 "try" "tries" → "1 try"
		"breaks": breaks,       // a long name or address that may go on in the next line
	}
}

func iso(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

func clock(t time.Time) string { return t.UTC().Format("15:04") + " UTC" }

func moment(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04") + " UTC" }

// breaks says where a mailbox, a name of an event or an IPv6 address may be broken, so that a narrow column breaks it there and
// nowhere else. A copy of it has nothing more.
func breaks(s string) template.HTML {
	at := strings.NewReplacer("@", "@<wbr>", ".", ".<wbr>")
	if a, err := netip.ParseAddr(s); err == nil && a.Is4() {
		at = strings.NewReplacer()
	} else if err == nil {
		at = strings.NewReplacer(":", ":<wbr>")
	}
	return template.HTML(at.Replace(template.HTMLEscapeString(s)))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return itoa(n) + " " + many
}
