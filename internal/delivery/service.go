package delivery

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"sallyport"
	"sallyport/internal/keyring"
)

// Slots of a gateway's settings.
const (
	slotLive  = "live"
	slotDraft = "draft"
)

// Store runs use cases in transactions.
type Store interface {
	// Write commits what fn wrote, or nothing when fn returns an error, which comes back as it is.
	Write(ctx context.Context, fn func(Tx) error) error
	// Read sees one snapshot.
	Read(ctx context.Context, fn func(Tx) error) error
}

// Tx is what this package needs of a transaction.
type Tx interface {
	Now(ctx context.Context) (time.Time, error)
	Technician(ctx context.Context, id sallyport.TechnicianID) (sallyport.Technician, error)
	Session(ctx context.Context, hash sallyport.Hash, idle time.Duration) (sallyport.Session, sallyport.Technician, error)
	TechniciansNeeding(ctx context.Context, method sallyport.Method, most int) (first []sallyport.Technician, total int, err error)
	Settings(ctx context.Context) (sallyport.Settings, error)
	Gateway(ctx context.Context, channel, slot string) (*sallyport.Gateway, error)
	PutGateway(ctx context.Context, g sallyport.Gateway) error
	DeleteGateway(ctx context.Context, channel, slot string) error
	InsertOutbox(ctx context.Context, m sallyport.OutboxMessage) error
	DueOutbox(ctx context.Context, n int) ([]sallyport.OutboxMessage, error)
	ExpiredOutbox(ctx context.Context, n int) ([]sallyport.OutboxMessage, error)
	FailedOutbox(ctx context.Context) (n int, lastError string, err error)
	ClaimOutbox(ctx context.Context, id string, lease time.Duration) (bool, error)
	HurryOutbox(ctx context.Context, lease time.Duration) error
	FinishOutbox(ctx context.Context, id string) error
	RetryOutbox(ctx context.Context, id string, next time.Time, lastError string) error
	DropOutbox(ctx context.Context, id, lastError string) (bool, error)
	Fill(ctx context.Context, key string, cost, room time.Duration) (bool, error)
	EmptyAt(ctx context.Context, keys ...string) (map[string]time.Time, error)
	InsertEvent(ctx context.Context, e sallyport.Event) error
	Meta(ctx context.Context, key string) ([]byte, error)
	PutMeta(ctx context.Context, key string, value []byte) error
}

// Keys seals what is stored, bound to the place where it lies, and hashes codes. *keyring.Ring is one.
type Keys interface {
	Seal(plain []byte, at keyring.Place) []byte
	Open(sealed []byte, at keyring.Place) ([]byte, error)
	MAC(purpose string, parts ...[]byte) []byte
}

// EmailSender sends one email through one gateway. It returns nil only when the server took the message, else a
// *sallyport.SendError.
type EmailSender interface {
	SendEmail(ctx context.Context, m sallyport.Email) error
}

// TextSender sends one text message through one gateway. It returns nil only when the gateway took the message, else
// a *sallyport.SendError.
type TextSender interface {
	SendText(ctx context.Context, m sallyport.Text) error
}

// Network is the rule of who may be dialled.
type Network interface {
	// Permits reports whether an address may be dialled at all.
	Permits(a netip.Addr) bool
	// PermitsPlain reports whether an address may be spoken to without TLS: only inside allowed_networks.
	PermitsPlain(a netip.Addr) bool
	// AnyPlain reports whether allowed_networks lists anything.
	AnyPlain() bool
}

// Options are the parts that a Service is made of. All are needed but Now, Log and what comes after.
type Options struct {
	Store Store
	Keys  Keys
	// BuildEmail and BuildText make a sender from settings and opened secrets. They dial nothing.
	BuildEmail func(g sallyport.Gateway, secrets map[string]string) (EmailSender, error)
	BuildText  func(g sallyport.Gateway, secrets map[string]string) (TextSender, error)
	Network    Network
	PublicHost string           // host of the public address, without a port
	Now        func() time.Time // nil: time.Now
	Log        *slog.Logger     // nil: nothing is logged
	SendWithin time.Duration    // longest time of one send; 0: 15 seconds
}

// Service is the use cases of this package.
type Service struct {
	store    Store
	keys     Keys
	email    func(sallyport.Gateway, map[string]string) (EmailSender, error)
	text     func(sallyport.Gateway, map[string]string) (TextSender, error)
	network  Network
	host     string
	now      func() time.Time
	log      *slog.Logger
	within   time.Duration
	wake     chan struct{}
	busy     chan struct{}  // one place for each send on its way
	tests    sync.WaitGroup // tests on their way
	told     told
	failures atomic.Int64 // tries to send a notice or a link that failed
}

// sendsAtOnce bounds the sends on their way, so that a server that answers slowly cannot fill the memory.
const sendsAtOnce = 256

// New makes a Service. It starts nothing: Run empties the outbox.
func New(o Options) *Service {
	s := &Service{store: o.Store, keys: o.Keys, email: o.BuildEmail, text: o.BuildText, network: o.Network,
		host: o.PublicHost, now: o.Now, log: o.Log, within: o.SendWithin,
		wake: make(chan struct{}, 1), busy: make(chan struct{}, sendsAtOnce)}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.within <= 0 {
		s.within = 15 * time.Second
	}
	return s
}

// Failures counts the tries to send a notice or a link that failed in this process.
func (s *Service) Failures() int64 { return s.failures.Load() }

// Ready reports whether channel has a gateway in use that was proved. An error counts as no.
func (s *Service) Ready(ctx context.Context, channel sallyport.Channel) bool {
	g, err := s.gateway(ctx, channel, slotLive)
	return err == nil && g != nil && !g.ProvedAt.IsZero()
}

func (s *Service) gateway(ctx context.Context, channel sallyport.Channel, slot string) (g *sallyport.Gateway, err error) {
	err = s.store.Read(ctx, func(tx Tx) error {
		g, err = tx.Gateway(ctx, string(channel), slot)
		return err
	})
	return g, err
}
