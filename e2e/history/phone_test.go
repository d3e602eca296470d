package history

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
)

// message is a code as it came to a phone.
type message struct {
	digits string
	came   int64
}

// phones are the technicians' phones behind a gateway for text messages. Now and then the gateway says that it failed,
// though the message came: then a fresh code may be asked for at once.
type phones struct {
	url string
	mu  sync.Mutex
	all map[string][]message // by number, in the order in which they came
	n   int
}

var lastLine = regexp.MustCompile(`#(\d{6})$`)

func newPhones(t testing.TB, now func() int64) *phones {
	p := &phones{all: map[string][]message{}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came := now()
		var text struct{ To, Text string }
		if err := json.NewDecoder(r.Body).Decode(&text); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if code := lastLine.FindStringSubmatch(text.Text); code != nil && p.keep(text.To, message{code[1], came})%3 == 0 {
			_, _ = io.WriteString(w, "ERROR")
		}
	}))
	t.Cleanup(s.Close)
	p.url = s.URL
	return p
}

func (p *phones) keep(to string, m message) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all[to] = append(p.all[to], m)
	p.n++
	return p.n
}

// of are the messages of a technician so far.
func (p *phones) of(who int) []message {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.all[number(who)]
	return all[:len(all):len(all)]
}
