package audit

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible makes text safe to show anywhere and cuts it to so many characters. What moves a terminal's cursor, ends a
// line, turns the writing direction round, hides or is no character at all is written out as \u and its number.
func Visible(text string, most int) string {
	if len(text) <= most && plain(text) {
		return text
	}
	var b strings.Builder
	n := 0
	for i, r := range text {
		if n++; n > most {
			return cut(b.String())
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case hidden(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func cut(s string) string {
	_, size := utf8.DecodeLastRuneInString(s)
	return s[:len(s)-size] + "…"
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// hidden is everything but letters, marks, numbers, punctuation, symbols and the one ASCII space.
func hidden(r rune) bool { return r != ' ' && !unicode.IsGraphic(r) }
