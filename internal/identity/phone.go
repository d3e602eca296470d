package identity

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"sallyport"
)

const (
	phoneTyped  = 64 // characters that are looked at
	phoneLeast  = 7  // digits with the country code; anything shorter is an emergency or service number
	phoneDigits = 19 // digits as typed: those of E.164, an international prefix and a bracketed zero
	e164Most    = 15 // digits (ITU-T E.164 section 6.2.1)
)

// Phone reads a phone number, typed in its national form of country (ISO 3166) or with +, and answers with E.164. The
// error is a *sallyport.Error at the field "phone" and says what is wrong.
func Phone(typed, country string) (e164 string, err error) {
	s, err := plainNumber(typed)
	if err != nil {
		return "", err
	}
	all := allPlans()
	home := all.region[strings.ToUpper(country)]
	if err := enough(s, home); err != nil {
		return "", err
	}
	if home == nil && !strings.HasPrefix(s, "+") {
		return "", badPhone("Please give the number with its country code, like +49 1512 3456789.")
	}
	n, f := all.read(s, home)
	if f == fits {
		f = n.plan.main.judge(n.national)
	}
	if f != fits {
		return "", badPhone(misfits[f])
	}
	return all.check(n)
}

// Country reports whether numbers are known of a country (ISO 3166, capitals).
func Country(code string) bool { return allPlans().region[code] != nil }

func badPhone(message string) error { return sallyport.InvalidField("phone", message) }

// plainNumber keeps digits, a leading plus and the signs that group them. Direction marks, which come along when a
// number is copied from a contact list, go; digits of every script become ASCII.
func plainNumber(typed string) (string, error) {
	s := strings.TrimFunc(typed, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Bidi_Control, r) })
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "", badPhone("A phone number cannot hold control characters.")
	}
	var b strings.Builder
	digits := 0
	for i, r := range s {
		if i > phoneTyped*utf8.UTFMax {
			return "", badPhone("This number has too many digits. The longest ones have 15 with their country code.")
		}
		d, isDigit := digit(r)
		switch {
		case isDigit:
			digits++
			b.WriteRune(d)
		case unicode.Is(unicode.Bidi_Control, r):
		case r == '+' || r == '\uff0b':
			if strings.ContainsAny(b.String(), "+0123456789") {
				return "", badPhone("A plus sign stands at the beginning of a number only. Please give one number.")
			}
			b.WriteByte('+')
		case unicode.Is(unicode.Zs, r):
			b.WriteByte(' ')
		case unicode.Is(unicode.Pd, r) || r == '\u2212':
			b.WriteByte('-')
		case strings.ContainsRune("()./", r):
			b.WriteRune(r)
		case unicode.IsLetter(r) || strings.ContainsRune("#*;,=", r):
			return "", badPhone("Please give the number in digits, without letters and without an extension.")
		default:
			return "", badPhone("A phone number holds digits, spaces, hyphens, dots, slashes and brackets, and a plus sign before the country code.")
		}
	}
	switch {
	case digits == 0:
		return "", badPhone("Please give a phone number, with + and the country code where it is a foreign one.")
	case digits > phoneDigits:
		return "", badPhone("This number has too many digits. The longest ones have 15 with their country code.")
	}
	return b.String(), nil
}

// enough refuses what has too few digits to be anybody's number. The country code counts, typed or not: where few people live
// their numbers have six digits, or five.
func enough(s string, home *plan) error {
	digits := len(onlyDigits(s))
	if home != nil && !strings.HasPrefix(s, "+") {
		digits += len(home.code)
	}
	if digits < phoneLeast {
		return badPhone("This number is too short: emergency and service numbers cannot get codes.")
	}
	return nil
}

// misfits says what is wrong with a number of the wrong length.
var misfits = [...]string{
	unknownCode: "There is no country with this code. Please look at the digits after the plus sign.",
	tooShort:    "This number is too short.",
	tooLong:     "This number is too long.",
	localOnly:   "This number lacks its area code.",
	between:     "This number has not the right length.",
}

// check refuses what does not exist and what cannot get a message without harm.
func (all plans) check(n number) (string, error) {
	code := "+" + n.plan.code
	switch all.kindOf(n.plan.code, n.national) {
	case noKind:
		return "", badPhone("There is no such number in the numbering plan of " + code + ". Please look at its digits.")
	case premium:
		return "", badPhone("This is a premium number. Please give an ordinary one.")
	case service:
		return "", badPhone("This is a service number, which gets no text messages. Please give a mobile number.")
	}
	e164 := code + n.national
	if len(e164) > len("+")+e164Most {
		return "", badPhone(misfits[tooLong]) // some plans have numbers that cannot be called from abroad
	}
	return e164, nil
}

// MaskPhone shows the last two digits of a number, and not how long it is.
func MaskPhone(e164 string) string {
	if len(e164) < phoneLeast {
		return "••••••"
	}
	return "••••••" + e164[len(e164)-2:]
}
