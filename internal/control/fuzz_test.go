package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sallyport"
)

// A request through the socket is one JSON object that the operation knows, or nothing is done and the answer says so.
func FuzzOperation(f *testing.F) {
	operations := []string{"rescue", "technician/list", "technician/add", "technician/import", "technician/reset-factor", "technician/sign-out", "policy/set", "policy/logo/set", "nothing"}
	for i, body := range []string{`{"User":"dana"}`, `{}`, `{"Email":"a@x.example"}`, `{"File":"YSxi"}`, `{"User":"dana"} {"User":"ines"}`, `{"user":1}`, `{"Name":"x","Value":"1","More":2}`, `{"Picture":"!!"}`, "", "[", "null"} {
		f.Add(uint8(i), []byte(body))
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		a := &accounts{rows: []sallyport.Row{{Technician: sallyport.Technician{ID: "id1", UserNameKey: "dana"}}}}
		r := httptest.NewRequestWithContext(WithPeer(t.Context(), Peer{UID: 0}), http.MethodPost, "/"+operations[int(which)%len(operations)], bytes.NewReader(body))
		w := httptest.NewRecorder()
		face(t, a).ServeHTTP(w, r)
		one := json.Valid(body)
		if !one && (len(a.did) != 0 || w.Code == http.StatusOK) {
			t.Errorf("%q is no JSON; did %q, answered %d", body, a.did, w.Code)
		}
		if w.Code >= 500 && w.Code != http.StatusNotImplemented || w.Code < 200 {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
		if w.Code != http.StatusNotFound && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q: the answer is no JSON: %q", body, w.Body)
		}
	})
}

// Whatever a server answers with an error, the command has an error with words.
func FuzzRefused(f *testing.F) {
	for _, body := range []string{`{"kind":1,"code":"invalid","message":"no","fields":[{"name":"x"}],"after":3}`, "", "{}", "null", `{"kind":-99,"code":"x"}`, `{"code":"x","after":1e40}`, "<html>", `{"kind":"1","code":"x"}`} {
		f.Add(uint16(500), []byte(body))
	}
	f.Fuzz(func(t *testing.T, status uint16, body []byte) {
		err := refused(&http.Response{StatusCode: int(status), Status: http.StatusText(int(status)), Body: io.NopCloser(bytes.NewReader(body))})
		if err == nil || strings.TrimSpace(err.Error()) == "" {
			t.Fatalf("%q is no error: %v", body, err)
		}
		var e *sallyport.Error
		if errors.As(err, &e) && e.Code == "" {
			t.Errorf("%q: %#v", body, e)
		}
	})
}
