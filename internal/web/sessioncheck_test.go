package web

import (
	"context"
	"errors"
	"strings"
	"testing"

	"sallyport"
)

// TestSessionCheckCouldNotLook: neither yes nor no; the log says why once a second, under the request id of the answers.
func TestSessionCheckCouldNotLook(t *testing.T) {
	for _, failed := range []error{sallyport.ErrUnavailable.Because(errors.New("no connection")), errors.New("no connection")} {
		h := newHarness(t, func(o *Options) {
			o.Check = func(context.Context, sallyport.Token) (bool, error) { return true, failed }
		})
		ids := map[string]bool{}
		for _, body := range []string{"", "", "", "body"} {
			w := h.do(request("GET", "/session", body, "Cookie", "__Host-sallyport="+sallyport.NewToken().Reveal(), "Accept", "text/html"))
			if w.Code != 503 || w.Body.Len() != 0 || w.Header().Get("Retry-After") != "5" || len(w.Header()["Set-Cookie"])+len(w.Header()["Location"]) != 0 {
				t.Errorf("answered %d, %v", w.Code, w.Header())
			}
			ids[w.Header().Get("Request-Id")] = true
		}
		for id := range ids {
			if n := strings.Count(h.log.String(), id); id == "" || n != 1 {
				t.Errorf("%d log lines for %q", n, id)
			}
		}
		if lines := strings.Count(h.log.String(), "could not look"); lines != len(ids) || len(ids) > 2 || !strings.Contains(h.log.String(), "no connection") {
			t.Errorf("%d lines for %d ids: %s", lines, len(ids), h.log.String())
		}
		if yes, no, unknown := h.SessionChecks(); yes != 0 || no != 0 || unknown != 4 {
			t.Errorf("counted %d, %d, %d", yes, no, unknown)
		}
	}
}

func TestSessionCheck(t *testing.T) {
	good := sallyport.NewToken()
	h := newHarness(t, func(o *Options) {
		o.Check = func(_ context.Context, got sallyport.Token) (bool, error) { return got == good, nil }
	})
	for _, c := range []struct {
		cookie string
		want   int
	}{
		{"__Host-sallyport=" + good.Reveal(), 204}, {"a=b; __Host-sallyport=" + good.Reveal() + "; c=d", 204}, {"", 401},
		{"__Host-sallyport=" + sallyport.NewToken().Reveal(), 401}, {"sallyport=" + good.Reveal(), 401},
	} {
		if w := h.do(request("GET", "/session", "", "Cookie", c.cookie)); w.Code != c.want || w.Body.Len() != 0 {
			t.Errorf("%q: %d", c.cookie, w.Code)
		}
	}
	if h.log.Len() != 0 {
		t.Errorf("logged: %s", h.log.String())
	}
	if yes, no, unknown := h.SessionChecks(); yes != 2 || no != 3 || unknown != 0 {
		t.Errorf("counted %d, %d, %d", yes, no, unknown)
	}
	if w := h.do(request("GET", "/session", "body", "Cookie", "__Host-sallyport="+good.Reveal())); w.Code != 204 {
		t.Errorf("with a body: %d", w.Code)
	}
	if w := h.do(request("GET", "/session", strings.Repeat("x", MaxBody+1), "Cookie", "__Host-sallyport="+good.Reveal())); w.Code != 413 {
		t.Errorf("with a body beyond the cap: %d", w.Code)
	}
	if without := newHarness(t); without.do(request("GET", "/session", "", "Cookie", "__Host-sallyport="+good.Reveal())).Code != 401 {
		t.Error("a yes without anybody who can say it")
	}
}
