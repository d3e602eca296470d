package web

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func prefixesOf(list ...string) Proxies {
	var p Proxies
	for _, s := range list {
		p = append(p, netip.MustParsePrefix(s))
	}
	return p
}

// TestD9_5: NUL, control characters, invalid UTF-8 and lone surrogates in a field.
func TestD9_5(t *testing.T) {
	h := newHarness(t)
	for name, value := range map[string]string{
		"NUL": "a%00b", "0x01": "%01", "escape": "%1b[31m", "0x1f": "%1f", "DEL": "%7f", "invalid UTF-8": "%ff%fe", "cut character": "%c3",
		"lone surrogate": "%ed%a0%80", "overlong": "%c0%80", "bad escape": "%zz", "half escape": "%4",
	} {
		if w := h.do(request("POST", "/act", "name="+value)); w.Code != 400 {
			t.Errorf("%s: %d", name, w.Code)
		}
		if w := h.do(request("POST", "/act", value+"=x")); w.Code != 400 {
			t.Errorf("%s as a name: %d", name, w.Code)
		}
	}
	if w := h.do(request("POST", "/act", "name=a%0d%0a%09b%E2%82%AC")); w.Code != 200 || w.Body.String() != "a\r\n\tb€" {
		t.Errorf("text in lines: %d %q", w.Code, w.Body)
	}
}

// TestD9_12: wrong content types and charsets, fields that come twice.
func TestD9_12(t *testing.T) {
	h := newHarness(t)
	for contentType, want := range map[string]int{
		FormType: 200, FormType + "; charset=UTF-8": 200, FormType + "; charset=utf-7": 415, FormType + "; charset=utf-16": 415, "text/plain": 415,
		"application/json": 415, "multipart/form-data; boundary=x": 415, "": 415, "nonsense": 415, FormType + "; charset": 415,
	} {
		if w := h.do(request("POST", "/act", "name=x", "Content-Type", contentType)); w.Code != want {
			t.Errorf("%q: %d, want %d", contentType, w.Code, want)
		}
	}
	twice := request("POST", "/act", "name=x")
	twice.Header["Content-Type"] = []string{FormType, "text/plain"}
	if w := h.do(twice); w.Code != 415 {
		t.Errorf("two content types: %d", w.Code)
	}
	if w := h.do(request("POST", "/act", "name=x", "Content-Encoding", "gzip")); w.Code != 415 {
		t.Errorf("gzip: %d", w.Code)
	}
	for body, want := range map[string]int{"name=a&name=b": 400, "id=1&id=2": 200, "name=a": 200, "name=a&role=admin": 400, "name=a;id=3": 400, "": 200} {
		if w := h.do(request("POST", "/act", body)); w.Code != want {
			t.Errorf("%q: %d, want %d", body, w.Code, want)
		}
	}
}

// TestD10_8: a field that the form does not have is refused, not passed over.
func TestD10_8(t *testing.T) {
	h := newHarness(t)
	for _, field := range []string{"role", "generation", "id[]", "Name", "name*", "id*"} {
		if w := h.do(request("POST", "/act", "name=x&"+url.QueryEscape(field)+"=admin")); w.Code != 400 {
			t.Errorf("%s: %d", field, w.Code)
		}
	}
}

func TestQueryPassesOverUnknownNames(t *testing.T) {
	r := request("GET", "/page?page=2&utm_source=x&utm_source=y&q=%25", "")
	f, err := ReadQuery(r, "page", "q")
	if err != nil || f.Get("page") != "2" || f.Get("q") != "%" || f.Has("utm_source") {
		t.Errorf("%v %v", f, err)
	}
	if _, err := ReadQuery(request("GET", "/page?page=1&page=2", ""), "page"); Status(err) != 400 {
		t.Errorf("twice: %v", err)
	}
}

func TestBodiesAreCapped(t *testing.T) {
	h := newHarness(t)
	if w := h.do(request("POST", "/act", "name="+strings.Repeat("x", MaxBody))); w.Code != 413 {
		t.Errorf("with a length: %d", w.Code)
	}
	r := request("POST", "/act", "")
	endless := &counting{}
	r.Body, r.ContentLength = endless, -1
	if w := h.do(r); w.Code != 413 || endless.n > MaxBody+64<<10 {
		t.Errorf("without a length: %d after %d bytes", w.Code, endless.n)
	}
	promised := &counting{}
	r = request("POST", "/act", "")
	r.Body, r.ContentLength = promised, MaxBody+1
	if w := h.do(r); w.Code != 413 || promised.n != 0 {
		t.Errorf("with a length that says so: %d after %d bytes", w.Code, promised.n)
	}
	whole := "name=" + strings.Repeat("x", MaxBody-len("name="))
	for body, want := range map[string]int{whole: 200, whole + "x": 413} {
		r := request("POST", "/act", body)
		r.ContentLength = -1
		if w := h.do(r); w.Code != want {
			t.Errorf("%d bytes without a length: %d", len(body), w.Code)
		}
	}
	if w := h.do(request("POST", "/act", "name=1"+strings.Repeat("&id=1", 10_000))); w.Code != 400 {
		t.Errorf("10,000 fields: %d", w.Code)
	}
	for n, want := range map[int]int{maxFields: 200, maxFields + 1: 400} {
		if w := h.do(request("POST", "/act", "name=1"+strings.Repeat("&id=1", n-1))); w.Code != want {
			t.Errorf("%d fields: %d", n, w.Code)
		}
	}
}

// counting is a body without end.
type counting struct{ n int }

func (c *counting) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	c.n += len(p)
	return len(p), nil
}

func (c *counting) Close() error { return nil }

func TestUpload(t *testing.T) {
	h := newHarness(t)
	h.Add(Route{Method: "POST", Pattern: "/upload", Needs: Anyone, Types: []string{MultipartType}, Body: 2000, Handler: func(w http.ResponseWriter, r *http.Request) error {
		f, content, err := ReadUpload(r, "file", "note")
		if err != nil {
			return err
		}
		return Text(w, 200, f.Get("note")+"|"+string(content))
	}})
	part := func(fields ...string) (string, string) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for i := 0; i < len(fields); i += 2 {
			p, err := w.CreateFormField(fields[i])
			if err != nil {
				t.Fatal(err)
			}
			_, _ = p.Write([]byte(fields[i+1]))
		}
		w.Close()
		return b.String(), w.FormDataContentType()
	}
	for _, c := range []struct {
		fields []string
		want   int
		body   string
	}{
		{[]string{"note", "n", "file", "a,b\n\x00\xff"}, 200, "n|a,b\n\x00\xff"}, {[]string{"note", "a", "note", "b"}, 400, ""}, {[]string{"file", "", "file", "b"}, 400, ""},
		{[]string{"role", "admin"}, 400, ""}, {[]string{"note", "\x00"}, 400, ""}, {[]string{"file", strings.Repeat("x", 3000)}, 413, ""},
	} {
		body, contentType := part(c.fields...)
		w := h.do(request("POST", "/upload", body, "Content-Type", contentType))
		if w.Code != c.want || c.body != "" && w.Body.String() != c.body {
			t.Errorf("%q: %d %q", c.fields, w.Code, w.Body)
		}
		r := request("POST", "/upload", body, "Content-Type", contentType)
		r.ContentLength = -1 // as it comes in chunks
		if w := h.do(r); w.Code != c.want {
			t.Errorf("%q in chunks: %d", c.fields, w.Code)
		}
	}
	if w := h.do(request("POST", "/upload", "nonsense", "Content-Type", "multipart/form-data; boundary=q")); w.Code != 400 {
		t.Errorf("nonsense: %d", w.Code)
	}
	h.Add(Route{Method: "POST", Pattern: "/many", Needs: Anyone, Types: []string{MultipartType}, Handler: func(w http.ResponseWriter, r *http.Request) error {
		if _, _, err := ReadUpload(r, "file", "note*"); err != nil {
			return err
		}
		return Text(w, 200, "")
	}})
	for n, want := range map[int]int{maxFields: 200, maxFields + 1: 400} {
		body, contentType := part(slices.Repeat([]string{"note", "x"}, n)...)
		if w := h.do(request("POST", "/many", body, "Content-Type", contentType)); w.Code != want {
			t.Errorf("%d parts: %d", n, w.Code)
		}
	}
}

func TestOriginsOfUnsafeRequests(t *testing.T) {
	cookie := "__Host-sallyport=x"
	for name, c := range map[string]struct {
		headers []string
		want    int
	}{
		"our own form":              {[]string{"Sec-Fetch-Site", "same-origin", "Origin", public, "Cookie", cookie}, 200},
		"old browser":               {[]string{"Sec-Fetch-Site", "", "Origin", public, "Cookie", cookie}, 200},
		"typed by hand":             {[]string{"Sec-Fetch-Site", "none", "Cookie", cookie}, 200},
		"a program without cookie":  {[]string{"Sec-Fetch-Site", ""}, 200},
		"a cookie from nowhere":     {[]string{"Sec-Fetch-Site", "", "Cookie", cookie}, 403},
		"another site":              {[]string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example", "Cookie", cookie}, 403},
		"a sister":                  {[]string{"Sec-Fetch-Site", "same-site", "Origin", "https://x.door.example"}, 403},
		"another origin, old":       {[]string{"Sec-Fetch-Site", "", "Origin", "https://evil.example"}, 403},
		"our host over http":        {[]string{"Sec-Fetch-Site", "", "Origin", "http://door.example"}, 403},
		"our host, another port":    {[]string{"Sec-Fetch-Site", "", "Origin", "https://door.example:8443"}, 403},
		"null":                      {[]string{"Sec-Fetch-Site", "", "Origin", "null"}, 403},
		"null that claims the same": {[]string{"Sec-Fetch-Site", "same-origin", "Origin", "null"}, 403},
	} {
		if w := newHarness(t).do(request("POST", "/act", "name=x", c.headers...)); w.Code != c.want {
			t.Errorf("%s: %d, want %d", name, w.Code, c.want)
		}
	}
	r := request("POST", "/act", "name=x")
	r.Header["Origin"] = []string{public, "https://evil.example"}
	if w := newHarness(t).do(r); w.Code != 403 {
		t.Errorf("two origins: %d", w.Code)
	}
	r = request("POST", "/act", "name=x")
	r.Header["Origin"], r.Header["Sec-Fetch-Site"] = nil, []string{"same-origin", "cross-site"}
	if w := newHarness(t).do(r); w.Code != 403 {
		t.Errorf("two words about where it comes from: %d", w.Code)
	}
}

func TestClientAddress(t *testing.T) {
	p := prefixesOf("10.0.0.0/8", "127.0.0.1/32", "2001:db8::/32")
	for _, c := range []struct{ peer, forwarded, want string }{
		{"198.51.100.7:1", "1.2.3.4", "198.51.100.7"}, {"10.0.0.1:1", "1.2.3.4", "1.2.3.4"}, {"10.0.0.1:1", "6.6.6.6, 1.2.3.4, 10.9.9.9", "1.2.3.4"},
		{"10.0.0.1:1", "", "10.0.0.1"}, {"10.0.0.1:1", "nonsense", "10.0.0.1"}, {"10.0.0.1:1", "1.2.3.4, nonsense", "10.0.0.1"}, {"10.0.0.1:1", "nonsense, 1.2.3.4", "1.2.3.4"},
		{"10.0.0.1:1", "10.1.1.1, 10.2.2.2", "10.0.0.1"}, {"[::ffff:10.0.0.1]:1", "::ffff:1.2.3.4", "1.2.3.4"}, {"[2001:db8::1]:1", "2002::5", "2002::5"},
		{"10.0.0.1:1", "1.2.3.4:5678", "10.0.0.1"}, {"10.0.0.1:1", "fe80::1%eth0", "fe80::1"}, {"nonsense", "1.2.3.4", "invalid IP"},
	} {
		r := request("GET", "/page", "")
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := p.Client(r).String(); got != c.want {
			t.Errorf("%s for %q: %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
	r := request("GET", "/page", "")
	r.RemoteAddr, r.Header["X-Forwarded-For"] = "10.0.0.1:1", []string{"6.6.6.6", "1.2.3.4"}
	if got := p.Client(r).String(); got != "1.2.3.4" {
		t.Errorf("two lines: %s", got)
	}
}

func FuzzClientAddress(f *testing.F) {
	f.Add("10.0.0.1:1", "1.2.3.4, 10.0.0.2")
	p := prefixesOf("10.0.0.0/8")
	f.Fuzz(func(t *testing.T, peer, forwarded string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {forwarded}}}
		got := p.Client(r)
		if from := peerOf(peer); !p.Lists(from) && got != from {
			t.Errorf("%q spoke for %v", peer, got)
		}
	})
}

func FuzzForm(f *testing.F) {
	f.Add("name=a&id=1&id=2")
	f.Fuzz(func(t *testing.T, raw string) {
		form, err := parse(raw, []string{"name", "id*"}, false)
		if err != nil {
			if Status(err) != 400 {
				t.Errorf("%v", err)
			}
			return
		}
		for name, all := range form.values {
			if name != "name" && name != "id" || name == "name" && len(all) > 1 {
				t.Errorf("%q let through %q", raw, name)
			}
			for _, v := range all {
				if !utf8.ValidString(v) || strings.Contains(v, "\x00") {
					t.Errorf("%q let through %q", raw, v)
				}
			}
		}
	})
}

// TestD9_9: what a client sends leaves the log line one line, and its text harmless.
func TestD9_9(t *testing.T) {
	h := newHarness(t)
	r := request("GET", "/x%0d%0a{\"msg\":\"fake\"}%1b[31m\u2028", "", "User-Agent", "evil\x1b[31m\u2028\",\"msg\":\"fake", "X-Request-Id", "fake")
	r.Method = "GE\u2028T\x1b"
	h.do(r)
	line := h.log.String()
	if strings.Count(line, "\n") != 1 || strings.ContainsAny(line, "\x1b\u2028") || strings.Contains(line, `"msg":"fake`) {
		t.Errorf("log: %q", line)
	}
}

func TestLogHoldsNeitherQueryNorTokens(t *testing.T) {
	h := newHarness(t)
	for _, path := range []string{"/invitation/SECRET", "/reset/SECRET", "/set-up/SECRET/x", "/rescue/SECRET", "/page?code=SECRET", "/Invitation/SECRET"} {
		h.do(request("GET", path, "", "Referer", public+"/reset/SECRET", "Cookie", "a=SECRET"))
	}
	if strings.Contains(h.log.String(), "SECRET") {
		t.Errorf("log: %s", h.log.String())
	}
	if n := strings.Count(h.log.String(), "[token]"); n != 5 {
		t.Errorf("%d redactions", n)
	}
}

func TestBrowserNames(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0":                                                        "Firefox on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0":           "Edge on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/130.0.0.0 Safari/537.36":                           "Chrome on Linux",
		"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36":        "Samsung Internet on Android",
		"curl/8.5.0": "curl", "": "Unknown browser", "<script>alert(1)</script>\x1b[31m": "Unknown browser", strings.Repeat("x", 5000) + "Firefox/1": "Unknown browser",
	} {
		if got := browserName(agent); got != want {
			t.Errorf("%q: %q", agent, got)
		}
	}
}

func TestLimitIsPerNetworkAndBounded(t *testing.T) {
	l, now := newLimiter(1), time.Unix(1, 0)
	a, b := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::ffff")
	for range 5 {
		if !l.allow(a, now) {
			t.Fatal("refused within the burst")
		}
	}
	if l.allow(b, now) {
		t.Error("a neighbour in the same /64 has its own count")
	}
	if !l.allow(netip.MustParseAddr("2001:db8:0:1::1"), now) || !l.allow(netip.MustParseAddr("192.0.2.1"), now) || !l.allow(netip.MustParseAddr("192.0.2.2"), now) {
		t.Error("others are refused")
	}
	if !l.allow(b, now.Add(time.Second)) {
		t.Error("still refused after a second")
	}
	for i := range 3 * maxPeers {
		l.allow(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), now)
	}
	if len(l.peers) != maxPeers || l.order.Len() != maxPeers {
		t.Errorf("%d networks remembered", len(l.peers))
	}
	if free := newLimiter(0); !free.allow(a, now) {
		t.Error("0 must be any number")
	}
	busy := netip.MustParseAddr("198.51.100.1")
	for i := range maxPeers + 1 { // whoever goes on asking is remembered, however many others come
		if l.allow(busy, now) && i >= 5 {
			t.Fatalf("a busy network was forgotten after %d others", i)
		}
		l.allow(netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)}), now)
	}
	h := newHarness(t, func(o *Options) { o.PerSecond = 1 })
	for range 5 {
		h.do(request("GET", "/page", ""))
	}
	if w := h.do(request("GET", "/page", "")); w.Code != 429 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
}
