package twilio

import (
	"encoding/json"
	"errors"
	"testing"

	"sallyport"
)

// Whatever comes back, a success is only said for Twilio's own answer with a message's number, and every other answer is
// a SendError with words.
func FuzzRead(f *testing.F) {
	f.Add(201, []byte(`{"sid":"SM1","status":"queued","error_code":null}`))
	f.Add(201, []byte(`{"sid":"SM1","status":"failed","error_code":30003}`))
	f.Add(200, []byte(`{"sid":7}`))
	f.Add(400, []byte(`{"code":21211}`))
	f.Add(301, []byte(``))
	f.Add(503, []byte("<html>"))
	f.Add(0, []byte("null"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		err := read(status, body)
		var sent struct {
			SID string `json:"sid"`
		}
		if err == nil {
			if json.Unmarshal(body, &sent) != nil || sent.SID == "" || status < 200 || status > 299 {
				t.Errorf("%d %q is taken for a success", status, body)
			}
			return
		}
		var failed *sallyport.SendError
		if !errors.As(err, &failed) || failed.Hint == "" {
			t.Errorf("%d %q: %v", status, body, err)
		}
	})
}
