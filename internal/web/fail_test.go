package web

import (
	"io"
	"net/http"
	"testing"

	"sallyport"
)

// TestWhereToTryAgain: an error page knows the page that was asked for, or the one that a form stood on, and whether
// something was to be done. Another site's address is none of that.
func TestWhereToTryAgain(t *testing.T) {
	var got Failure
	h := newHarness(t, func(o *Options) {
		o.ErrorPage = func(_ io.Writer, f Failure) error { got = f; return nil }
	})
	away := func(http.ResponseWriter, *http.Request) error { return sallyport.ErrUnavailable }
	h.Add(Route{Method: "GET", Pattern: "/me", Needs: Anyone, Handler: away}, Route{Method: "POST", Pattern: "/me/password", Needs: Anyone, Body: 1000, Handler: away})
	for _, c := range []struct {
		method, path, referer, again string
		acted                        bool
	}{
		{"GET", "/me?page=2", "", "/me?page=2", false},
		{"POST", "/me/password", public + "/me?page=2", "/me?page=2", true},
		{"POST", "/me/password", public + "/me/password", "/me", true}, // where a refused form was shown again
		{"POST", "/me/password", "https://evil.example/", "/", true},
		{"POST", "/me/password", "", "/", true},
	} {
		w := h.do(request(c.method, c.path, "", "Accept", "text/html", "Referer", c.referer))
		if w.Code != 503 || got.Again != c.again || got.Acted != c.acted || got.Code != "unavailable" {
			t.Errorf("%+v: %d, %+v", c, w.Code, got)
		}
	}
}

// TestFailuresAreNotKept: what comes in the place of something that browsers may keep is kept by nobody.
func TestFailuresAreNotKept(t *testing.T) {
	h := newHarness(t)
	h.Add(Route{Method: "GET", Pattern: "/picture", Needs: Anyone, Handler: func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Cache-Control", "public, max-age=31536000")
		return sallyport.ErrUnavailable
	}})
	if w := h.do(request("GET", "/picture", "")); w.Code != 503 || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d, %q", w.Code, w.Header().Get("Cache-Control"))
	}
}
