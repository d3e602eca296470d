package identity

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"sallyport"
)

const (
	emailMost = 254 // bytes (RFC 5321 section 4.5.3.1.3, less the angle brackets)
	localMost = 64  // bytes (RFC 5321 section 4.5.3.1.1)
	atext     = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~"
)

// domains reads a domain as browsers do (UTS 46) and holds it against the rules of DNS names.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// Email reads one address of one mailbox and answers with its domain in lower case, an international one in its ASCII
// form. No comments, quotes, lists, names or address literals. The error is a *sallyport.Error at the field "email".
func Email(typed string) (string, error) {
	s, ok := clean(typed)
	at := strings.LastIndexByte(s, '@')
	switch {
	case !ok || strings.ContainsFunc(s, hiding):
		return "", badEmail("An email address cannot hold control or invisible characters.")
	case s == "":
		return "", badEmail("Please give an email address.")
	case len(s) > emailMost:
		return "", badEmail("An email address has 254 characters at most.")
	case strings.ContainsAny(s, ",;<>\""):
		return "", badEmail("Please give one address alone, like anna@example.org, without name, brackets or quotation marks.")
	case at < 0:
		return "", badEmail("An email address has an @ between mailbox and domain, like anna@example.org.")
	}
	local, domain := s[:at], s[at+1:]
	if err := checkLocal(local); err != nil {
		return "", err
	}
	domain, err := asciiDomain(domain)
	if err != nil {
		return "", err
	}
	if len(local)+1+len(domain) > emailMost {
		return "", badEmail("An email address has 254 characters at most.")
	}
	return local + "@" + domain, nil
}

func badEmail(message string) error { return sallyport.InvalidField("email", message) }

// checkLocal holds what stands before the @ against dot-atom (RFC 5322 section 3.2.3).
func checkLocal(local string) error {
	switch {
	case local == "" || len(local) > localMost:
		return badEmail("What stands before the @ has 1 to 64 characters.")
	case strings.Trim(local, atext+".") != "" || strings.ContainsFunc(local, func(r rune) bool { return !strings.ContainsRune(atext+".", r) }):
		return badEmail("What stands before the @ may hold letters a to z, digits and signs, but no spaces and no further @.")
	case local[0] == '.' || strings.HasSuffix(local, ".") || strings.Contains(local, ".."):
		return badEmail("Dots before the @ must stand between other characters.")
	}
	return nil
}

func asciiDomain(typed string) (string, error) {
	bad := badEmail("What stands after the @ is no domain name, like example.org.")
	domain, err := domains.ToASCII(typed)
	if err != nil || domain == "" {
		return "", bad
	}
	dot := strings.LastIndexByte(domain, '.')
	last := domain[dot+1:]
	_, err = strconv.ParseUint(last, 0, 64)
	if last == "" || err == nil || strings.Trim(last, "0123456789") == "" || dot < 0 && domain != "localhost" {
		return "", bad // a name that ends in a dot, an IP address in whatever spelling, a host without a domain
	}
	return strings.ToLower(domain), nil
}

// MaskEmail shows as much of an address as its owner needs to know it again: a•••@example.org.
func MaskEmail(address string) string {
	local, domain, ok := strings.Cut(address, "@")
	first, size := utf8.DecodeRuneInString(local)
	if !ok || size == 0 {
		return "•••"
	}
	return string(first) + "•••@" + domain
}
