package console

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sallyport"
	"sallyport/internal/ledger"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// auditTree is the line under the audit log: how far it has grown, and who else has it.
func (c *Console) auditTree(r *http.Request, desk view.Desk) (*view.AuditTree, error) {
	s, err := c.ledger.Status(r.Context(), web.ActorOf(r))
	if err != nil {
		return nil, err
	}
	t := &view.AuditTree{Size: strconv.FormatInt(s.Size, 10), Signed: desk.When(s.Head.At), Verifier: s.Verifier, Trouble: s.Trouble}
	for _, sink := range s.Sinks {
		t.Sinks = append(t.Sinks, sinkWords(desk, sink))
	}
	return t, nil
}

// From when on it is pointed at that a sink lacks events. They come in batches; a server that died serves it for 45 s more.
const (
	behindMost = 1000 // events
	behindLong = 2 * time.Minute
)

func sinkWords(desk view.Desk, s ledger.SinkStatus) view.AuditSink {
	kind, _, _ := strings.Cut(s.Name, ":")
	out := view.AuditSink{Name: s.Name, Sent: desk.When(s.SentAt)}
	if s.Behind == 0 && s.Reason == "" {
		out.State, out.Words = view.Mark{Kind: "good", Word: kind + ": up to date"}, "Up to date."
		return out
	}
	late := desk.Now.Sub(s.Oldest) > behindLong
	out.State = view.Mark{Kind: "good", Word: fmt.Sprintf("%s: %d behind", kind, s.Behind)}
	if late || s.Reason != "" || s.Behind > behindMost {
		out.State.Kind = "warn"
	}
	out.Words = behindWords(desk, s)
	switch {
	case s.Reason != "":
		out.Words += ": " + strings.TrimSuffix(s.Reason, ".") + ". They wait here and come in order."
	case late: // this server has not asked the sink itself, or not yet
		out.Words += ". They wait here and come in order. If the sink is down, the log of the server that asked it last says why."
	default:
		out.Words += "."
	}
	return out
}

// behindWords is how much a sink lacks and since when, without the full stop.
func behindWords(desk view.Desk, s ledger.SinkStatus) string {
	words := count(int(s.Behind), "event", "events") + " behind"
	if !s.Oldest.IsZero() {
		words += ", the oldest written " + desk.When(s.Oldest).Words()
	}
	return words
}

// proof downloads the proof of one event. The download itself is an event.
func (c *Console) proof(w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return sallyport.ErrNotFound
	}
	file, err := c.ledger.Prove(r.Context(), web.ActorOf(r), id)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="event-%d.proof.json"`, id))
	h.Set("Cache-Control", "no-store")
	_, err = w.Write(file)
	return err
}
