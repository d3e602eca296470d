package kannel

import (
	"errors"
	"strings"
	"testing"

	"sallyport"
)

// Only "0:" with one of Kannel's two good statuses is a success; every other answer is a SendError with words.
func FuzzRead(f *testing.F) {
	f.Add(202, "0: Accepted for delivery", false)
	f.Add(202, "3: Queued for later delivery", false)
	f.Add(403, "Authorization failed for sendsms", false)
	f.Add(200, "", true)
	f.Add(503, "0:", false)
	f.Add(302, "0:", false)
	f.Fuzz(func(t *testing.T, status int, body string, broken bool) {
		var cut error
		if broken {
			cut = errors.New("broke off")
		}
		err := read(status, body, cut)
		if err == nil {
			if !strings.HasPrefix(body, "0:") || status != 200 && status != 202 {
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
