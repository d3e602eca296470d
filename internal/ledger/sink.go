package ledger

import (
	"context"
	"slices"
	"sync"
	"time"

	"sallyport"
	"sallyport/internal/audit"
)

const (
	sinkBatch = 100              // events of one delivery
	sinkHeads = 20               // heads of one delivery
	sinkLook  = 15 * time.Second // between looks when nobody says that there is something
	sendTime  = 15 * time.Second // for one delivery
	holdTime  = 45 * time.Second // for which one process holds a sink
)

// backoff is how long a sink is left alone after its 1st, 2nd … failure in a row; the last one repeats.
var backoff = []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}

// outlet is one sink with what this process knows of it.
type outlet struct {
	sink Sink
	poke chan struct{}

	mu       sync.Mutex
	state    sallyport.SinkState
	failures uint64 // since the start
	run      int    // failures in a row
	reason   string // of the last one, empty when the sink has taken something since
}

// look is what came of looking after a sink where nothing went wrong.
type look int

const (
	done    look = iota // the sink has what there was
	more                // it took a full parcel; there may be more
	notMine             // another process serves it: this one has learned nothing of it
)

func (s *Service) pokeSinks() {
	for _, o := range s.outlets {
		select {
		case o.poke <- struct{}{}:
		default:
		}
	}
}

// serve delivers to one sink until ctx ends. A sink that is down is asked again, later and later, from where it stopped.
func (s *Service) serve(ctx context.Context, o *outlet) {
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTime)
		defer cancel()
		_ = s.store.Write(last, func(tx Tx) error { return tx.LetGoSink(last, o.sink.Name(), s.holder) }) // it runs out by itself
	}()
	for ctx.Err() == nil {
		found, err := s.deliver(ctx, o)
		if ctx.Err() != nil {
			return
		}
		pause := o.note(found, err)
		if err != nil {
			s.log.WarnContext(ctx, "audit sink", "sink", o.sink.Name(), "error", err, "again_in", pause.String())
		}
		if found != more || err != nil {
			o.wait(ctx, pause, err == nil)
		}
	}
}

// note remembers how a delivery went, and says how long to wait. That another process serves the sink does not end a run
// of failures: a sink that is down would be asked again from the shortest pause on each time its holder changes.
func (o *outlet) note(found look, err error) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil {
		if found != notMine {
			o.run, o.reason = 0, ""
		}
		return sinkLook
	}
	o.run++
	if kind := sallyport.KindOf(err); kind != sallyport.Unavailable && kind != sallyport.Conflict { // else the database is away
		o.failures++
		o.reason = err.Error()
	}
	return backoff[min(o.run, len(backoff))-1]
}

func (o *outlet) wait(ctx context.Context, pause time.Duration, pokable bool) {
	t := time.NewTimer(pause)
	defer t.Stop()
	poke := o.poke
	if !pokable {
		poke = nil // what is new does not mend a sink that is down
	}
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-poke:
	}
}

// parcel is one delivery and where the sink stands after it.
type parcel struct {
	records []sallyport.SinkRecord
	after   sallyport.SinkState
	full    bool
	anew    bool // the log from its beginning, see credible
}

// Deliver hands one sink everything that it has not taken yet, or says why that did not go.
func (s *Service) Deliver(ctx context.Context, name string) error {
	for _, o := range s.outlets {
		for o.sink.Name() == name {
			found, err := s.deliver(ctx, o)
			o.note(found, err)
			if err != nil || found != more {
				return err
			}
		}
	}
	return nil
}

// deliver sends one parcel, if there is something to send and no other process serves the sink.
func (s *Service) deliver(ctx context.Context, o *outlet) (look, error) {
	if p, err := s.pack(ctx, o); err != nil || len(p.records) == 0 {
		return done, err
	}
	held := false
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		held, err = tx.HoldSink(ctx, o.sink.Name(), s.holder, holdTime)
		return err
	})
	if err != nil || !held {
		return notMine, err
	}
	p, err := s.pack(ctx, o) // again: its last holder may have moved it
	if err != nil || len(p.records) == 0 {
		return done, err
	}
	if p.anew {
		s.log.ErrorContext(ctx, "audit sink: the database says that it has taken more than the log holds, so it gets all of it again; run “sallyport audit verify” with what it has", "sink", o.sink.Name())
	}
	send, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	if err := o.sink.Send(send, p.records); err != nil {
		return done, err
	}
	err = s.store.Write(ctx, func(tx Tx) error {
		_, err := tx.MoveSink(ctx, p.after, s.holder)
		return err
	})
	if p.full {
		return more, err
	}
	return done, err
}

// pack collects what the sink has not taken: events in the order of the tree, then the heads that cover them.
func (s *Service) pack(ctx context.Context, o *outlet) (parcel, error) {
	var p parcel
	err := s.store.Read(ctx, func(tx Tx) error {
		state, err := tx.SinkState(ctx, o.sink.Name())
		if err != nil {
			return err
		}
		o.saw(state)
		p, err = packFrom(ctx, tx, state)
		return err
	})
	return p, err
}

// saw remembers how far the sink was served. One that has taken something since it failed here is up again, whoever asked it.
func (o *outlet) saw(state sallyport.SinkState) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if state.SentAt.After(o.state.SentAt) {
		o.run, o.reason = 0, ""
	}
	o.state = state
}

// credible is how far a sink was served. Where that is further than the tree has grown, the log was cut or somebody changed
// the entry, to keep from the sink what comes: it is served from the beginning.
func credible(state sallyport.SinkState, tree sallyport.Tree) (s sallyport.SinkState, anew bool) {
	if anew = state.Next > tree.Size || state.HeadSize > tree.Size; anew {
		state.Next, state.HeadSize = 0, 0
	}
	return state, anew
}

func packFrom(ctx context.Context, tx Tx, state sallyport.SinkState) (p parcel, err error) {
	tree, err := tx.Tree(ctx)
	if err != nil {
		return p, err
	}
	state, p.anew = credible(state, tree)
	p.after = state
	if tree.Size > state.Next {
		leaves, err := tx.Leaves(ctx, state.Next, sinkBatch)
		if err != nil {
			return p, err
		}
		leaves = slices.DeleteFunc(leaves, func(l sallyport.Leaf) bool { return l.Place >= tree.Size }) // no part of the log
		for _, l := range leaves {
			p.records = append(p.records, audit.EventRecord(l))
			p.after.Next = l.Place + 1
		}
		if len(leaves) == 0 {
			p.after.Next = tree.Size // whatever stood there is gone by retention
		}
		p.full = len(leaves) == sinkBatch
	}
	heads, err := tx.Heads(ctx, state.HeadSize, sinkHeads)
	if err != nil {
		return p, err
	}
	for _, h := range heads {
		if h.Size > p.after.Next {
			break
		}
		p.records = append(p.records, audit.HeadRecord(h))
		p.after.HeadSize = h.Size
	}
	p.full = p.full || len(heads) == sinkHeads && p.after.HeadSize > state.HeadSize
	return p, nil
}
