package ledger

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"sync"
	"time"

	"sallyport"
	"sallyport/internal/audit"
)

// Store runs functions in transactions: Write commits all or nothing, Read sees one snapshot.
type Store interface {
	Write(ctx context.Context, f func(Tx) error) error
	Read(ctx context.Context, f func(Tx) error) error
}

// Tx is what this package needs of one transaction.
type Tx interface {
	Now(ctx context.Context) (time.Time, error)
	Together(ctx context.Context, fns ...func() error) error
	Settings(ctx context.Context) (sallyport.Settings, error)
	Meta(ctx context.Context, key string) ([]byte, error)
	PutMeta(ctx context.Context, key string, value []byte) error
	Technician(ctx context.Context, id sallyport.TechnicianID) (sallyport.Technician, error)
	Session(ctx context.Context, hash sallyport.Hash, idle time.Duration) (sallyport.Session, sallyport.Technician, error)
	InsertEvent(ctx context.Context, e sallyport.Event) error
	Events(ctx context.Context, f sallyport.EventFilter) ([]sallyport.Event, error)
	treeTx
	leafTx
	sinkTx
}

type treeTx interface {
	Tree(ctx context.Context) (sallyport.Tree, error)
	GrowTree(ctx context.Context, from int64, to sallyport.Tree) (bool, error)
	PutTreeHash(ctx context.Context, number int64, hash []byte) error
	TreeHash(ctx context.Context, number int64) ([]byte, error)
	TreeHashes(ctx context.Context, from int64, n int) ([]sallyport.TreeHash, error)
	PutHead(ctx context.Context, h sallyport.Head) error
	Heads(ctx context.Context, after int64, n int) ([]sallyport.Head, error)
	LastHead(ctx context.Context) (sallyport.Head, bool, error)
	ThinHeads(ctx context.Context, age time.Duration) error
}

type leafTx interface {
	Unplaced(ctx context.Context, n int) ([]sallyport.Event, error)
	UnplacedNumbers(ctx context.Context, after int64, n int) ([]int64, error)
	PlaceEvent(ctx context.Context, l sallyport.Leaf, none error) error
	Leaves(ctx context.Context, from int64, n int) ([]sallyport.Leaf, error)
	Leaf(ctx context.Context, id int64) (sallyport.Leaf, bool, error)
	LeavesOf(ctx context.Context, person sallyport.TechnicianID, after int64, n int) ([]sallyport.Leaf, error)
	LeavesOfNobody(ctx context.Context, after int64) (found []sallyport.Leaf, next int64, err error)
	RewriteEvent(ctx context.Context, l sallyport.Leaf) error
	PruneEvents(ctx context.Context, from, below int64) (bool, error)
}

type sinkTx interface {
	SinkState(ctx context.Context, name string) (sallyport.SinkState, error)
	HoldSink(ctx context.Context, name, holder string, life time.Duration) (bool, error)
	MoveSink(ctx context.Context, s sallyport.SinkState, holder string) (bool, error)
	LetGoSink(ctx context.Context, name, holder string) error
}

// Sink takes records out of the house. Send returns nil only when somebody else has all of them; what it was given once
// may be given again.
type Sink interface {
	Name() string // stable, for the cursor, the metrics and the page
	Send(ctx context.Context, batch []sallyport.SinkRecord) error
}

// Options are the parts of a Service. Sinks and Log may be missing.
type Options struct {
	Store  Store
	Key    ed25519.PrivateKey // signs heads
	Origin string             // the log's name in its heads and in the verifier key
	Sinks  []Sink
	Log    *slog.Logger
}

// Service is the use cases of this package. Its methods may be called by many goroutines.
type Service struct {
	store   Store
	signer  *audit.Signer
	log     *slog.Logger
	holder  string // this process, among those that serve the same sinks
	outlets []*outlet

	placing sync.Mutex // one batch at a time in this process; over several nodes the tree's size decides
	mu      sync.Mutex // guards what follows
	size    int64      // of the tree, as this process last saw it
	signed  sallyport.Head
	trouble string // why the log does not grow as it should, empty when it does
	failed  string // why the last look failed, empty when it did not
	fails   int    // looks in a row that failed
	unread  int64  // an event that cannot be read and so gets no place, 0 when there is none
}

// New makes a Service. It starts nothing.
func New(o Options) (*Service, error) {
	signer, err := audit.NewSigner(o.Origin, o.Key)
	if err != nil {
		return nil, err
	}
	s := &Service{store: o.Store, signer: signer, log: o.Log, holder: sallyport.NewID()}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	for _, sink := range o.Sinks {
		s.outlets = append(s.outlets, &outlet{sink: sink, poke: make(chan struct{}, 1)})
	}
	return s, nil
}

// Verifier is the public key with which others check heads and proofs.
func (s *Service) Verifier() string { return s.signer.Verifier() }

const (
	every      = time.Second      // between looks for new events
	pruneEvery = 10 * time.Minute // between looks for events that are too old
	lastTime   = 5 * time.Second  // for the last batch of a server that stops
)

// Run places events, signs heads, serves the sinks and prunes until ctx ends; then what is committed is placed and signed.
func (s *Service) Run(ctx context.Context) {
	var sinks sync.WaitGroup
	defer sinks.Wait()
	for _, o := range s.outlets {
		sinks.Go(func() { s.serve(ctx, o) })
	}
	s.report(ctx, s.Prune(ctx))
	tick := time.NewTicker(every)
	defer tick.Stop()
	prune := time.NewTicker(pruneEvery)
	defer prune.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTime)
			defer cancel()
			s.report(last, s.orLeft(s.settle(last)))
			return
		case <-prune.C:
			s.report(ctx, s.Prune(ctx))
		case <-tick.C:
		}
		s.report(ctx, s.orLeft(s.keepUp(ctx)))
	}
}

// keepUp places what is new, and signs a head where the last one is old enough.
func (s *Service) keepUp(ctx context.Context) error {
	if err := s.Place(ctx); err != nil {
		return err
	}
	return s.sign(ctx, signEvery)
}

// settle places what is new, and signs whatever is not signed yet.
func (s *Service) settle(ctx context.Context) error {
	if err := s.Place(ctx); err != nil {
		return err
	}
	return s.sign(ctx, 0)
}

// report remembers for the page and the metrics why the log does not grow, and says so in the log once for each reason.
func (s *Service) report(ctx context.Context, err error) {
	if err != nil && ctx.Err() != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.failed, s.trouble, s.fails = "", "", 0
		return
	}
	s.fails++
	if err.Error() != s.failed {
		s.log.ErrorContext(ctx, "audit log", "error", err)
	}
	s.failed, s.trouble = err.Error(), troubleOf(err, s.fails)
}
