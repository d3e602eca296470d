package factor

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

// RecoveryCodes is how many recovery codes a technician gets at once.
const RecoveryCodes = 10

const (
	recoveryBytes   = 16 // 128 bits
	recoveryLetters = 26
	recoveryGroup   = 5
)

// letters is Crockford's alphabet: no I, L, O and U. What people read as one of those is folded back when typed.
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

var letterEncoding = base32.NewEncoding(letters).WithPadding(base32.NoPadding)

// NewRecoveryCodes makes ten codes of 128 random bits each, as they are shown: 26 letters and digits in groups. What
// is stored is a keyed hash of CanonicalRecovery's answer.
func NewRecoveryCodes() []string {
	codes := make([]string, RecoveryCodes)
	for i := range codes {
		var b [recoveryBytes]byte
		rand.Read(b[:])
		s := letterEncoding.EncodeToString(b[:])
		head := s[:len(s)-recoveryGroup-1] // the last group takes the odd letter
		codes[i] = grouped(head, recoveryGroup, "-") + "-" + s[len(head):]
	}
	return codes
}

// CanonicalRecovery brings a typed recovery code to its 26 letters and digits, false when it has not that form.
func CanonicalRecovery(typed string) (string, bool) { return canonicalLetters(typed, recoveryLetters) }

// canonicalLetters brings what was typed to n letters of the alphabet: upper case, without spaces and dashes, O read as
// zero, I and L as one, full-width forms as plain ones.
func canonicalLetters(typed string, n int) (string, bool) {
	kept, ok := compact(typed)
	if !ok || len(kept) != n {
		return "", false
	}
	out := make([]byte, 0, n)
	for _, r := range kept {
		c, ok := letter(r)
		if !ok {
			return "", false
		}
		out = append(out, c)
	}
	return string(out), true
}

func letter(r rune) (byte, bool) {
	if d, ok := digit(r); ok {
		return d, true
	}
	if 0xff01 <= r && r <= 0xff5e { // full-width forms stand in the order of ASCII
		r -= 0xfee0
	}
	if 'a' <= r && r <= 'z' {
		r -= 'a' - 'A'
	}
	switch r {
	case 'O':
		r = '0'
	case 'I', 'L':
		r = '1'
	}
	if r > 0x7f || strings.IndexByte(letters, byte(r)) < 0 {
		return 0, false
	}
	return byte(r), true
}
