package console

import (
	"testing"
	"time"

	"sallyport/internal/ledger"
	"sallyport/internal/view"
)

// What the page says of a sink: it is up to date only when it lacks nothing, whichever server made the page. One that did
// not ask the sink itself has no reason to tell, but knows how much the sink lacks, and since when: where that cannot be read, too long.
func TestSinkWords(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	desk := view.Desk{Now: now}
	for _, c := range []struct {
		behind           int64
		waits            time.Duration
		reason           string
		kind, mark, want string
	}{
		{0, 0, "", "good", "webhook: up to date", "Up to date."},
		{1, time.Second, "", "good", "webhook: 1 behind", "1 event behind, the oldest written just now."},
		{900, 2 * time.Hour, "", "warn", "webhook: 900 behind", "900 events behind, the oldest written 2 h ago. They wait here and come in order. If the sink is down, the log of the server that asked it last says why."},
		{900, 2 * time.Hour, "down.", "warn", "webhook: 900 behind", "900 events behind, the oldest written 2 h ago: down. They wait here and come in order."},
		{1, time.Second, "down", "warn", "webhook: 1 behind", "1 event behind, the oldest written just now: down. They wait here and come in order."},
		{1, 0, "", "warn", "webhook: 1 behind", "1 event behind. They wait here and come in order. If the sink is down, the log of the server that asked it last says why."},
		{1001, time.Second, "", "warn", "webhook: 1001 behind", "1001 events behind, the oldest written just now."},
	} {
		s := ledger.SinkStatus{Name: "webhook:https://siem.example", Behind: c.behind, SentAt: now.Add(-3 * time.Hour), Reason: c.reason}
		if c.waits > 0 {
			s.Oldest = now.Add(-c.waits)
		}
		got := sinkWords(desk, s)
		if got.State != (view.Mark{Kind: c.kind, Word: c.mark}) || got.Words != c.want || !got.Sent.At.Equal(s.SentAt) {
			t.Errorf("%+v: %+v", s, got)
		}
	}
}

// TestOutcomeMarks: what went well is no red mark in the audit log, by whichever word; a code that was sent is an outcome of its own.
func TestOutcomeMarks(t *testing.T) {
	for outcome, kind := range map[string]string{"": "good", "ok": "good", "sent": "good", "unclear": "warn", "wrong": "warn", "refused": "bad", "failed": "bad", "strange": "bad"} {
		if got := outcomeMark(outcome); got.Kind != kind {
			t.Errorf("%q is drawn as %+v, want %s", outcome, got, kind)
		}
	}
}
