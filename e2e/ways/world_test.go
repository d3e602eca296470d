package ways

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/factor"
	"sallyport/internal/keyring"
	"sallyport/internal/session"
	"sallyport/internal/store"
	"sallyport/internal/testkit/clock"
	"sallyport/internal/testkit/database"
	"sallyport/internal/testkit/hashing"
)

// See package database.
func TestMain(m *testing.M) { database.Main(m) }

const public = "https://id.northwind.example"

var (
	ctx     = context.Background()
	browser = sallyport.Client{Address: "192.0.2.10", Browser: "Firefox on Linux", RequestID: "r1"}
	host    = sallyport.Actor{Kind: sallyport.ActorHost, Name: "uid 0 (root)"}
	hasher  = hashing.New(2)
)

// post is the mail and text-message world: the newest code and the newest link that each address was sent.
type post struct {
	mu    sync.Mutex
	now   func() time.Time
	codes map[string]string
	links map[string]string
}

// SendCode implements session.Messages.
func (p *post) SendCode(_ context.Context, m session.CodeMessage) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.codes[m.To] = m.Code
	return nil
}

// Notice implements session.Messages.
func (p *post) Notice(kind session.NoticeKind, to string, d session.NoticeData) (sallyport.OutboxMessage, error) {
	return p.notice(string(kind), to, d.Link), nil
}

// Wake implements session.Messages.
func (p *post) Wake() {}

func (p *post) notice(kind, to, link string) sallyport.OutboxMessage {
	p.mu.Lock()
	defer p.mu.Unlock()
	if link != "" {
		p.links[to] = link
	}
	return sallyport.OutboxMessage{ID: sallyport.NewID(), Channel: sallyport.ChannelEmail, To: to, Sealed: []byte("sealed"), Event: kind,
		NextAt: p.now(), CreatedAt: p.now(), ExpiresAt: p.now().Add(time.Hour)}
}

// takeLink is the newest link that an address was sent, once.
func (p *post) takeLink(to string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	link := p.links[to]
	delete(p.links, to)
	return link
}

func (p *post) code(to string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.codes[to]
}

// deskPost is post as the desk asks for it.
type deskPost struct{ *post }

func (p deskPost) Notice(kind account.NoticeKind, to string, d account.NoticeData) (sallyport.OutboxMessage, error) {
	return p.notice(string(kind), to, d.Link), nil
}

// world is one random history: a house with two Super Admins, an Admin and somebody who only reads, and the people that
// it is about.
type world struct {
	t     *testing.T
	rt    *rapid.T
	db    *store.DB
	clock *clock.Clock
	keys  *keyring.Ring
	post  *post
	door  *session.Service
	desk  *account.Service
	staff []sallyport.TechnicianID // who acts on the people; the first may do everything
	all   []*person
	trail []string
}

func newWorld(t *testing.T, rt *rapid.T) *world {
	w := &world{t: t, rt: rt, clock: clock.New(time.Date(2026, 3, 2, 9, 0, 5, 0, time.UTC)), keys: keyring.Generate()}
	w.post = &post{now: w.clock.Now, codes: map[string]string{}, links: map[string]string{}}
	w.db = database.Open(t, w.clock)
	o := session.Options{Store: store.For[session.Tx](w.db), Keys: w.keys, Hasher: hasher, Messages: w.post, Host: "id.northwind.example",
		Public: public, Now: w.clock.Now, CountTime: time.Hour}
	if w.db.Shared() {
		o.Lookup = w.db
	}
	w.door = session.New(o)
	if m := w.door.Memory(); m != nil {
		w.db.OnCommit(m.Committed, m.Forget)
	}
	w.desk = account.New(account.Options{Store: store.For[account.Tx](w.db), Keys: w.keys, Notices: deskPost{w.post}, PublicURL: public, Shared: w.db.Shared()})
	for _, s := range []struct {
		name string
		role sallyport.RoleID
	}{{"mara", sallyport.SuperAdmin}, {"mira", sallyport.SuperAdmin}, {"noor", sallyport.Admin}, {"vera", sallyport.ReadOnlyTechnician}} {
		w.hire(s.name, s.role)
	}
	w.gateway(sallyport.ChannelEmail, true)
	w.gateway(sallyport.ChannelSMS, true)
	return w
}

func (w *world) close() {
	w.door.Close()
	_ = w.db.Close()
}

func (w *world) write(f func(*store.Tx) error) {
	if err := w.db.Write(ctx, f); err != nil {
		w.fail("%v", err)
	}
}

// read reads one thing.
func read[T any](w *world, f func(*store.Tx) (T, error)) (found T) {
	err := w.db.Read(ctx, func(tx *store.Tx) (err error) {
		found, err = f(tx)
		return err
	})
	if err != nil {
		w.fail("%v", err)
	}
	return found
}

func (w *world) settings() sallyport.Settings {
	return read(w, func(tx *store.Tx) (sallyport.Settings, error) { return tx.Settings(ctx) })
}

func (w *world) now() time.Time { return w.clock.Now() }

// fail ends the history with what led there.
func (w *world) fail(format string, args ...any) {
	w.rt.Helper()
	w.rt.Fatalf(strings.Join(w.trail, "\n")+"\n"+format, args...)
}

// note remembers what was done.
func (w *world) note(what ...string) { w.trail = append(w.trail, strings.Join(what, " ")) }

// hire puts somebody into the house who acts on the others, and can sign in.
func (w *world) hire(name string, role sallyport.RoleID) {
	t := sallyport.Technician{ID: sallyport.TechnicianID(name), UserName: name, UserNameKey: name, Skeleton: name, Email: name + "@northwind.example",
		Role: role, Status: sallyport.Active, Method: sallyport.MethodApp, Generation: 1, Version: 1, Password: []byte("sealed"),
		PasswordAt: w.now(), CreatedAt: w.now()}
	w.write(func(tx *store.Tx) error {
		if err := tx.InsertTechnician(ctx, t); err != nil {
			return err
		}
		return tx.PutFactor(ctx, sallyport.Factor{Technician: t.ID, Kind: sallyport.MethodApp, Secret: []byte("sealed"), ProvedAt: w.now()})
	})
	w.staff = append(w.staff, t.ID)
}

// acts is who acts, through a session with a proof of this moment.
func (w *world) acts(id sallyport.TechnicianID) sallyport.Actor {
	t := w.technician(id)
	hash, _ := sallyport.NewToken().Hash()
	w.write(func(tx *store.Tx) error {
		return tx.InsertSession(ctx, sallyport.Session{Hash: hash, Technician: id, Generation: t.Generation, Method: string(t.Method),
			CreatedAt: w.now(), UsedAt: w.now(), ProvedAt: w.now(), ExpiresAt: w.now().Add(time.Hour)})
	})
	return sallyport.Actor{Kind: sallyport.ActorTechnician, ID: id, Session: hash, ProvedAt: w.now(), Name: t.UserName, Client: browser}
}

func (w *world) boss() sallyport.Actor { return w.acts(w.staff[0]) }

func (w *world) technician(id sallyport.TechnicianID) sallyport.Technician {
	return read(w, func(tx *store.Tx) (sallyport.Technician, error) { return tx.Technician(ctx, id) })
}

// gateway is proved, or lost.
func (w *world) gateway(c sallyport.Channel, proved bool) {
	g := sallyport.Gateway{Channel: c, Slot: "live", Kind: sallyport.GatewaySMTP, Settings: map[string]string{}, ChangedAt: w.now()}
	if proved {
		g.ProvedAt = w.now()
	}
	w.write(func(tx *store.Tx) error { return tx.PutGateway(ctx, g) })
}

func (w *world) proved(c sallyport.Channel) bool {
	facts := read(w, func(tx *store.Tx) (sallyport.Facts, error) { return tx.Facts(ctx) })
	for _, p := range facts.Proved {
		if p == c {
			return true
		}
	}
	return false
}

// step is the app's step at this moment.
func (w *world) step() int64 { return factor.StepAt(w.now()) }
