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
	Trouble  string // why the tree does not fit what was signed, empty when it does
	Sinks    []SinkStatus
}

// SinkStatus is how one sink is doing.
type SinkStatus struct {
	Name   string
	Behind int64 // events that it has not taken yet
	SentAt time.Time
	Reason string // why the last delivery of this process failed, empty when it did not
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
			state, err := tx.SinkState(ctx, o.sink.Name())
			if err != nil {
				return err
			}
			o.mu.Lock()
			reason := o.reason
			o.mu.Unlock()
			out.Sinks = append(out.Sinks, SinkStatus{state.Name, max(0, tree.Size-max(state.Next, tree.Pruned)), state.SentAt, firstLine(reason)})
		}
		return nil
	})
	return out, err
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
