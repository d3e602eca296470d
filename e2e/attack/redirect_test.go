package attack

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/testkit/team"
)

// elsewhere are addresses that lead away from the door, or that some reader could take so: schemes, slashes and
// backslashes, who stands before an @, encodings up to three times, control characters, dots and signs outside of ASCII.
func elsewhere() (list []string) {
	hosts := []string{"evil.example", "portal@evil.example", "portal.evil.example", "evil.example#.portal", "evil。example", "evil.example:443", "127.0.0.1:1", "[::1]"}
	for _, host := range hosts {
		for _, before := range []string{"//", `/\`, `\/`, `\\`, "///", "////", `/\/`, "https:", "https:/", "https://", `https:\\`, "HTTPS://", "http://", "ftp://", "ws://",
			"javascript://", "data:text/html,", "\t//", "/\t/", "/\n/", "/\r/", "\r\n//", " //", "\x00//", "/\x00/", "\u00a0//", "\u2028//", "／／", "/／", "/%09/", "%09//",
			"%2f%2f", "%252f%252f", "%25252f%25252f", "%5c%5c", "/%5c", "/.//", "/..//", "/%2e%2e//", "/./\\", "/;//", "//%00", "/@//", "?//", "#//", "/me//", "/me/..//"} {
			list = append(list, before+host)
		}
	}
	return append(list, "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "vbscript:x", "data:text/html;base64,PHN2Zz4=", "blob:x", "file:///etc/passwd",
		"mailto:a@evil.example", "/me\r\nSet-Cookie: a=b", "/me\r\nLocation: //evil.example", "/me%0d%0aSet-Cookie: a=b", "/ü", "/\u202e//evil.example", "evil", "..", "",
		"/"+strings.Repeat("a", 4000), "//"+strings.Repeat("a", 4000))
}

// TestD5_1: where a sign-in or a fresh proof leads is a path of the door, whatever stands in "return" (also W52), to every
// reader: a browser takes a backslash for a slash and passes over tabs and line ends.
func TestD5_1(t *testing.T) {
	var token string
	h, _, dana := staffed(t, sallyport.MethodOff, plan{settings: func(s *sallyport.Settings) { s.PermitOff = true }, people: func(f *team.Folder) {
		token = signedIn(t, f, add(t, f, "sven", sallyport.ReadOnlyTechnician, sallyport.MethodApp))[0]
	}})
	list := elsewhere()
	if len(list) < 300 {
		t.Fatalf("only %d addresses", len(list))
	}
	in, out := h.holding(token), h.browser()
	for i, asked := range list {
		query := "?return=" + url.QueryEscape(asked)
		in.get("/sign-in"+query).staysHere(asked, http.StatusSeeOther, http.StatusBadRequest)
		for _, page := range []answer{out.get("/sign-in" + query), in.get("/confirm" + query), in.get("/me/recovery-codes" + query)} {
			page.staysHere(asked, http.StatusOK, http.StatusSeeOther, http.StatusBadRequest)
		}
		if i%29 != 0 { // the end of a sign-in is the same function again, and a password's hash each time
			continue
		}
		b := h.browser()
		b.get("/sign-in")
		b.post("/sign-in", "user_name", dana.UserName, "password", team.Password, "return", asked).staysHere(asked, http.StatusSeeOther, http.StatusBadRequest)
	}
	b := h.browser()
	b.get("/sign-in")
	b.post("/sign-in", "user_name", dana.UserName, "password", team.Password, "return", "/me?page=2").wants(http.StatusSeeOther, "/me?page=2")
}

// leadsOn are the addresses that a page can send its reader to.
var leadsOn = regexp.MustCompile(`(?:href|action|name="return" value)="([^"]*)"`)

// staysHere fails the test unless the answer has one of the statuses, and every address that it sends to is a path of the door.
func (a answer) staysHere(asked string, statuses ...int) {
	a.t.Helper()
	all := a.Header["Location"]
	for _, found := range leadsOn.FindAllStringSubmatch(a.Body, -1) {
		all = append(all, html.UnescapeString(found[1]))
	}
	for _, at := range all {
		if !local(at) {
			a.t.Errorf("%q: %s leads to %q", asked, a.what, at)
		}
	}
	if !slices.Contains(statuses, a.Status) || len(a.Header["Location"]) > 1 || a.Header.Get("Refresh") != "" {
		a.t.Errorf("%q: %s: %d %v", asked, a.what, a.Status, a.Header)
	}
}

// local reports whether an address is a path of the door, or a place on its page, to every reader.
func local(at string) bool {
	base := &url.URL{Scheme: "https", Host: "door.example", Path: "/sign-in"}
	u, err := base.Parse(at)
	return err == nil && u.Host == base.Host && u.Scheme == base.Scheme && u.User == nil && (strings.HasPrefix(at, "/") || strings.HasPrefix(at, "#")) &&
		!strings.HasPrefix(at, "//") && !strings.ContainsFunc(at, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' })
}

// TestD5_15: a redirect is a 303, always: any other could have a browser send a password or a code on to where it leads.
func TestD5_15(t *testing.T) {
	h, mara, dana := staffed(t, sallyport.MethodApp, plan{})
	seen := 0
	redirects := func(a answer) answer {
		if a.at() != "" || a.Status >= 300 && a.Status < 400 {
			if seen++; a.Status != http.StatusSeeOther {
				t.Errorf("%s: %d %s", a.what, a.Status, a.at())
			}
		}
		return a
	}
	b := h.browser()
	redirects(b.password(dana.UserName, team.Password)).wants(http.StatusSeeOther, "/sign-in/code")
	redirects(b.post("/sign-in/code", "code", dana.Digits(half(0)))).wants(http.StatusSeeOther, "/me/recovery-codes?return=%2Fme")
	for _, path := range []string{"/me/", "/sign-in/", "//me", "/./me", "/me/../me", "/admin//technicians", "/assets", "/.well-known/change-password"} {
		redirects(b.get(path))
		redirects(b.post(path))
	}
	for _, r := range h.routes() {
		for _, b := range []*browser{h.browser(), mara.twin()} {
			redirects(b.route(r, string(dana.ID)))
		}
	}
	if seen < 60 {
		t.Errorf("only %d redirects were seen", seen)
	}
}
