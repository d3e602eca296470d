package factor

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sallyport"
)

//go:generate go run gen_passwords.go

//go:embed passwords.txt
var commonText string

// commonPasswords are sorted and in lower case.
var commonPasswords = sync.OnceValue(func() []string {
	lines := strings.Split(strings.TrimSpace(commonText), "\n")
	first := slices.IndexFunc(lines, func(l string) bool { return !strings.HasPrefix(l, "#") })
	return lines[first:]
})

const (
	passwordLeast   = 8   // characters; no setting goes below (NIST SP 800-63B-4 section 3.1.1.2)
	passwordDefault = 15  // characters, where Min is 0
	passwordMost    = 256 // characters
	freshLeast      = 7   // characters that neither repeat nor continue the ones before
	distinctLeast   = 5   // different characters
	ownLeast        = 8   // characters that must remain without the account's own words
	wordLeast       = 3   // characters of an own word that is looked for
)

// PasswordRules are what a password is held against: its least length in characters, and words that belong to the
// account and the organisation (names, user name, email address, the organisation's name).
type PasswordRules struct {
	Min   int
	Words []string
}

// CheckPassword says whether a password may be set: nil, or a *sallyport.Error at the field "password" that says what is
// wrong and what to do. There are no composition rules. Characters are code points after NFC (NIST SP 800-63B-4
// section 3.1.1.2).
func CheckPassword(password string, r PasswordRules) error {
	if !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl) {
		return refuse("A password cannot hold control characters, such as tabs or line breaks.")
	}
	password = norm.NFC.String(password)
	n := utf8.RuneCountInString(password)
	low := strings.ToLower(password)
	switch least := leastLength(r.Min); {
	case n < least:
		return refuse(fmt.Sprintf("This password has %s. It needs at least %d; a few words in a row do well.", characters(n), least))
	case n > passwordMost:
		return refuse(fmt.Sprintf("This password has %s. It may have %d at most.", characters(n), passwordMost))
	case common(low):
		return refuse("This password is on the list of common passwords, which attackers try first. Please choose another one.")
	case predictable(low):
		return refuse("This password mostly repeats itself or follows the keyboard or the alphabet. Please choose words that do not belong together.")
	case ownWords(low, r.Words):
		return refuse("This password is made of your own names or the organisation's. Please choose words that nobody would connect with you.")
	}
	return nil
}

func refuse(message string) error { return sallyport.InvalidField("password", message) }

func leastLength(min int) int {
	if min == 0 {
		return passwordDefault
	}
	return max(min, passwordLeast)
}

func characters(n int) string {
	if n == 1 {
		return "1 character"
	}
	return fmt.Sprintf("%d characters", n)
}

// common reports whether low is a common password, one with digits and signs round it, one many times, or two in a row.
func common(low string) bool {
	runes := []rune(low)
	low = string(runes[:period(runes)])
	bare := strings.TrimFunc(low, func(r rune) bool { return !unicode.IsLetter(r) })
	if listed(low) || listed(bare) {
		return true
	}
	for i := range low {
		if listed(low[:i]) && listed(low[i:]) {
			return true
		}
	}
	return false
}

func listed(s string) bool {
	_, found := slices.BinarySearch(commonPasswords(), s)
	return found
}

// rows are what fingers and tongues run along.
var rows = []string{"abcdefghijklmnopqrstuvwxyz", "012345678901", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn"}

// predictable reports whether low repeats a short block, or too few of its characters are fresh: neither the one before
// again nor the next one on a row.
func predictable(low string) bool {
	runes := []rune(low)
	if block := period(runes); block < len(runes) && block < passwordLeast {
		return true
	}
	runes = slices.Compact(runes)
	fresh, distinct := 0, map[rune]bool{}
	for i, r := range runes {
		if i < 2 || !inRow(runes[i-2:i+1]) {
			fresh++
		}
		distinct[r] = true
	}
	return fresh < freshLeast || len(distinct) < distinctLeast
}

// inRow reports whether three characters stand side by side on a row, in either direction. Two often do in any word.
func inRow(three []rune) bool {
	there, back := string(three), string([]rune{three[2], three[1], three[0]})
	return slices.ContainsFunc(rows, func(row string) bool {
		return strings.Contains(row, there) || strings.Contains(row, back)
	})
}

// period is the length of the block that runes repeat, all of them when they repeat none. The last block may be cut.
func period(runes []rune) int {
	for p := 1; p <= len(runes)/2; p++ {
		if slices.Equal(runes[p:], runes[:len(runes)-p]) {
			return p
		}
	}
	return len(runes)
}

// ownWords reports whether low holds own words and little beside them.
func ownWords(low string, words []string) bool {
	rest, found := low, false
	for _, w := range split(words) {
		if strings.Contains(rest, w) {
			found = true
			rest = strings.ReplaceAll(rest, w, "\x00") // keeps the neighbours from making a new word
		}
	}
	left := 0
	for _, r := range rest {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			left++
		}
	}
	return found && left < ownLeast
}

// split cuts what the caller knows of the account into words in lower case, the longest first: whole values, and their
// parts between dots, hyphens and spaces.
func split(values []string) []string {
	var words []string
	for _, v := range values {
		v = strings.ToLower(norm.NFC.String(strings.TrimSpace(v)))
		parts := strings.FieldsFunc(v, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		for _, w := range append(parts, v) {
			if utf8.RuneCountInString(w) >= wordLeast {
				words = append(words, w)
			}
		}
	}
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(words)
}
