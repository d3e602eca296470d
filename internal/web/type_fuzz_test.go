package web

import (
	"net/http"
	"strings"
	"testing"
)

// A body is taken only as what the route reads: its type and no other, in UTF-8, said once.
func FuzzContentType(f *testing.F) {
	const form = "application/x-www-form-urlencoded"
	for _, kind := range []string{form, form + "; charset=UTF-8", "text/plain", form + "; charset=utf-7", "", form + ", text/plain", strings.ToUpper(form), form + ";", "multipart/form-data; boundary=x"} {
		f.Add(kind, "")
		f.Add(kind, "gzip")
	}
	route := Route{Method: http.MethodPost, Pattern: "/me/password", Needs: Anyone}
	f.Fuzz(func(t *testing.T, kind, encoding string) {
		r := &http.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {kind}}}
		if encoding != "" {
			r.Header["Content-Encoding"] = []string{encoding}
		}
		err := checkType(r, route)
		if err != nil {
			if Status(err) != http.StatusUnsupportedMediaType {
				t.Errorf("%q: %v", kind, err)
			}
			return
		}
		before, after, _ := strings.Cut(strings.ToLower(kind), ";")
		if strings.TrimSpace(before) != form || strings.Contains(after, "charset") && !strings.Contains(after, "utf-8") || encoding != "" {
			t.Errorf("%q with %q is taken", kind, encoding)
		}
	})
}
