package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sallyport"
)

func fieldsOf(err error) []sallyport.Field {
	var e *sallyport.Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return []sallyport.Field{{Message: err.Error()}}
}

// checkPlain wants one line of printable text of at most limit characters.
func checkPlain(limit int) func(name, value string) error {
	return func(name, value string) error {
		if !utf8.ValidString(value) || utf8.RuneCountInString(value) > limit || strings.ContainsFunc(value, control) {
			return sallyport.InvalidField(name, fmt.Sprintf("Please give one line of at most %d printable characters.", limit))
		}
		return nil
	}
}

func control(r rune) bool {
	return r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == utf8.RuneError
}

// checkMailbox wants exactly one bare mailbox, the way SMTP can carry it: no display name, no list, no quoted part,
// nothing that could end a line (RFC 5321 sections 4.1.2 and 4.5.3.1).
func checkMailbox(name, value string) error {
	bad := sallyport.InvalidField(name, "Please give one email address like dana@example.com.")
	local, domain, found := strings.Cut(value, "@")
	if !found || len(value) > 254 || len(local) > 64 || strings.ContainsFunc(value, func(r rune) bool { return control(r) || r == ' ' || r > 0x7e }) ||
		strings.ContainsAny(value, `"(),:;<>[\]`) {
		return bad
	}
	a, err := mail.ParseAddress(value)
	if err != nil || a.Address != value || a.Name != "" || hostName(domain) != nil || !strings.Contains(domain, ".") && domain != "localhost" {
		return bad
	}
	return nil
}

var hostLabel = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$`)

// hostName wants a DNS name in ASCII. A last label of digits only would be read as an address by some and as a name
// by others (decimal, octal and hexadecimal forms of an IPv4 address), so it is neither.
func hostName(h string) error {
	labels := strings.Split(strings.TrimSuffix(h, "."), ".")
	if len(h) > 253 || h == "" {
		return errors.New("a host name has 1 to 253 characters")
	}
	for _, l := range labels {
		if !hostLabel.MatchString(l) {
			return errors.New("a host name has letters, digits, hyphens and dots only")
		}
	}
	last := labels[len(labels)-1]
	if _, err := strconv.ParseUint(last, 0, 64); err == nil || strings.Trim(last, "0123456789") == "" {
		return errors.New("this spelling of an IP address is not taken")
	}
	return nil
}

func checkHost(name, value string) error {
	if _, err := netip.ParseAddr(strings.Trim(value, "[]")); err == nil && checkPlain(253)(name, value) == nil { // a zone may be anything
		return nil // whether it may be dialled is judged with the TLS mode
	}
	if err := hostName(value); err != nil {
		return sallyport.InvalidField(name, "Please give a host name like mail.example.com, or an IP address: "+err.Error()+".")
	}
	return nil
}

func checkMailPort(name, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != value {
		return sallyport.InvalidField(name, "Please give a port from 1 to 65535.")
	}
	if n < 1024 && n != 25 && n != 465 && n != 587 {
		return sallyport.InvalidField(name, "Please give 25, 465, 587 or a port from 1024 up: the others belong to other services.")
	}
	return nil
}

func checkSMTP(c *checker) {
	c.reach("host", strings.Trim(c.values["host"], "[]"), c.values["tls"] == "none", "tls")
	user, password := c.values["user"], c.values["password"]
	switch {
	case user != "" && c.values["tls"] == "none":
		c.wrong("user", "A password is only ever sent over TLS. Choose a TLS mode, or leave the user name empty.")
	case user != "" && password == "":
		c.wrong("password", "Please give the password of this user.")
	case user == "" && password != "":
		delete(c.values, "password")
	}
}

// reach judges whether the other side may be dialled at all, as far as can be told before dialling: by its address
// where one was typed. Names are judged when they are dialled.
func (c *checker) reach(name, host string, plain bool, plainField string) {
	if plain && !c.network.AnyPlain() {
		c.wrong(plainField, "Without TLS only networks may be spoken to that allowed_networks in the configuration lists; it lists none.")
		return
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return
	}
	switch {
	case !c.network.Permits(a):
		c.wrong(name, "This address is inside a private or special network. Sallyport speaks to it only when allowed_networks in the configuration lists it.")
	case plain && !c.network.PermitsPlain(a):
		c.wrong(plainField, "Without TLS only networks may be spoken to that allowed_networks in the configuration lists.")
	}
}

// checkURL wants an absolute http or https address without a user, a fragment or an odd port.
func checkURL(name, value string) error {
	u, err := url.Parse(value)
	switch {
	case len(value) > 2000 || strings.ContainsFunc(value, func(r rune) bool { return control(r) || r == ' ' || r > 0x7e }) || err != nil:
		return sallyport.InvalidField(name, "Please give an address like https://sms.example.com/send.")
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Opaque != "":
		return sallyport.InvalidField(name, "Please give an address that begins with https://.")
	case u.User != nil:
		return sallyport.InvalidField(name, "Please leave user and password out of the address: they have fields of their own.")
	case u.Fragment != "" || strings.Contains(value, "#"):
		return sallyport.InvalidField(name, "Please leave out everything from # on.")
	case strings.ContainsAny(value, "{}"):
		return sallyport.InvalidField(name, "Placeholders belong into the body: addresses are written to logs.")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 || n < 1024 && n != 80 && n != 443 {
			return sallyport.InvalidField(name, "Please use port 80, 443 or one from 1024 to 65535.")
		}
	}
	return checkHost(name, u.Hostname())
}

// reachURL is reach for an address that checkURL has passed.
func (c *checker) reachURL() {
	if u, err := url.Parse(c.values["url"]); err == nil {
		c.reach("url", u.Hostname(), u.Scheme == "http", "url")
	}
}

func checkTwilio(c *checker) {
	c.reachURL()
	if (c.values["from"] == "") == (c.values["service"] == "") {
		c.wrong("from", "Please give either a sender or a Messaging Service SID.")
	}
	c.noPath()
}

func checkVonage(c *checker) {
	c.reachURL()
	c.noPath()
}

// noPath says what is wrong with the address of an API whose path is known.
func (c *checker) noPath() {
	if u, err := url.Parse(c.values["url"]); err == nil && (u.Path != "" && u.Path != "/" || u.RawQuery != "") {
		c.wrong("url", "Please give the address without a path: Sallyport knows it.")
	}
}

func checkKannel(c *checker) { c.reachURL() }

func checkSID(prefix string) func(name, value string) error {
	form := regexp.MustCompile("^" + prefix + "[0-9a-fA-F]{32}$")
	return func(name, value string) error {
		if !form.MatchString(value) {
			return sallyport.InvalidField(name, "Please give "+prefix+" and 32 hexadecimal digits.")
		}
		return nil
	}
}

var keyForm = regexp.MustCompile(`^[0-9A-Za-z]{4,64}$`)

func checkKey(name, value string) error {
	if !keyForm.MatchString(value) {
		return sallyport.InvalidField(name, "Please give the key as the dashboard shows it: letters and digits.")
	}
	return nil
}

var senderForm = regexp.MustCompile(`^(\+[1-9][0-9]{4,14}|[0-9]{3,15}|[A-Za-z0-9 ]{1,11})$`)

func checkSender(name, value string) error {
	if !senderForm.MatchString(value) {
		return sallyport.InvalidField(name, "Please give a number like +12125550100, or a name of up to 11 letters and digits.")
	}
	return nil
}

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// ourHeaders are set by Sallyport or by HTTP itself.
var ourHeaders = []string{"host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade", "te",
	"trailer", "expect", "proxy-authorization", "proxy-connection", "keep-alive", "accept-encoding"}

func checkHeaders(name, value string) error {
	for i, line := range strings.Split(value, "\n") {
		h, v, found := strings.Cut(line, ":")
		switch {
		case strings.TrimSpace(line) == "":
		case !found || !headerName.MatchString(h) || strings.ContainsFunc(v, func(r rune) bool { return r != '\t' && (control(r) || r > 0x7e) }):
			return sallyport.InvalidField(name, fmt.Sprintf("Line %d is not a header like Authorization: Bearer ….", i+1))
		case slices.Contains(ourHeaders, strings.ToLower(h)):
			return sallyport.InvalidField(name, fmt.Sprintf("Line %d: Sallyport sets %s itself.", i+1, h))
		case i >= 20 || len(line) > 4096:
			return sallyport.InvalidField(name, "Please give at most 20 headers of at most 4,096 characters.")
		}
	}
	return nil
}

var (
	placeholder = regexp.MustCompile(`\{[A-Za-z_.][A-Za-z_.0-9 ]*\}`)
	foreign     = regexp.MustCompile(`\{\{|\$\{|<%|\{%|#\{`)
)

var ourPlaceholders = []string{"{to}", "{text}", "{from}", "{id}", secretPlaceholder}

// secretPlaceholder is where a key goes that belongs into the body, so that it need not stand in the template.
const secretPlaceholder = "{secret}"

// checkTemplate wants a body of at most 4 KiB with our placeholders and no other template language in it: there
// is none to run it, and who writes one expects what will not happen.
func checkTemplate(name, value string) error {
	if len(value) > 4096 || !utf8.ValidString(value) {
		return sallyport.InvalidField(name, "Please give at most 4,096 characters.")
	}
	if foreign.MatchString(value) {
		return sallyport.InvalidField(name, "Only {to}, {text}, {from}, {id} and {secret} are filled in; there are no expressions.")
	}
	for _, p := range placeholder.FindAllString(value, -1) {
		if !slices.Contains(ourPlaceholders, p) {
			return sallyport.InvalidField(name, fmt.Sprintf("There is no placeholder %s, only {to}, {text}, {from}, {id} and {secret}.", p))
		}
	}
	if !strings.Contains(value, "{to}") || !strings.Contains(value, "{text}") {
		return sallyport.InvalidField(name, "Please use {to} and {text}: without them no message arrives.")
	}
	return nil
}

func checkHTTP(c *checker) {
	c.reachURL()
	body := c.values["body"]
	if c.values["secret"] == "" && strings.Contains(body, secretPlaceholder) {
		c.wrong("secret", "Please give what {secret} in the template stands for.")
	}
	if c.values["format"] == "json" {
		if !json.Valid([]byte(body)) {
			c.wrong("body", `Please give valid JSON, with the placeholders inside its strings, like {"to": "{to}", "text": "{text}"}.`)
		}
		return
	}
	for i, line := range strings.Split(body, "\n") {
		if n, _, found := strings.Cut(line, "="); strings.TrimSpace(line) != "" && (!found || strings.TrimSpace(n) == "" || strings.ContainsAny(n, "{}")) {
			c.wrong("body", fmt.Sprintf("Line %d is not name=value.", i+1))
		}
	}
}
