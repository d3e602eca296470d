package ledger

import (
	"context"
	"strings"
	"time"

	"sallyport"
)

// Status is what people are shown of the log.
type Status struct {
	Size     int64
	Head     sallyport.Head // the newest that was signed; zero while there is none
	Verifier string
	Trouble  string // why the log does not grow as it should, empty when it does
	Sinks    []SinkStatus
}

// SinkStatus is how one sink is doing.
type SinkStatus struct {
	Name   string
	Behind int64     // events that it has not taken yet
	Oldest time.Time // when the first of them was written; zero when there is none or it cannot be read
	SentAt time.Time // when it last took something; zero when it never did
	Reason string    // why the last delivery of this process failed; empty when none did since the sink last took something
}

// Status says how far the log has grown and been handed on. It needs audit.read.
func (s *Service) Status(ctx context.Context, actor sallyport.Actor) (Status, error) {
	out := Status{Verifier: s.Verifier()}
	s.mu.Lock()
	out.Trouble = s.trouble
	s.mu.Unlock()
	err := s.store.Read(ctx, func(tx Tx) error {
		if err := may(ctx, tx, actor, sallyport.ReadAudit); err != nil {
			return err
		}
		tree, err := tx.Tree(ctx)
		if err != nil {
			return err
		}
		out.Size = tree.Size
		if out.Head, _, err = tx.LastHead(ctx); err != nil {
			return err
		}
		for _, o := range s.outlets {
			sink, err := sinkStatus(ctx, tx, o, tree)
			if err != nil {
				return err
			}
			out.Sinks = append(out.Sinks, sink)
		}
		return nil
	})
	for i, sink := range out.Sinks {
		if sink.Behind > 0 {
			out.Sinks[i].Oldest = s.written(ctx, out.Size-sink.Behind)
		}
	}
	return out, err
}

func sinkStatus(ctx context.Context, tx Tx, o *outlet, tree sallyport.Tree) (SinkStatus, error) {
	state, err := tx.SinkState(ctx, o.sink.Name())
	if err != nil {
		return SinkStatus{}, err
	}
	state, _ = credible(state, tree)
	behind := max(0, tree.Size-max(state.Next, tree.Pruned))
	return SinkStatus{Name: state.Name, Behind: behind, SentAt: state.SentAt, Reason: firstLine(o.why(state))}, nil
}

// written is when the event of a place was written, zero when that cannot be read: it has a transaction of its own, for an
// event that was spoilt must not hide the page that says so.
func (s *Service) written(ctx context.Context, place int64) (at time.Time) {
	_ = s.store.Read(ctx, func(tx Tx) error {
		leaves, err := tx.Leaves(ctx, place, 1)
		if err == nil && len(leaves) > 0 {
			at = leaves[0].At
		}
		return err
	})
	return at
}

// why is the reason of the last failure here, empty when the sink has taken something since.
func (o *outlet) why(now sallyport.SinkState) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now.SentAt.After(o.state.SentAt) {
		return ""
	}
	return o.reason
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// SinkNumbers are one sink's numbers for the metrics, as this process knows them without a look at the database.
type SinkNumbers struct {
	Name     string
	Behind   int64
	Failures uint64
	SentAt   time.Time
}

// Numbers are the size of the tree, whether it grows, and its sinks, without a look at the database.
func (s *Service) Numbers() (size int64, grows bool, sinks []SinkNumbers) {
	s.mu.Lock()
	size, grows = s.size, s.failed == ""
	s.mu.Unlock()
	for _, o := range s.outlets {
		o.mu.Lock()
		sinks = append(sinks, SinkNumbers{o.sink.Name(), max(0, size-o.state.Next), o.failures, o.state.SentAt})
		o.mu.Unlock()
	}
	return size, grows, sinks
}
