package attack

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// canaries are the secrets of a run, to be looked for in all that the run leaves behind.
type canaries struct {
	mu      sync.Mutex
	secrets map[string]string // secret → what it is
	headers []string          // what the answers' headers held, cookies excepted: addresses above all
}

// know adds a secret. Raw bytes go in as a string.
func (c *canaries) know(what string, secrets ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.secrets == nil {
		c.secrets = map[string]string{}
	}
	for _, s := range secrets {
		if len(s) < 6 {
			panic("a secret of " + what + " is too short to be looked for")
		}
		c.secrets[s] = what
	}
}

// saw learns the cookies of an answer, and keeps its other headers.
func (c *canaries) saw(resp *http.Response, a answer) {
	if c == nil {
		return
	}
	for _, cookie := range resp.Cookies() {
		if cookie.Value != "" {
			c.know("cookie "+cookie.Name, cookie.Value)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, values := range a.Header {
		if name != "Set-Cookie" {
			c.headers = append(c.headers, a.what[:4]+" "+name+": "+strings.Join(values, ", "))
		}
	}
}

// spelling is one form of a secret.
type spelling struct {
	text   []byte
	what   string
	digits bool // found only where no other digit or letter stands beside them, as a code is: ids, digests and times hold any digits
}

// search finds secrets in a place, in any form. All forms are known by their first two bytes.
type search [1 << 16][]spelling

func (c *canaries) search() *search {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := &search{}
	for secret, what := range c.secrets {
		for form, text := range forms(secret) {
			first := int(text[0])<<8 | int(text[1])
			all[first] = append(all[first], spelling{[]byte(text), fmt.Sprintf("%s (%s) %q", what, form, text), strings.Trim(text, "0123456789") == ""})
		}
	}
	return all
}

// leaks names the secrets that stand in a place.
func (all *search) leaks(place []byte) []string {
	found := map[string]bool{}
	for i := 1; i < len(place); i++ {
		for _, s := range all[int(place[i-1])<<8|int(place[i])] {
			if s.at(place, i-1) {
				found[s.what] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func (s spelling) at(place []byte, i int) bool {
	if !bytes.HasPrefix(place[i:], s.text) {
		return false
	}
	end := i + len(s.text)
	return !s.digits || !(i > 0 && word(place[i-1])) && !(end < len(place) && word(place[end]))
}

func word(b byte) bool { return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

// forms are the spellings under which a secret could lie somewhere. A token or key is a spelling itself: its bytes are
// looked for as well.
func forms(secret string) map[string]string {
	out := map[string]string{"plain": secret, "URL-encoded": url.QueryEscape(secret)}
	encoded(out, "", []byte(secret))
	if raw, err := base64.RawURLEncoding.DecodeString(secret); err == nil && len(raw) == 32 {
		out["bytes"] = string(raw)
		encoded(out, "bytes in ", raw)
	}
	if raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret); err == nil && len(raw) >= 20 {
		out["bytes"] = string(raw)
		encoded(out, "bytes in ", raw)
		groups := strings.TrimSpace(regexp.MustCompile(`.{4}`).ReplaceAllString(secret, "$0 ")) // as a page shows a key, and as people note it down
		for between, form := range map[string]string{"": "letters", " ": "groups", "-": "groups with hyphens", "+": "groups in an address", "%20": "groups in a path"} {
			written := strings.ReplaceAll(groups, " ", between)
			out[form], out["small "+form] = written, strings.ToLower(written)
		}
	}
	return out
}

func encoded(out map[string]string, prefix string, b []byte) {
	out[prefix+"hex"], out[prefix+"capital hex"] = hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b))
	out[prefix+"base32"] = strings.TrimRight(base32.StdEncoding.EncodeToString(b), "=")
	if len(b) < 12 {
		return // what is left of a short one after cutting is found by chance
	}
	for shift := range 3 { // inside a longer text the same bytes begin at one of three places
		long := append(make([]byte, shift), b...)
		for name, e := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			text := e.EncodeToString(long)
			cut := []int{0, 2, 3}[shift]
			out[fmt.Sprintf("%s%s+%d", prefix, name, shift)] = text[cut : len(text)-2]
		}
	}
}

// TestLeaksAreFound holds the search itself to account: a secret hidden in each of its forms is found.
func TestLeaksAreFound(t *testing.T) {
	c := &canaries{}
	token := "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF"
	c.know("password", "copper lantern & 7 otters")
	c.know("token", token)
	c.know("code", "040917")
	all := c.search()
	if found := all.leaks([]byte(`{"took_us":1040917,"at":"0409170","time":"10:00:00.040917Z","id":"kq040917xw","leaf":"9f040917ab"} nothing here`)); len(found) > 0 {
		t.Errorf("found %q", found)
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	key := "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	c.know("app key", key)
	all = c.search()
	for _, place := range []string{
		"k " + key + " k", "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ", "gezd-gnbv-gy3t-qojq-gezd-gnbv-gy3t-qojq", strings.ToLower(key), "?k=GEZD+GNBV+GY3T+QOJQ+GEZD+GNBV+GY3T+QOJQ",
		"/gezd%20gnbv%20gy3t%20qojq%20gezd%20gnbv%20gy3t%20qojq", "otpauth://totp/x?secret=" + key + "&digits=6", "\x0012345678901234567890\x00",
		"x copper lantern & 7 otters x", "?p=copper+lantern+%26+7+otters", "#040917", "code=040917;", "your code is 040917.", `{"code":"040917"}`, "040917",
		"pw " + base64.StdEncoding.EncodeToString([]byte("user:copper lantern & 7 otters!")), "pw " + base64.StdEncoding.EncodeToString([]byte("u:copper lantern & 7 otters")),
		"pw " + base64.StdEncoding.EncodeToString([]byte("copper lantern & 7 otters")), hex.EncodeToString([]byte("copper lantern & 7 otters")),
		token, "\x00" + string(raw) + "\x00", fmt.Sprintf("%x", raw), base32.StdEncoding.EncodeToString(raw), base64.StdEncoding.EncodeToString(raw),
	} {
		if len(all.leaks([]byte(place))) == 0 {
			t.Errorf("not found in %q", place)
		}
	}
}
