package view

import (
	"html/template"
	"net/netip"
	"strings"
	"time"
	"unicode"
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

// breaks says where a name, a mailbox, an event or an IPv6 address may be broken, so that a narrow column breaks it there and
// nowhere else: within a word only where that is very long. A copy of it has nothing more.
func breaks(s string) template.HTML {
	at := strings.NewReplacer("@", "@<wbr>", ".", ".<wbr>")
	if a, err := netip.ParseAddr(s); err == nil && a.Is4() {
		at = strings.NewReplacer()
	} else if err == nil {
		at = strings.NewReplacer(":", ":<wbr>")
	}
	var b strings.Builder
	for i, part := range pieces(s) {
		if i > 0 {
			b.WriteString("<wbr>")
		}
		b.WriteString(at.Replace(template.HTMLEscapeString(part)))
	}
	return template.HTML(b.String())
}

// longWord is how many letters of a word no line breaks.
const longWord = 14

// pieces cuts what has a very long word in it, never before a mark that belongs to the letter before.
func pieces(s string) (all []string) {
	run, from := 0, 0
	for i, r := range s {
		switch {
		case unicode.IsSpace(r) || strings.ContainsRune("@.:-", r):
			run = 0
			continue
		case unicode.Is(unicode.M, r) || unicode.Is(unicode.Cf, r):
			continue
		}
		if run++; run > longWord {
			all, run, from = append(all, s[from:i]), 1, i
		}
	}
	return append(all, s[from:])
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return itoa(n) + " " + many
}
