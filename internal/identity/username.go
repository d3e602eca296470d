package identity

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"

	"sallyport"
)

const (
	userNameMost  = 254 // characters, as an email address may have
	userNameMarks = 2   // on one letter
)

// UserName reads a typed user name. Display is how it is shown, key is what is unique and looked up (UsernameCaseMapped,
// RFC 8265 section 3.3), and two names with one skeleton look alike. White space around it does not count. The error is a
// *sallyport.Error at the field "user_name".
func UserName(typed string) (display, key, skeleton string, err error) {
	s, ok := clean(typed)
	switch {
	case !ok || strings.ContainsFunc(s, hiding):
		return refuseName("A user name cannot hold control or invisible characters.")
	case s == "":
		return refuseName("Please give a user name.")
	case utf8.RuneCountInString(s) > userNameMost:
		return refuseName("A user name has 254 characters at most.")
	case strings.ContainsFunc(s, unicode.IsSpace):
		return refuseName("A user name cannot hold spaces.")
	}
	if display, err = precis.UsernameCasePreserved.String(s); err == nil {
		key, err = fold(s)
	}
	if err != nil || strings.ContainsFunc(key, notInName) || !strings.ContainsFunc(key, letterOrDigit) ||
		stacked(key, userNameMarks) || utf8.RuneCountInString(key) > userNameMost {
		return refuseName("A user name is made of letters, digits and . @ + - _ ' only, all of which read in one direction.")
	}
	return display, key, Skeleton(display), nil
}

func refuseName(message string) (string, string, string, error) {
	return "", "", "", sallyport.InvalidField("user_name", message)
}

// fold applies UsernameCaseMapped until nothing changes any more: one pass does not always reach the form that a second
// one would keep.
func fold(s string) (string, error) {
	for range 4 {
		next, err := precis.UsernameCaseMapped.String(s)
		if err != nil {
			return "", err
		}
		if next == s {
			return s, nil
		}
		s = next
	}
	return "", errUnstable
}

var errUnstable = sallyport.E(sallyport.Invalid, "unstable", "This name has no stable form.")

func letterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func notInName(r rune) bool {
	return !letterOrDigit(r) && !unicode.Is(unicode.M, r) && !strings.ContainsRune(".@+-_'", r)
}
