package ledger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/ledger"
	"sallyport/internal/store"
)

// memorySink keeps what it is given, and fails as often as it is told.
type memorySink struct {
	name string
	mu   sync.Mutex
	got  []sallyport.SinkRecord
	fail int
}

func (m *memorySink) Name() string { return m.name }

func (m *memorySink) Send(ctx context.Context, batch []sallyport.SinkRecord) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != 0 {
		m.fail--
		return errors.New("down\nand whatever a server said of it")
	}
	if _, bounded := ctx.Deadline(); !bounded {
		return errors.New("a sink that hangs would hang for ever")
	}
	m.got = append(m.got, batch...)
	return nil
}

func (m *memorySink) text() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b bytes.Buffer
	for _, r := range m.got {
		b.Write(append(r.JSON, '\n'))
	}
	return b.String()
}

// places are those of the events in the order in which they came; heads must come after all that they cover.
func (m *memorySink) places(t *testing.T) []int64 {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []int64
	for _, r := range m.got {
		var v struct {
			Kind        string
			Place, Size int64
		}
		if err := json.Unmarshal(r.JSON, &v); err != nil {
			t.Fatal(err)
		}
		if v.Kind == "event" {
			out = append(out, v.Place)
		} else if len(out) == 0 || v.Size > out[len(out)-1]+1 {
			t.Errorf("the head of %d came after %d events", v.Size, len(out))
		}
	}
	return out
}

func upTo(n int64) []int64 {
	var out []int64
	for i := range n {
		out = append(out, i)
	}
	return out
}

// D11.19: a sink that is down loses nothing: everything comes later, in order, once.
func TestD11_19_SinkDownDeliversLater(t *testing.T) {
	sink, other := &memorySink{name: "a", fail: 3}, &memorySink{name: "b"}
	w := newWorld(t, sink, other)
	w.bulk(250)
	w.head()
	for range 3 {
		if err := w.log.Deliver(w.ctx, "a"); err == nil {
			t.Fatal("a failure went unnoticed")
		}
		w.bulk(10)
		w.place()
	}
	w.ok(w.log.Deliver(w.ctx, "b"))
	if got := other.places(t); !slices.Equal(got, upTo(280)) {
		t.Errorf("one sink holds the other up: %d", len(got))
	}
	status, err := w.log.Status(w.ctx, host)
	w.ok(err)
	if s := status.Sinks[0]; s.Behind != 280 || s.Reason != "down" || status.Sinks[1].Behind != 0 || status.Sinks[1].Reason != "" {
		t.Errorf("%+v", status.Sinks)
	}
	w.head()
	w.ok(w.log.Deliver(w.ctx, "a"))
	if got := sink.places(t); !slices.Equal(got, upTo(280)) {
		t.Errorf("%d events: %v", len(got), got)
	}
	if r := w.whole(sink.text()); r.Kept != 2 || r.KeptLeaf != 280 {
		t.Errorf("%+v", r)
	}
	// A process that begins anew goes on where the last one stopped.
	w.bulk(3)
	w.log = w.service()
	w.pass(time.Minute) // for so long the last one might still be at it
	w.place()
	w.ok(w.log.Deliver(w.ctx, "a"))
	if got := sink.places(t); !slices.Equal(got, upTo(283)) {
		t.Errorf("after a new start: %d", len(got))
	}
	next := w.service() // that has not looked at the log itself yet
	w.ok(next.Deliver(w.ctx, "a"))
	if _, _, sinks := next.Numbers(); sinks[0].Behind != 0 {
		t.Errorf("%+v", sinks)
	}
}

// TestEventBeyondTheLogStopsNoSink: one that somebody gave a place far away is handed to nobody, and those after it are.
func TestEventBeyondTheLogStopsNoSink(t *testing.T) {
	sink := &memorySink{name: "a"}
	w := newWorld(t, sink)
	w.bulk(5)
	w.place()
	w.bulk(1)
	w.behind(`UPDATE event SET leaf = 1000000000 WHERE leaf < 0`)
	w.ok(w.log.Deliver(w.ctx, "a"))
	w.bulk(3)
	w.place()
	w.ok(w.log.Deliver(w.ctx, "a"))
	if got := sink.places(t); !slices.Equal(got, upTo(8)) {
		t.Errorf("the sink has %v", got)
	}
}

// However many heads wait, the sink gets all of them, and each once.
func TestManyHeadsAreHandedOverOnce(t *testing.T) {
	sink := &memorySink{name: "a"}
	w := newWorld(t, sink)
	for range 45 {
		w.bulk(1)
		w.head()
	}
	for range 2 {
		w.ok(w.log.Deliver(w.ctx, "a"))
		if len(sink.got) != 90 {
			t.Errorf("the sink has %d records", len(sink.got))
		}
	}
}

// An event that stands right behind the tree has no place in it yet, and is handed to nobody.
func TestEventBehindTheTreeIsNotHandedOver(t *testing.T) {
	sink := &memorySink{name: "a"}
	w := newWorld(t, sink)
	w.bulk(5)
	w.place()
	w.bulk(1)
	w.behind(`UPDATE event SET leaf = 5 WHERE leaf < 0`)
	w.ok(w.log.Deliver(w.ctx, "a"))
	if got := sink.places(t); !slices.Equal(got, upTo(5)) {
		t.Errorf("the sink has %v", got)
	}
}

// A sink that is new to an old log is behind by what retention has left.
func TestNewSinkOfAnOldLog(t *testing.T) {
	sink := &memorySink{name: "a"}
	w := newWorld(t, sink)
	w.bulk(5)
	w.place()
	w.pass(402 * 24 * time.Hour)
	w.ok(w.log.Prune(w.ctx))
	w.pass(24 * time.Hour)
	w.bulk(2)
	w.ok(w.log.Prune(w.ctx))
	w.place()
	status, err := w.log.Status(w.ctx, host)
	w.ok(err)
	if s := status.Sinks[0]; s.Behind != 3 { // two, and that of retention
		t.Errorf("%+v", s)
	}
	w.ok(w.log.Deliver(w.ctx, "a"))
	if got := sink.places(t); !slices.Equal(got, []int64{5, 6, 7}) {
		t.Errorf("the sink has %v", got)
	}
}

// Where retention took all events before a sink had them, it gets the head over them all the same.
func TestHeadOverWhatIsGone(t *testing.T) {
	sink := &memorySink{name: "a"}
	w := newWorld(t, sink)
	w.bulk(5)
	w.head()
	w.pass(402 * 24 * time.Hour)
	w.ok(w.log.Prune(w.ctx))
	w.pass(24 * time.Hour)
	w.ok(w.log.Prune(w.ctx)) // its own event has no place yet
	w.ok(w.log.Deliver(w.ctx, "a"))
	if got := sink.text(); strings.Count(got, "\n") != 1 || !strings.Contains(got, w.log.Verifier()[:20]) {
		t.Errorf("the sink has %q", got)
	}
}

// D11.19: while a sink hangs, events are written and placed as ever.
func TestD11_19_HangingSinkHoldsUpNobody(t *testing.T) {
	sink := &hangingSink{begun: make(chan struct{}), end: make(chan struct{})}
	w := newWorld(t, sink)
	w.bulk(5)
	w.place()
	done := make(chan error, 1)
	go func() { done <- w.log.Deliver(w.ctx, "hanging") }()
	<-sink.begun
	w.bulk(50)
	w.place()
	if got := w.tree().Size; got != 55 {
		t.Errorf("%d events placed", got)
	}
	close(sink.end)
	w.ok(<-done)
}

type hangingSink struct {
	begun, end chan struct{}
	once       sync.Once
}

func (h *hangingSink) Name() string { return "hanging" }

func (h *hangingSink) Send(context.Context, []sallyport.SinkRecord) error {
	h.once.Do(func() { close(h.begun) })
	<-h.end
	return nil
}

// Of two processes one serves a sink; the other takes over when the first lets go or is silent for too long.
func TestOneProcessServesASink(t *testing.T) {
	sink := &memorySink{name: "s"}
	w := newWorld(t, sink)
	second := w.service()
	w.bulk(3)
	w.place()
	w.ok(w.log.Deliver(w.ctx, "s"))
	w.bulk(3)
	w.place()
	w.ok(second.Deliver(w.ctx, "s"))
	if got := sink.places(t); len(got) != 3 {
		t.Errorf("both served: %v", got)
	}
	w.pass(time.Minute)
	w.ok(second.Deliver(w.ctx, "s"))
	if got := sink.places(t); !slices.Equal(got, upTo(6)) {
		t.Errorf("nobody took over: %v", got)
	}
	w.bulk(3)
	w.place()
	ended, end := context.WithCancel(w.ctx)
	end()
	second.Run(ended) // which lets go of it
	w.ok(w.log.Deliver(w.ctx, "s"))
	if got := sink.places(t); !slices.Equal(got, upTo(9)) {
		t.Errorf("a process that stopped kept it: %v", got)
	}
	w.ok(w.db.Read(w.ctx, func(tx *store.Tx) error {
		s, err := tx.SinkState(w.ctx, "s")
		if s.Next != 9 {
			t.Errorf("%+v", s)
		}
		return err
	}))
}

// Of two processes each knows why a sink did not take what it was handed by it, until the sink takes something. That the
// other one serves the sink now is no answer of the sink.
func TestReasonOutlivesTheLease(t *testing.T) {
	sink := &memorySink{name: "s", fail: 2}
	w := newWorld(t, sink)
	second, third := w.service(), w.service()
	w.bulk(150)
	w.place()
	since := w.clock.Now()
	says := func(who *ledger.Service, behind int64, reason string) {
		t.Helper()
		status, err := who.Status(w.ctx, host)
		w.ok(err)
		s := status.Sinks[0]
		if s.Behind != behind || s.Reason != reason || behind > 0 != s.Oldest.Equal(since) {
			t.Errorf("%+v, want %d behind and %q", s, behind, reason)
		}
	}
	if w.log.Deliver(w.ctx, "s") == nil {
		t.Fatal("a failure went unnoticed")
	}
	w.pass(time.Minute)
	if second.Deliver(w.ctx, "s") == nil {
		t.Fatal("the second process did not take over")
	}
	w.ok(w.log.Deliver(w.ctx, "s")) // not its own any more: nothing is tried
	w.ok(third.Deliver(w.ctx, "s"))
	says(w.log, 150, "down")
	says(second, 150, "down")
	says(third, 150, "")
	w.ok(second.Deliver(w.ctx, "s"))
	w.pass(time.Second)
	w.bulk(1)
	w.place()
	since = w.clock.Now()
	says(w.log, 1, "")
	says(second, 1, "")
	w.ok(w.log.Deliver(w.ctx, "s"))
	says(w.log, 1, "")
	w.ok(second.Deliver(w.ctx, "s"))
	says(w.log, 0, "")
}

// An event that cannot be read holds its sink up, and does not take from the page how far behind that is.
func TestStatusWithASpoiltEvent(t *testing.T) {
	w := newWorld(t, &memorySink{name: "s"})
	w.bulk(3)
	w.place()
	w.behind(`UPDATE event SET new_values = '{' WHERE leaf = 0`)
	status, err := w.log.Status(w.ctx, host)
	w.ok(err)
	if s := status.Sinks[0]; s.Behind != 3 || !s.Oldest.IsZero() {
		t.Errorf("%+v", s)
	}
}

// Whoever writes into the database that a sink has taken what there is not yet does not keep from it what comes.
func TestSinkThatIsSaidToBeAhead(t *testing.T) {
	for name, tamper := range map[string]string{"of the events": `UPDATE audit_sink SET next = 1000`, "of the heads": `UPDATE audit_sink SET head_size = 1000`} {
		sink := &memorySink{name: "a"}
		w := newWorld(t, sink)
		w.bulk(10)
		w.head()
		w.ok(w.log.Deliver(w.ctx, "a"))
		w.behind(tamper, `UPDATE audit_sink SET held_until = 0`)
		w.bulk(5)
		w.head()
		if status, err := w.log.Status(w.ctx, host); err != nil || status.Sinks[0].Behind == 0 {
			t.Errorf("%s: %+v %v", name, status.Sinks, err)
		}
		w.ok(w.log.Deliver(w.ctx, "a"))
		if got := sink.places(t); !slices.Equal(got, append(upTo(10), upTo(15)...)) {
			t.Errorf("%s: %v", name, got)
		}
		if r := w.whole(sink.text()); r.KeptLeaf != 15 || r.Kept != 3 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// A head that one process signs while another signs a larger one does not come too late for the sinks.
func TestHeadsComeInOrder(t *testing.T) {
	sink := &memorySink{name: "a"}
	w := newWorld(t, sink)
	w.bulk(3)
	w.place()
	r := &racing{store.For[ledger.Tx](w.db), 1, func() {
		w.bulk(1)
		w.head()
		w.ok(w.log.Deliver(w.ctx, "a"))
	}}
	s, err := ledger.New(ledger.Options{Store: r, Key: w.keys.SigningKey("audit head"), Origin: "sallyport-audit-" + w.keys.ID()})
	w.ok(err)
	_, err = s.Head(w.ctx, host)
	w.ok(err)
	w.ok(w.log.Deliver(w.ctx, "a"))
	if r := w.whole(sink.text()); r.Heads == 0 || r.Kept != r.Heads {
		t.Errorf("%d heads, and the sink has %d", r.Heads, r.Kept)
	}
}
