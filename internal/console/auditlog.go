package console

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

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

// behindMost is how many events a sink may lack before that is pointed at: they come in batches.
const behindMost = 1000

func sinkWords(desk view.Desk, s ledger.SinkStatus) view.AuditSink {
	kind, _, _ := strings.Cut(s.Name, ":")
	out := view.AuditSink{Name: s.Name, Sent: desk.When(s.SentAt), State: view.Mark{Kind: "good", Word: kind + ": up to date"}, Words: "Up to date."}
	if s.Behind > 0 {
		out.Words = fmt.Sprintf("%d events behind.", s.Behind)
	}
	if s.Reason != "" || s.Behind > behindMost {
		out.State = view.Mark{Kind: "warn", Word: fmt.Sprintf("%s: %d behind", kind, s.Behind)}
	}
	if s.Reason != "" {
		out.Words = fmt.Sprintf("%d events behind: %s. They wait here and come in order.", s.Behind, strings.TrimSuffix(s.Reason, "."))
	}
	return out
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
