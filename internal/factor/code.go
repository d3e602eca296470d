package factor

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math/big"
	"strings"
	"unicode"
)

// typedMost is how many bytes of a typed code are looked at; nothing honest is longer.
const typedMost = 256

// NewCode makes a code of 6 digits, uniform, leading zeros kept.
func NewCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(modulus))
	if err != nil {
		panic("factor: " + err.Error()) // crypto/rand never fails on a supported system
	}
	return fmt.Sprintf("%0*d", digits, n)
}

// Canonical brings a typed or pasted code to 6 ASCII digits: white space of any kind goes, hyphens and dashes between
// digits go, digits of every script become ASCII. Anything else, and any other number of digits, is refused.
func Canonical(typed string) (string, bool) {
	kept, ok := compact(typed)
	if !ok || len(kept) != digits {
		return "", false
	}
	out := make([]byte, 0, digits)
	for _, r := range kept {
		d, ok := digit(r)
		if !ok {
			return "", false
		}
		out = append(out, d)
	}
	return string(out), true
}

// compact drops white space, and dashes that stand between other characters. A leading dash is a sign, and refused.
func compact(typed string) ([]rune, bool) {
	typed = strings.TrimSpace(typed)
	if len(typed) > typedMost {
		return nil, false
	}
	var kept []rune
	dash := false
	for _, r := range typed {
		switch {
		case unicode.IsSpace(r):
		case isDash(r):
			dash = true
			if len(kept) == 0 {
				return nil, false
			}
		default:
			dash = false
			kept = append(kept, r)
		}
	}
	return kept, !dash
}

func isDash(r rune) bool { return unicode.Is(unicode.Pd, r) || r == '\u2212' }

// digit is the ASCII digit of a decimal digit of any script. Unicode keeps those in runs of ten that begin with zero.
func digit(r rune) (byte, bool) {
	if '0' <= r && r <= '9' {
		return byte(r), true
	}
	for _, s := range unicode.Nd.R16 {
		if uint16(r) >= s.Lo && uint16(r) <= s.Hi && r <= 0xffff {
			return '0' + byte((uint16(r)-s.Lo)%10), true
		}
	}
	for _, s := range unicode.Nd.R32 {
		if uint32(r) >= s.Lo && uint32(r) <= s.Hi {
			return '0' + byte((uint32(r)-s.Lo)%10), true
		}
	}
	return 0, false
}

// SameCode compares two codes or their keyed hashes in constant time. An empty one is the same as nothing.
func SameCode(a, b []byte) bool {
	return len(a) > 0 && subtle.ConstantTimeCompare(a, b) == 1
}
