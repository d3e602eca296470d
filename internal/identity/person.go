package identity

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"sallyport"
)

const (
	personMost  = 100 // characters
	personMarks = 3   // on one letter
)

// PersonName reads a first or last name of 1 to 100 characters: letters of any script with their marks, and what else
// stands in names. White space within becomes one space. The error is a *sallyport.Error at the field "name".
func PersonName(typed string) (string, error) {
	s, ok := clean(typed)
	switch {
	case !ok || strings.ContainsFunc(s, func(r rune) bool { return hiding(r) && !joiner(r) }):
		return "", badName("A name cannot hold control or invisible characters.")
	case s == "":
		return "", badName("Please give a name.")
	case utf8.RuneCountInString(s) > personMost:
		return "", badName("A name has 100 characters at most.")
	case stacked(s, personMarks):
		return "", badName("This name has too many marks on one letter.")
	case !strings.ContainsFunc(s, unicode.IsLetter):
		return "", badName("A name has at least one letter.")
	}
	return strings.Join(strings.Fields(s), " "), nil
}

// joiner reports the two invisible characters that some scripts need within a word (UAX 31 section 2.3).
func joiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

func badName(message string) error { return sallyport.InvalidField("name", message) }
