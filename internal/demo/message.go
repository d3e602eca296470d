package demo

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// mostMessages is how many messages the inbox and the phone keep.
const mostMessages = 100

// message is one email or text message that arrived.
type message struct {
	At      time.Time
	To      string
	Subject string // emails only
	Text    string
}

// Parts are the text in pieces, so that addresses of Sallyport's own can be followed.
func (m message) Parts() []part {
	var out []part
	for line := range strings.Lines(m.Text) {
		for i, word := range strings.SplitAfter(line, " ") {
			bare := strings.TrimRight(word, " .\n")
			if strings.HasPrefix(bare, "http://localhost") {
				out = append(out, part{Text: bare, Link: bare}, part{Text: word[len(bare):]})
			} else if n := len(out); n > 0 && out[n-1].Link == "" && i > 0 {
				out[n-1].Text += word
			} else {
				out = append(out, part{Text: word})
			}
		}
	}
	return out
}

// part is a piece of text, with a link or without.
type part struct{ Text, Link string }

// box keeps messages and wakes who waits for a change of anything on the workbench.
type box struct {
	mu      sync.Mutex
	list    []message // newest first
	changed func()
}

func (b *box) add(m message) {
	b.mu.Lock()
	b.list = append([]message{m}, b.list[:min(len(b.list), mostMessages-1)]...)
	b.mu.Unlock()
	b.changed()
}

func (b *box) all() []message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.list)
}

func (b *box) clear() {
	b.mu.Lock()
	b.list = nil
	b.mu.Unlock()
	b.changed()
}

// newest finds the newest message to somebody, since a moment.
func (b *box) newest(to string, since time.Time) (message, bool) {
	for _, m := range b.all() {
		if m.To == to && !m.At.Before(since) {
			return m, true
		}
	}
	return message{}, false
}

// bell counts changes, so that a page can wait for the next one.
type bell struct {
	mu      sync.Mutex
	version int
	next    chan struct{}
}

func newBell() *bell { return &bell{next: make(chan struct{})} }

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.version++
	close(b.next)
	b.next = make(chan struct{})
}

func (b *bell) now() (version int, next <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.version, b.next
}

// wait comes back when the version is no longer seen, or with ctx.
func (b *bell) wait(ctx context.Context, seen int) {
	version, next := b.now()
	if version != seen {
		return
	}
	select {
	case <-next:
	case <-ctx.Done():
	}
}
