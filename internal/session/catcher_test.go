package session_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// catcher is the mail and text-message world: it keeps what was sent.
type catcher struct {
	mu      sync.Mutex
	codes   map[string]string // newest by address
	sends   int
	notices int64
	about   []string                                  // kind, account and receiver of each notice that was made
	said    map[session.NoticeKind]session.NoticeData // of the last one of each kind
	fail    error
	block   chan struct{} // when not nil, a send waits for it
}

func (c *catcher) SendCode(ctx context.Context, m session.CodeMessage) error {
	c.mu.Lock()
	block := c.block
	c.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return &sallyport.SendError{Outcome: sallyport.MaybeSent, Code: "timeout", Hint: "The server did not answer.", Cause: ctx.Err()}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		return c.fail
	}
	c.sends++
	c.codes[m.To] = m.Code
	return nil
}

// Notice makes a message that says what it is about, with its link where another would be sealed. They are told apart
// from those of a transaction that was undone by being in the outbox.
func (c *catcher) Notice(kind session.NoticeKind, to string, d session.NoticeData) (sallyport.OutboxMessage, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notices++
	if c.said == nil {
		c.said = map[session.NoticeKind]session.NoticeData{}
	}
	c.said[kind] = d
	c.about = append(c.about, fmt.Sprintf("%s of %s to %s", kind, d.UserName, to))
	return sallyport.OutboxMessage{ID: sallyport.NewID(), Channel: sallyport.ChannelEmail, To: to, Sealed: []byte(d.Link),
		NextAt: time.UnixMicro(c.notices), CreatedAt: time.Now(), ExpiresAt: time.Now().AddDate(100, 0, 0), Event: string(kind)}, nil
}

func (c *catcher) Wake() {}

func (c *catcher) code(address string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.codes[address]
}

// outbox is every message that was put there, the oldest first.
func (w *world) outbox() []sallyport.OutboxMessage {
	w.t.Helper()
	return look(w, func(tx *store.Tx) ([]sallyport.OutboxMessage, error) { return tx.DueOutbox(ctx, 1_000_000) })
}

// told counts the messages of that kind.
func (w *world) told(kind session.NoticeKind) int {
	n := 0
	for _, m := range w.outbox() {
		if m.Event == string(kind) {
			n++
		}
	}
	return n
}

// links are those in the messages.
func (w *world) links() (list []string) {
	for _, m := range w.outbox() {
		if len(m.Sealed) > 0 {
			list = append(list, string(m.Sealed))
		}
	}
	return list
}
