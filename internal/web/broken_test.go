package web

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sallyport"
)

// TestAnswerThatBreaksOffIsNoWholeOne: a download whose second half cannot be read, or whose handler panics, does not end as
// if it were whole: whoever keeps it would take what is there for everything.
func TestAnswerThatBreaksOffIsNoWholeOne(t *testing.T) {
	h := newHarness(t)
	first := strings.Repeat("line\n", 20_000)
	for path, end := range map[string]func() error{
		"/whole": func() error { return nil }, "/lost": func() error { return errors.New("the database went away") }, "/boom": func() error { panic("at a bad moment") },
	} {
		h.Add(Route{Method: "GET", Pattern: path, Needs: Anyone, Handler: func(w http.ResponseWriter, _ *http.Request) error {
			if _, err := io.WriteString(w, first); err != nil {
				return err
			}
			return end()
		}})
	}
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		s := httptest.NewUnstartedServer(h)
		s.EnableHTTP2 = proto == "HTTP/2.0"
		s.StartTLS()
		for path, whole := range map[string]bool{"/whole": true, "/lost": false, "/boom": false} {
			r, err := http.NewRequest("GET", s.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = "door.example"
			resp, err := s.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.Proto != proto || len(got) > len(first) || (err == nil) != whole {
				t.Errorf("%s %s: %d of %d bytes, %v", resp.Proto, path, len(got), len(first), err)
			}
		}
		s.Close()
	}
	for _, why := range []string{"the database went away", "at a bad moment"} {
		if !strings.Contains(h.log.String(), why) {
			t.Errorf("the log does not say %q", why)
		}
	}
	if n := strings.Count(h.log.String(), `"msg":"request"`); n != 6 {
		t.Errorf("%d requests in the log", n)
	}
}

// TestErrorIsNoDownload: a download that fails before its first byte is an error page to be read, not a file to be kept.
func TestErrorIsNoDownload(t *testing.T) {
	h := newHarness(t)
	h.Add(Route{Method: "GET", Pattern: "/export", Needs: Anyone, Handler: func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "text/csv")
		w.Header().Set("Content-Disposition", `attachment; filename="audit.csv"`)
		w.Header().Set("ETag", `"1"`)
		return sallyport.ErrUnavailable
	}})
	w := h.do(request("GET", "/export", "", "Accept", "text/html"))
	if got := w.Header(); w.Code != 503 || got.Get("Content-Disposition") != "" || got.Get("ETag") != "" || !strings.HasPrefix(got.Get("Content-Type"), "text/html") {
		t.Errorf("%d %v", w.Code, got)
	}
}
