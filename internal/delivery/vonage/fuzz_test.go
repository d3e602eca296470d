package vonage

import (
	"encoding/json"
	"errors"
	"testing"

	"sallyport"
)

// Whatever comes back, a success is only said where each part was taken and has a number, and every other answer is a
// SendError with words.
func FuzzRead(f *testing.F) {
	f.Add(200, []byte(`{"message-count":"1","messages":[{"status":"0","message-id":"0C1"}]}`))
	f.Add(200, []byte(`{"message-count":"2","messages":[{"status":"0","message-id":"0C1"},{"status":"9"}]}`))
	f.Add(200, []byte(`{"message-count":"1","messages":[{"status":"4","error-text":"Bad Credentials"}]}`))
	f.Add(200, []byte(`{"messages":[]}`))
	f.Add(200, []byte(`{"messages":[{"status":0}]}`))
	f.Add(401, []byte(``))
	f.Add(503, []byte("<html>"))
	f.Add(0, []byte("null"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		err := read(status, body)
		if err == nil {
			var said struct {
				Messages []map[string]any `json:"messages"`
			}
			if json.Unmarshal(body, &said) != nil || len(said.Messages) == 0 || status < 200 || status > 299 {
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
