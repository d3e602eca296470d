package web

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
)

// The path after sign-in is one of this site, whatever came in the address: as a browser resolves it, which reads a
// backslash as a slash and passes over tabs and line ends, and as http.Redirect cleans it.
func FuzzLocalPath(f *testing.F) {
	for _, p := range []string{"/me", "/admin/audit?q=a%20b#x", "//evil.example", "/\\evil.example", "/\t/evil.example", "https://evil.example", "/.//evil.example", "", "/%2F%2fevil.example"} {
		f.Add(p)
	}
	base := &url.URL{Scheme: "https", Host: "door.example", Path: "/sign-in"}
	f.Fuzz(func(t *testing.T, asked string) {
		got := LocalPath(asked)
		if got != asked && got != "/" {
			t.Fatalf("%q became %q", asked, got)
		}
		if LocalPath(got) != got {
			t.Errorf("%q is not taken twice", got)
		}
		asBrowser := strings.NewReplacer("\t", "", "\n", "", "\r", "", "\\", "/").Replace(strings.TrimFunc(got, func(r rune) bool { return r <= ' ' }))
		before, _, _ := strings.Cut(got, "?")
		for _, way := range []string{got, asBrowser, path.Clean(before)} {
			u, err := base.Parse(way)
			if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || u.User != nil || !strings.HasPrefix(way, "/") || strings.HasPrefix(way, "//") {
				t.Errorf("%q leads to %q: %v, %v", asked, way, u, err)
			}
		}
	})
}

// One name is answered, in upper and lower case, and no other that some reader could take for it.
func FuzzHost(f *testing.F) {
	const ours = "desk.example:8443"
	for _, host := range []string{ours, "DESK.example:8443", "des\u212a.example:8443", "desk.example", "desk.example.:8443", "evil.example", "", "desk.example:8443,evil.example", "desk.example:08443"} {
		f.Add(host)
	}
	site, err := New(Options{Public: "https://" + ours})
	if err != nil {
		f.Fatal(err)
	}
	lower := func(s string) string {
		b := []byte(s)
		for i, c := range b {
			if 'A' <= c && c <= 'Z' {
				b[i] = c + 'a' - 'A'
			}
		}
		return string(b)
	}
	f.Fuzz(func(t *testing.T, host string) {
		err := site.admit(site.newContext(nil, &http.Request{}), &http.Request{Method: http.MethodGet, Host: host, URL: &url.URL{Path: "/"}})
		if (err == nil) != (lower(host) == ours) {
			t.Errorf("%q: %v", host, err)
		}
		if err != nil && (Status(err) != http.StatusMisdirectedRequest || host != "" && !strings.Contains("https://"+ours, host) && strings.Contains(err.Error(), host) && len(host) > 20) {
			t.Errorf("%q: %v", host, err)
		}
	})
}

// What changes something comes from our own pages: an origin that is named is ours to the letter, and a browser that
// names none is not believed.
func FuzzOrigin(f *testing.F) {
	for _, o := range []string{public, "null", "", "http://door.example", public + "/", public + ".evil.example", "https://DOOR.example", "https://evil.example"} {
		f.Add(o, "same-origin", true)
		f.Add(o, "", true)
		f.Add(o, "cross-site", false)
	}
	check := newOriginCheck(public)
	f.Fuzz(func(t *testing.T, origin, site string, cookie bool) {
		r := &http.Request{Method: http.MethodPost, Host: "door.example", URL: &url.URL{Path: "/me/password"}, Header: http.Header{}}
		for name, v := range map[string]string{"Origin": origin, "Sec-Fetch-Site": site} {
			if v != "" {
				r.Header[name] = []string{v}
			}
		}
		if cookie {
			r.Header.Set("Cookie", "a=b")
		}
		if err := check.check(r); err != nil {
			if Status(err) != http.StatusForbidden {
				t.Errorf("%v", err)
			}
			return
		}
		if origin != "" && origin != public || site == "cross-site" || site == "same-site" || cookie && origin == "" && site == "" {
			t.Errorf("origin %q, site %q, cookie %v was taken", origin, site, cookie)
		}
	})
}

// A one-use token does not reach the log, however the address that holds it is written.
func FuzzLogPath(f *testing.F) {
	for _, p := range []string{"/invitation/", "/set%2Dup/", "/Reset/", "//rescue/", "/rescue%2F", "/x/../reset/", "/admin/technicians/", "/", "/%E2%84%AA/", "/invitation/%41"} {
		f.Add(p, "")
		f.Add(p, "/x?y")
	}
	const token = "4aF_-x7QmV2nTcB8wLr5JdYh3GsKpUe6RfXiN0oAvM1"
	f.Fuzz(func(t *testing.T, before, after string) {
		u, err := url.ParseRequestURI(before + token + after)
		if err != nil {
			return
		}
		got := logPath(u)
		read, _ := url.PathUnescape(got) // one that was cut in the midst of a sign cannot be read
		if strings.Contains(got, token) || strings.Contains(read, token) {
			t.Errorf("%q and %q: %s", before, after, got)
		}
		if len(got) > 300 || strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Errorf("%q and %q: %q is not fit for a log", before, after, got)
		}
	})
}

// A query is read like a form, but what it does not know is passed over: no name that nobody asked for, none twice, no
// character that nobody can type.
func FuzzQuery(f *testing.F) {
	for _, q := range []string{"q=a&page=2", "page=1&page=2", "q=%00", "q=%ff", "q=a;page=2", "x=%zz", "x=%00&q=b", "q", "&&&", "q=%0d%0aSet-Cookie:x"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := ReadQuery(&http.Request{URL: &url.URL{RawQuery: raw}}, "q", "page")
		if err != nil {
			if Status(err) != http.StatusBadRequest {
				t.Errorf("%v", err)
			}
			return
		}
		for name, all := range q.values {
			if name != "q" && name != "page" || len(all) != 1 || strings.ContainsFunc(all[0], forbidden) || strings.ToValidUTF8(all[0], "") != all[0] {
				t.Errorf("%q: %q = %q", raw, name, all)
			}
		}
	})
}
