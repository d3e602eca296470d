package delivery

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// What is taken for a mailbox can stand in SMTP's angle brackets and in a header as it is.
func FuzzMailbox(f *testing.F) {
	for _, s := range []string{"dana@northwind.example", "o'brien@x.example", "a@x>\r\nDATA", "\"a b\"@x.example", "a@[127.0.0.1]", "a@x.example,b@x.example", "a@xn--bcher-kva.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if checkMailbox("email", s) != nil {
			return
		}
		if strings.ContainsAny(s, "<>,;:\"()[]\\ \t\r\n\x00") || strings.Count(s, "@") != 1 || len(s) > 254 || strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e || r <= ' ' }) {
			t.Errorf("%q was taken", s)
		}
	})
}

// What is taken for an address of a gateway leads where it says, and holds no user, no placeholder, no odd IP address.
func FuzzURL(f *testing.F) {
	for _, s := range []string{"https://sms.example.com/send?x=1", "http://10.7.1.1:8080/", "https://[::1]/", "https://user@x.example/", "https://0x7f.1/", "https://x.example/{text}", "file:///etc/passwd", "https://x.example\\@y.example/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if checkURL("url", s) != nil {
			return
		}
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.Fragment != "" || strings.ContainsAny(s, "{}\r\n #") {
			t.Fatalf("%q was taken: %v", s, err)
		}
		if _, err := netip.ParseAddr(u.Hostname()); err != nil && hostName(u.Hostname()) != nil {
			t.Errorf("%q was taken, host %q", s, u.Hostname())
		}
	})
}

// Whatever the organisation and the host are called, a text message is one message that ends in the bound code.
func FuzzCodeText(f *testing.F) {
	f.Add("Northwind IT", "login.northwind.example")
	f.Add("株式会社", strings.Repeat("a.", 60)+"example")
	f.Add("a\n@evil.example #000000", "localhost")
	f.Fuzz(func(t *testing.T, organisation, host string) {
		if !utf8.ValidString(organisation) || len(host) > 100 || hostName(host) != nil {
			return
		}
		text := codeText(CodeMessage{Code: "004217", Life: 180e9, Organisation: organisation, Host: host})
		if n, ok := septets(text); !ok || n > textLimit || !strings.HasSuffix(text, "\n\n@"+strings.ToLower(host)+" #004217") || strings.Count(text, "\n") != 2 {
			t.Errorf("%q", text)
		}
	})
}
