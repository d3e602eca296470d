package attack

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
)

// raw sends bytes as they stand and returns the first answer to them, nil where the connection ends without one.
func (h *house) raw(request string) *http.Response {
	h.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(h.bases[0], "http://"))
	h.check(err)
	defer c.Close()
	_, err = io.WriteString(c, request)
	h.check(err)
	h.check(c.SetReadDeadline(time.Now().Add(patience)))
	a, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return nil
	}
	return a
}

// asks is a request for a page, with the cookie header given, as raw bytes.
func (h *house) asks(line, host, cookie string) string {
	if cookie != "" {
		cookie = "Cookie: " + cookie + "\r\n"
	}
	return line + " HTTP/1.1\r\nHost: " + host + "\r\nAccept: text/html\r\n" + cookie + "\r\n"
}

// TestW44: no cookie but the right one lets in, however little it differs, and what cannot be read is no fault of the
// server's: GET /session says 401, a page sends to sign in.
func TestW44(t *testing.T) {
	h, mara, _ := staffed(t, sallyport.MethodApp, plan{})
	name, token := mara.name(""), mara.session()
	var list []string
	for i := range len(token) { // each letter another, in the other case, doubled, taken out, and one that no token has
		for _, letter := range []string{string('A' + (token[i]+1)%26), flipped(token[i]), token[i:i+1] + token[i:i+1], "", "+", "=", "%41", "\xff"} {
			list = append(list, name+"="+token[:i]+letter+token[i+1:])
		}
	}
	for _, letter := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" { // of four such the bytes would be the same
		list = append(list, name+"="+token[:42]+string(letter))
	}
	for _, value := range []string{"", `"` + token + `"`, " " + token + " x", token + "=", token + "\x00", token + "%00", token + "," + token, "Bearer " + token, strings.ToLower(token),
		strings.Repeat(token, 150), token[:42], "null", "undefined", "0", "[]", "{}", "'or''='", "../../" + token, "\x01", "é", "\u202e" + token} {
		list = append(list, name+"="+value)
	}
	list = append(list, token, "="+token, name, name+"=="+token, name+":"+token, name+" ="+token, " "+name+"x="+token, strings.ToUpper(name)+"="+token+"x", name+"="+token+"; "+name+"="+token,
		name+"[]="+token, "$Version=1; "+name+`="`+token+`"`, name+"="+token+"; "+name+"=", ";;;;", strings.Repeat("a=b; ", 200)+name+"x="+token)
	for i, cookie := range list {
		if cookie == name+"="+token {
			continue
		}
		for _, path := range []string{"/session", "/me"} {
			a := h.raw(h.asks("GET "+path, h.public.Host, cookie))
			if a == nil || a.StatusCode < 300 || a.StatusCode >= 500 && a.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("%s with cookie %d, of %d bytes: %v", path, i, len(cookie), a)
			}
		}
	}
	for path, want := range map[string]int{"/session": http.StatusNoContent, "/me": http.StatusOK} {
		if a := h.raw(h.asks("GET "+path, h.public.Host, name+"="+token)); a == nil || a.StatusCode != want {
			t.Errorf("%s with the right one: %v: nothing is tested", path, a)
		}
	}
}

// flipped is a letter in the other case, another sign for what has none.
func flipped(b byte) string {
	if b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' {
		return string(b ^ 0x20)
	}
	return "."
}

// TestW45: a line that two readers could read in two ways opens nothing: with a session no page is shown but under its own
// address, and without one none at all (also W51).
func TestW45(t *testing.T) {
	h, mara, _ := staffed(t, sallyport.MethodApp, plan{})
	cookie := mara.name("") + "=" + mara.session()
	var lines []string
	for _, page := range []string{"me", "admin/technicians", "session"} {
		for _, form := range []string{"//%s", "///%s", "/./%s", "/../%s", "/sign-in/../%s", "/sign-in/..;/%s", "/sign-in;/../%s", "/%%2e%%2e/%s", "/%%2e/%s", "/assets/..%%2f%s", "/%%2f%s",
			"/%s;", "/%s;x=y", "/;x/%s", "/%s/", "/%s/.", "/%s%%00", "/%s%%00.css", "/%%00%s", "/%s%%20", "/%s%%2f", "/%s.", "/%s.css", `/\%s`, `\%s`, "/%%5c%s", "/%s#", "/%s%%23", "/%s%%3f", "/%%zz%s",
			"/%s%%", "%s", "?/%s", "#/%s", "/ %s", "/%s \x80", "/\x80%s", "/\xc0\xaf%s", "/\t%s", "http://evil.example/%s", "//evil.example/%s", "https:%s", "*%s"} {
			lines = append(lines, "GET "+fmt.Sprintf(form, page))
		}
		upper := strings.ToUpper(page)
		lines = append(lines, "GET /"+upper, "get /"+page, "GET\t/"+page, " GET /"+page, "GET  /"+page, "GETX /"+page, "CONNECT /"+page, "CONNECT "+h.public.Host, "OPTIONS *", "GET *",
			"TRACE /"+page, "TRACK /"+page, "DEBUG /"+page)
	}
	for _, line := range lines {
		for who, cookie := range map[string]string{"nobody": "", "Mara": cookie} {
			a := h.raw(h.asks(line, h.public.Host, cookie))
			if a == nil {
				continue // closed without a word
			}
			if a.StatusCode >= 500 && a.StatusCode != http.StatusNotImplemented && a.StatusCode != http.StatusHTTPVersionNotSupported || a.StatusCode < 300 && line != "OPTIONS *" {
				t.Errorf("%s: %q: %d", who, line, a.StatusCode)
			}
		}
	}
	if a := h.raw(h.asks("GET /me", h.public.Host, cookie)); a == nil || a.StatusCode != http.StatusOK {
		t.Errorf("the page itself: %v: nothing is tested", a)
	}
}

// TestW46: one name is the door's, in upper and lower case. Under any other, whatever it resembles, nobody is shown a page or
// let in, with a session as without one.
func TestW46(t *testing.T) {
	h, mara, _ := staffed(t, sallyport.MethodApp, plan{flags: map[string]string{"public_url": "https://desk.door.example", "trusted_proxies": "127.0.0.1"}})
	cookie := mara.name("") + "=" + mara.session()
	for _, host := range []string{"desk.door.example.", "desk.door.example:443", "desk.door.example:80", "desk.door.example:", "desk.door.example:0443", ".desk.door.example", "desk..door.example",
		"xn--desk-.door.example", "des\u212a.door.example", "ｄｅｓｋ.door.example", "desk。door.example", "desk.door.example,evil.example", "desk.door.example evil.example", "evil.example",
		"desk.door.example@evil.example", "evil.example@desk.door.example", "evil.desk.door.example", "door.example", "desk.door.example.evil.example", "desk-door.example", "desk%2edoor.example",
		"https://desk.door.example", "desk.door.example/", "desk.door.example#", "127.0.0.1", "localhost", "[::1]", "", "*"} {
		for _, path := range []string{"/session", "/me", "/sign-in"} {
			a := h.raw(h.asks("GET "+path, host, cookie))
			if a == nil || a.StatusCode != http.StatusMisdirectedRequest && a.StatusCode != http.StatusBadRequest {
				t.Errorf("%s under %q: %v", path, host, a)
			}
		}
	}
	for host, want := range map[string]int{"desk.door.example": http.StatusOK, "Desk.DOOR.example": http.StatusOK} {
		if a := h.raw(h.asks("GET /me", host, cookie)); a == nil || a.StatusCode != want {
			t.Errorf("under %q: %v", host, a)
		}
		if a := h.raw(h.asks("GET /me", host, "")); a == nil || a.StatusCode != http.StatusSeeOther {
			t.Errorf("nobody under %q: %v", host, a)
		}
	}
}

// asksForHost are the places of the product that read which host a request was sent to: they compare it, and hand it on to
// nobody. What leaves in a message is built from the configured address.
var asksForHost = []string{"internal/demo/workbench.go", "internal/web/sessioncheck.go", "internal/web/site.go"}

// TestW50: the links of an invitation and of a reset begin with the configured address, whatever a request says of the host it
// was sent to; one that names another host in its own header sends nothing. No other place of the product reads that at all.
func TestW50(t *testing.T) {
	h, mara, dana := staffed(t, sallyport.MethodApp, plan{})
	forged := map[string]string{"X-Forwarded-Host": "evil.example", "X-Forwarded-Server": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "666",
		"X-Forwarded-Prefix": "/evil", "Forwarded": "host=evil.example;proto=https", "X-Host": "evil.example", "X-Original-Host": "evil.example",
		"X-HTTP-Host-Override": "evil.example", "X-Original-URL": "https://evil.example/", "X-Rewrite-URL": "https://evil.example/", "Referer": "https://evil.example/"}
	b := h.browser()
	for name, value := range forged {
		b.header[name], mara.header[name] = value, value
	}
	b.post("/forgotten", "user_name", dana.UserName).wants(http.StatusSeeOther, "/forgotten/sent")
	mara.post("/admin/technicians/new", "first_name", "Ivy", "last_name", "Team", "email", "ivy@northwind.example", "user_name", "", "phone", "", "role", "read-only", "method", "app")
	for _, kind := range []string{"reset", "invitation"} {
		if got := h.mail.next(h, regexp.MustCompile(`(\S*)/`+kind+`/[A-Za-z0-9_-]{43}`), 0); got != h.URL {
			t.Errorf("the %s's link begins with %q", kind, got)
		}
	}
	sent := len(h.mail.all())
	form := "user_name=dana%40northwind.example"
	for _, host := range []string{"evil.example", "evil.example:" + h.public.Port(), h.public.Host + ".evil.example", h.public.Host + "@evil.example"} {
		a := h.raw("POST /forgotten HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/x-www-form-urlencoded\r\n" + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(form), form))
		if a == nil || a.StatusCode != http.StatusMisdirectedRequest && a.StatusCode != http.StatusBadRequest {
			t.Errorf("under %q: %v", host, a)
		}
	}
	b.post("/forgotten", "user_name", dana.UserName) // a letter after those that must not come
	h.eventually("one more letter came", func() bool { return len(h.mail.all()) > sent })
	for _, letter := range h.mail.all() {
		if strings.Contains(letter, "evil") {
			t.Errorf("a letter names the forged host: %q", letter)
		}
	}
	if n := len(mara.events("password.reset.asked")); n != 2 {
		t.Errorf("%d resets were asked for", n)
	}
	if reading := readingHost(t); !slices.Equal(reading, asksForHost) {
		t.Errorf("a request's host is read in %q", reading)
	}
}

var readsHost = regexp.MustCompile(`\b(?:r|req|request)\.(?:URL\.)?Host\b|"(?:X-Forwarded-(?:[^F"]|F[^o"])\w*|Forwarded|X-Original-\w+|X-Rewrite-URL)"`)

// readingHost are the files of the product, tests' helpers excepted, that read which host a request names.
func readingHost(t *testing.T) (out []string) {
	t.Helper()
	for _, folder := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join("../..", folder), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "/testkit/") {
				return err
			}
			text, err := os.ReadFile(path)
			if readsHost.Match(text) {
				out = append(out, strings.TrimPrefix(filepath.ToSlash(path), "../../"))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}
