package view

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAssets(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	url, err := r.assets.URL("tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, method, path string
		status             int
		cache              string
	}{
		{"by its hash", "GET", url, 200, "public, max-age=31536000, immutable"},
		{"head", "HEAD", url, 200, "public, max-age=31536000, immutable"},
		{"post", "POST", url, 405, ""},
		{"without the hash", "GET", "/assets/tokens.css", 404, ""},
		{"another hash", "GET", "/assets/tokens-000000000000.css", 404, ""},
		{"the folder", "GET", "/assets/", 404, ""},
		{"out of the folder", "GET", "/assets/../templates/door/own.html", 404, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			req := httptest.NewRequest(c.method, "/", http.NoBody)
			req.URL.Path = c.path
			r.Assets().ServeHTTP(w, req)
			if w.Code != c.status || c.status == 200 && w.Header().Get("Cache-Control") != c.cache {
				t.Errorf("%d %q, want %d %q", w.Code, w.Header().Get("Cache-Control"), c.status, c.cache)
			}
		})
	}
	if _, err := r.assets.URL("none.css"); err == nil {
		t.Error("an asset that is not there has an address")
	}
}

// TestNothingFromElsewhere: styles and scripts name no other host.
func TestNothingFromElsewhere(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for url, a := range r.assets.byURL {
		text := strings.ReplaceAll(string(a.body), `xmlns="http://www.w3.org/2000/svg"`, "")
		for _, bad := range []string{"http://", "https://", "@import", "innerHTML", "eval("} {
			if strings.Contains(text, bad) {
				t.Errorf("%s holds %q", url, bad)
			}
		}
	}
}
