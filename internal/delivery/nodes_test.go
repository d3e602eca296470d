package delivery_test

import (
	"testing"

	"sallyport/internal/delivery"
	engines "sallyport/internal/testkit/database"
)

// Two nodes that empty one outbox at the same time send no message twice and leave none behind.
func TestOutboxOfTwoNodes(t *testing.T) {
	if !engines.OnPostgres() {
		t.Skip("there is one node on SQLite")
	}
	w := newWorld(t)
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	const n = 60
	before := len(w.post.emails)
	ids := map[string]int{}
	for range n {
		ids[w.put(t, delivery.NoticeInvitation, invitation).ID] = 0
	}
	w.post.arrived = make(chan struct{}, 2*n)
	first, second := w.run(t), w.run(t)
	for range n {
		<-w.post.arrived
	}
	first()
	second()
	for _, m := range w.post.emails[before:] {
		ids[m.ID]++
	}
	for id, times := range ids {
		if times != 1 {
			t.Errorf("message %s was sent %d times", id, times)
		}
	}
	if left := w.outbox(t); left.ID != "" {
		t.Errorf("still there: %+v", left)
	}
}
