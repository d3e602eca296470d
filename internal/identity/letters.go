package identity

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// clean trims white space of any kind and brings text to NFC, false when it is no text: invalid UTF-8, control
// characters, line and paragraph separators, private or unassigned characters.
func clean(typed string) (string, bool) {
	if !utf8.ValidString(typed) {
		return "", false
	}
	s := strings.TrimFunc(typed, unicode.IsSpace)
	if strings.ContainsFunc(s, noText) {
		return "", false
	}
	return norm.NFC.String(s), true
}

func noText(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs) || r == utf8.RuneError || !assigned(r)
}

// assigned reports whether Unicode has given r a meaning. What has none today may hide or turn text round tomorrow.
func assigned(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cc, unicode.Cf)
}

// hiding reports whether r is seen by nobody, or turns the writing direction round.
func hiding(r rune) bool {
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || unicode.Is(unicode.Variation_Selector, r)
}

// stacked reports whether more than most marks stand on one letter, as in text that runs over its neighbours.
func stacked(s string, most int) bool {
	n := 0
	for _, r := range norm.NFC.String(s) {
		if !unicode.Is(unicode.M, r) {
			n = 0
			continue
		}
		if n++; n > most {
			return true
		}
	}
	return false
}

// digit is the ASCII digit of a decimal digit of any script. Unicode keeps those in runs of ten that begin with zero.
func digit(r rune) (rune, bool) {
	if '0' <= r && r <= '9' {
		return r, true
	}
	for _, s := range unicode.Nd.R16 {
		if r >= rune(s.Lo) && r <= rune(s.Hi) {
			return '0' + (r-rune(s.Lo))%10, true
		}
	}
	for _, s := range unicode.Nd.R32 {
		if r >= rune(s.Lo) && r <= rune(s.Hi) {
			return '0' + (r-rune(s.Lo))%10, true
		}
	}
	return 0, false
}
