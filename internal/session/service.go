package session

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"sallyport"
	"sallyport/internal/factor"
	"sallyport/internal/keyring"
)

// Store runs transactions. A Write whose function returned nil is durable; one that returned an error changed nothing.
type Store interface {
	Write(ctx context.Context, f func(Tx) error) error
	Read(ctx context.Context, f func(Tx) error) error
}

// Messages sends codes at once and seals notices for the outbox.
type Messages interface {
	// SendCode blocks for at most 15 seconds and returns a *sallyport.SendError when the code did not surely go out.
	SendCode(ctx context.Context, m CodeMessage) error
	// Notice makes a sealed message that the caller inserts in its own transaction.
	Notice(kind NoticeKind, to string, data NoticeData) (sallyport.OutboxMessage, error)
	// Wake lets the outbox look at once; called after a commit that inserted a notice.
	Wake()
}

// Options are what the use cases need. Every field but Log is required.
type Options struct {
	Store    Store
	Keys     *keyring.Ring
	Hasher   *factor.Hasher
	Messages Messages
	Host     string // of the public address, for the last line of text messages
	Public   string // public address without a trailing slash, for links
	Now      func() time.Time
	Log      *slog.Logger
	// CountTime bounds the transaction that counts an answer; 0 is 5 seconds. A test that asks a loaded machine for
	// exact counts gives it more.
	CountTime time.Duration
	// Lookup is set where other processes write to the database too: then every check reads it, and the memory is not
	// used. Optional.
	Lookup Lookup
}

// Service holds the use cases.
type Service struct {
	store    Store
	keys     *keyring.Ring
	hasher   *factor.Hasher
	messages Messages
	host     string
	public   string
	now      func() time.Time
	log      *slog.Logger
	memory   *Memory // nil where the database is shared
	checks   checks
	dummy    dummy
	sending  sync.WaitGroup
	resets   chan struct{} // password resets that are being begun
	patience time.Duration // how long a page waits for the result of a send
	sendTime time.Duration // how long a send may take
	counting time.Duration // how long counting an answer may take
}

// New makes the use cases. Its memory must be told of commits: see Memory.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.CountTime == 0 {
		o.CountTime = countTime
	}
	s := &Service{store: o.Store, keys: o.Keys, hasher: o.Hasher, messages: o.Messages, host: o.Host, public: o.Public,
		now: o.Now, log: o.Log, resets: make(chan struct{}, resetsAtOnce), patience: 800 * time.Millisecond, sendTime: 15 * time.Second,
		counting: o.CountTime}
	s.dummy.set(o.Hasher.Dummy())
	if o.Lookup != nil {
		s.checks = newGate(o.Store, o.Lookup, o.Now)
		return s
	}
	s.memory = newMemory(o.Store, o.Now)
	s.checks = s.memory
	return s
}

// checks is what answers session checks: the Memory of a process that writes alone, or the Gate of one of several nodes.
type checks interface {
	// Check says yes, no, or, with an error of the kind Unavailable, that it could not look.
	Check(ctx context.Context, hash sallyport.Hash) (bool, error)
	Run(ctx context.Context)
	Flush(ctx context.Context)
	Len() int
}

// Memory answers session checks where this process is the only writer, nil elsewhere; the store's commit hook must reach
// its Committed and Forget.
func (s *Service) Memory() *Memory { return s.memory }

// Run keeps what session checks need until ctx ends, and writes last uses.
func (s *Service) Run(ctx context.Context) { s.checks.Run(ctx) }

// Remembered is how many sessions this process keeps something of.
func (s *Service) Remembered() int { return s.checks.Len() }

// Flush writes the last uses of sessions that are not written yet.
func (s *Service) Flush(ctx context.Context) { s.checks.Flush(ctx) }

// Close waits for sends and password resets that are under way.
func (s *Service) Close() { s.sending.Wait() }

// countTime bounds the transaction that counts an answer, unless an option says otherwise. It is cut loose from the request, so that a client that
// hangs up cannot take the count back.
const countTime = 5 * time.Second

// counted runs f in a write transaction that outlives the request.
func (s *Service) counted(ctx context.Context, f func(context.Context, Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.counting)
	defer cancel()
	return s.store.Write(ctx, func(tx Tx) error { return f(ctx, tx) })
}

func nobody(c sallyport.Client) sallyport.Actor {
	return sallyport.Actor{Kind: sallyport.ActorNobody, Client: c}
}

// himself is the actor of a step in a sign-in: the technician, known by what he proved so far.
func himself(t sallyport.Technician, c sallyport.Client) sallyport.Actor {
	return sallyport.Actor{Kind: sallyport.ActorTechnician, ID: t.ID, Name: t.UserName, Client: c}
}
