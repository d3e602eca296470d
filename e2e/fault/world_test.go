package fault

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/keyring"
	"sallyport/internal/session"
	"sallyport/internal/store"
	"sallyport/internal/testkit/clock"
	"sallyport/internal/testkit/database"
	"sallyport/internal/testkit/hashing"
	"sallyport/internal/testkit/postgres"
)

// The losses are tried on each engine; see package database.
func TestMain(m *testing.M) { database.Main(m) }

// errLost is the loss.
var errLost = sallyport.ErrUnavailable.Because(errors.New("the connection was lost"))

// line is the connection to the database, which is lost at one point and stays so until it is mended.
type line struct {
	mu   sync.Mutex
	on   bool
	left int  // points until the loss; only counted while on
	down bool // lost
	seen int
	at   store.Point
}

func (l *line) fault(p store.Point) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.on {
		return nil
	}
	l.seen++
	if l.left--; l.left == 0 {
		l.down, l.at = true, p
	}
	if l.down {
		return errLost
	}
	return nil
}

// cut loses the connection at the k-th point from now.
func (l *line) cut(k int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.on, l.left, l.down, l.seen = true, k, false, 0
}

// mend gives the connection back. lost says whether it was, and at what.
func (l *line) mend() (lost bool, at store.Point) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.on = false
	return l.down, l.at
}

// mail keeps the newest code by address, and makes notices that nobody sends.
type mail struct {
	mu    sync.Mutex
	codes map[string]string
	now   func() time.Time
}

func (m *mail) SendCode(_ context.Context, message session.CodeMessage) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.codes[message.To] = message.Code
	return nil
}

func (m *mail) code(address string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.codes[address]
}

func (m *mail) notice(to, kind string) sallyport.OutboxMessage {
	return sallyport.OutboxMessage{ID: sallyport.NewID(), Channel: sallyport.ChannelEmail, To: to, Sealed: []byte("sealed"), Event: kind,
		NextAt: m.now(), CreatedAt: m.now(), ExpiresAt: m.now().Add(time.Hour)}
}

func (m *mail) Notice(kind session.NoticeKind, to string, _ session.NoticeData) (sallyport.OutboxMessage, error) {
	return m.notice(to, string(kind)), nil
}

func (m *mail) Wake() {}

// deskMail is mail as the desk asks for it.
type deskMail struct{ *mail }

func (m deskMail) Notice(kind account.NoticeKind, to string, _ account.NoticeData) (sallyport.OutboxMessage, error) {
	return m.notice(to, string(kind)), nil
}

const (
	sessionLife = 12 * time.Hour
	password    = "plum harbor 42 violet tram"
	public      = "https://id.northwind.example"
)

var browser = sallyport.Client{Address: "192.0.2.10", Browser: "Firefox on Linux", RequestID: "r1"}

type world struct {
	t     testing.TB
	db    *store.DB
	line  *line
	door  *session.Service
	desk  *account.Service
	keys  *keyring.Ring
	mail  *mail
	clock *clock.Clock
	phc   string
	admin sallyport.Actor
}

func newWorld(t testing.TB) *world {
	t.Helper()
	l := &line{}
	return worldOn(t, l, func(c *clock.Clock) *store.DB { return database.OpenWith(t, c, l.fault) })
}

// wiredWorld is a world whose messages to PostgreSQL go by a wire.
func wiredWorld(t testing.TB) (*world, *wire) {
	t.Helper()
	s := postgres.Shared(t)
	name := s.Name(t)
	between, port := newWire(t, s.Port)
	return worldOn(t, &line{}, func(c *clock.Clock) *store.DB {
		postgres.Follow(t, s.URL(name), c)
		db, err := store.Open(t.Context(), store.Options{Address: s.TCP(name, port), Patience: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}), between
}

// Every world's password has one hash.
var (
	hasher = hashing.New(2)
	phc    = sync.OnceValues(func() (string, error) { return hasher.Hash(context.Background(), password) })
)

func worldOn(t testing.TB, l *line, open func(*clock.Clock) *store.DB) *world {
	t.Helper()
	w := &world{t: t, line: l, keys: keyring.Generate(), clock: clock.New(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))}
	w.mail = &mail{codes: map[string]string{}, now: w.clock.Now}
	var err error
	w.db = open(w.clock)
	w.phc, err = phc()
	w.check(err)
	o := session.Options{Store: store.For[session.Tx](w.db), Keys: w.keys, Hasher: hasher, Messages: w.mail, Host: "id.northwind.example",
		Public: public, Now: w.clock.Now, CountTime: time.Hour}
	if w.db.Shared() {
		o.Lookup = w.db
	}
	w.door = session.New(o)
	w.desk = account.New(account.Options{Store: store.For[account.Tx](w.db), Keys: w.keys, Notices: deskMail{w.mail}, PublicURL: public, Shared: w.db.Shared()})
	if memory := w.door.Memory(); memory != nil {
		w.db.OnCommit(memory.Committed, memory.Forget)
	}
	t.Cleanup(w.door.Close)
	w.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.PutGateway(ctx, sallyport.Gateway{Channel: sallyport.ChannelEmail, Slot: "live", Kind: sallyport.GatewaySMTP,
			Settings: map[string]string{}, ProvedAt: w.clock.Now(), ChangedAt: w.clock.Now()})
	})
	mara := w.add("mara", sallyport.SuperAdmin, true)
	w.admin = sallyport.Actor{Kind: sallyport.ActorTechnician, ID: mara.ID, Session: w.hold(mara), ProvedAt: w.clock.Now(), Name: mara.UserName, Client: browser}
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) write(f func(context.Context, *store.Tx) error) {
	w.t.Helper()
	w.check(w.db.Write(w.t.Context(), func(tx *store.Tx) error { return f(w.t.Context(), tx) }))
}

// add stores an active technician whose method is Email, with a proved mailbox where held.
func (w *world) add(name string, role sallyport.RoleID, held bool) sallyport.Technician {
	w.t.Helper()
	id := sallyport.TechnicianID(sallyport.NewID())
	t := sallyport.Technician{ID: id, FirstName: "Dana", LastName: "Reyes", UserName: name, UserNameKey: name, Skeleton: name,
		Email: name + "@northwind.example", Role: role, Status: sallyport.Active, Method: sallyport.MethodEmail, Generation: 1, Version: 1,
		CreatedAt: w.clock.Now(), PasswordAt: w.clock.Now(), SetupUntil: w.clock.Now().Add(72 * time.Hour),
		Password: w.keys.Seal([]byte(w.phc), keyring.Place{Table: "technician", Row: string(id), Column: "password"})}
	w.write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertTechnician(ctx, t); err != nil || !held {
			return err
		}
		return tx.PutFactor(ctx, sallyport.Factor{Technician: id, Kind: sallyport.MethodEmail, Address: t.Email, ProvedAt: w.clock.Now(), UsedAt: w.clock.Now()})
	})
	return t
}

// signIn goes the whole way. Where no code comes, the page says why.
func (w *world) signIn(t sallyport.Technician) (told said) {
	ctx := w.t.Context()
	out, err := w.door.Password(ctx, session.Attempt{UserName: t.UserName, Password: password, Client: browser})
	if err != nil {
		return said{err: err}
	}
	w.door.Close() // the send has come to its end
	told.signIn, told.code = out.SignIn, w.mail.code(t.Email)
	if told.code == "" {
		_, told.err = w.door.Page(ctx, out.SignIn)
		return told
	}
	out, told.err = w.door.Answer(ctx, out.SignIn, session.Answer{Kind: session.AnswerCode, Typed: told.code}, browser)
	told.session = out.Session
	return told
}

// row is what is stored of a technician.
type row struct {
	sallyport.Technician
	sessions []sallyport.Session
	finished int
	raised   int
	factor   *sallyport.Factor
}

func (w *world) row(id sallyport.TechnicianID) (r row) {
	w.t.Helper()
	w.check(w.db.Read(w.t.Context(), func(tx *store.Tx) (err error) {
		ctx := w.t.Context()
		if r.Technician, err = tx.Technician(ctx, id); err != nil {
			return err
		}
		if r.factor, err = tx.Factor(ctx, id); err != nil {
			return err
		}
		if r.sessions, err = tx.SessionsOf(ctx, id); err != nil {
			return err
		}
		events, err := tx.Events(ctx, sallyport.EventFilter{Target: id, Limit: 500})
		for _, e := range events {
			switch e.Type {
			case "signin.finished":
				r.finished++
			case "technician.method.changed", "factor.enrolled":
				r.raised++
			}
		}
		return err
	}))
	return r
}
