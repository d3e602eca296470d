package account_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/identity"
	"sallyport/internal/keyring"
	"sallyport/internal/store"
	"sallyport/internal/testkit/clock"
	"sallyport/internal/testkit/database"
)

// letters are the notices that were asked for, by address and kind, in the words of their data.
type letters struct {
	ring *keyring.Ring
	now  func() time.Time
	mu   sync.Mutex
	made []letter
}

type letter struct {
	kind account.NoticeKind
	to   string
	data account.NoticeData
}

func (l *letters) Notice(kind account.NoticeKind, to string, data account.NoticeData) (sallyport.OutboxMessage, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made = append(l.made, letter{kind, to, data})
	id := sallyport.NewID()
	return sallyport.OutboxMessage{ID: id, Channel: sallyport.ChannelEmail, To: to, Event: string(kind),
		Sealed: l.ring.Seal([]byte(data.Link), keyring.Place{Table: "outbox", Row: id, Column: "sealed"}),
		NextAt: l.now(), CreatedAt: l.now(), ExpiresAt: l.now().Add(time.Hour)}, nil
}

// The use cases are tried on each engine; see package database.
func TestMain(m *testing.M) { database.Main(m) }

// house is a service over a real database, with the people that a test puts into it.
type house struct {
	t       testing.TB
	db      *store.DB
	other   func() *store.DB // the second node's; the same one on SQLite
	clock   *clock.Clock
	ring    *keyring.Ring
	letters *letters
	*account.Service
	second func() *account.Service // a second node over the same database; the same one on SQLite
	n      int
	shut   sync.Once
}

const publicURL = "https://id.northwind.example"

func newHouse(t testing.TB) *house {
	t.Helper()
	c := clock.New(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	db, other := database.OpenOne(t, c)
	return newHouseOn(t, db, other, c)
}

func newHouseOn(t testing.TB, db *store.DB, other func() *store.DB, c *clock.Clock) *house {
	t.Helper()
	h := &house{t: t, db: db, other: other, clock: c, ring: keyring.Generate()}
	t.Cleanup(h.close)
	h.letters = &letters{ring: h.ring, now: h.clock.Now}
	h.Service = account.New(account.Options{Store: store.For[account.Tx](db), Keys: h.ring, Notices: h.letters, PublicURL: publicURL + "/"})
	h.second = sync.OnceValue(func() *account.Service {
		if other() == db {
			return h.Service
		}
		return account.New(account.Options{Store: store.For[account.Tx](other()), Keys: h.ring, Notices: h.letters, PublicURL: publicURL, Shared: true})
	})
	return h
}

// close shuts the database, once.
func (h *house) close() {
	h.shut.Do(func() {
		h.documented()
		_ = h.db.Close()
	})
}

// documented fails for an event with a field that docs/events.md does not name.
func (h *house) documented() {
	var events []sallyport.Event
	_ = h.db.Read(ctx, func(tx *store.Tx) (err error) { // where a test has shut it there is nothing to look at
		events, err = tx.Events(ctx, sallyport.EventFilter{Limit: 1000})
		return err
	})
	for _, e := range events {
		d, _ := audit.Find(audit.Type(e.Type))
		for _, fields := range []map[string]string{e.Before, e.After} {
			for key := range fields {
				named := slices.ContainsFunc(d.Fields, func(f string) bool { return f == "the settings by name" || strings.Contains(f, key) })
				if !named {
					h.t.Errorf("docs/events.md names no field %s of %s", key, e.Type)
				}
			}
		}
	}
}

// over is the same house through another store, one that fails for example.
func (h *house) over(s account.Store) *account.Service {
	return account.New(account.Options{Store: s, Keys: h.ring, Notices: h.letters, PublicURL: publicURL})
}

func (h *house) write(f func(ctx context.Context, tx *store.Tx) error) {
	h.t.Helper()
	ctx := context.Background()
	if err := h.db.Write(ctx, func(tx *store.Tx) error { return f(ctx, tx) }); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) read(f func(ctx context.Context, tx *store.Tx) error) {
	h.t.Helper()
	ctx := context.Background()
	if err := h.db.Read(ctx, func(tx *store.Tx) error { return f(ctx, tx) }); err != nil {
		h.t.Fatal(err)
	}
}

// prove puts proved gateways in place.
func (h *house) prove(channels ...sallyport.Channel) {
	h.t.Helper()
	h.write(func(ctx context.Context, tx *store.Tx) error {
		for _, c := range channels {
			kind := map[sallyport.Channel]sallyport.GatewayKind{sallyport.ChannelEmail: sallyport.GatewaySMTP, sallyport.ChannelSMS: sallyport.GatewayHTTP}[c]
			g := sallyport.Gateway{Channel: c, Slot: "live", Kind: kind, Settings: map[string]string{"host": "mail.example"}, ProvedAt: h.clock.Now(), ChangedAt: h.clock.Now()}
			if err := tx.PutGateway(ctx, g); err != nil {
				return err
			}
		}
		return nil
	})
}

func (h *house) set(name, value string) {
	h.t.Helper()
	h.write(func(ctx context.Context, tx *store.Tx) error {
		s, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		key, _ := sallyport.SettingByName(name)
		if err := key.Set(&s, value); err != nil {
			return err
		}
		return tx.PutSettings(ctx, s)
	})
}

// person is a technician who can sign in with an app, unless edits say otherwise. Factor is nil for none.
type person struct {
	sallyport.Technician
	factor *sallyport.Factor
}

// add stores a technician of a role: active, with a password and an app.
func (h *house) add(role sallyport.RoleID, edits ...func(*person)) sallyport.Technician {
	h.t.Helper()
	h.n++
	name := fmt.Sprintf("person%d", h.n)
	display, key, skeleton, err := identity.UserName(name)
	if err != nil {
		h.t.Fatal(err)
	}
	p := &person{Technician: sallyport.Technician{ID: sallyport.TechnicianID(sallyport.NewID()), FirstName: "Person", LastName: fmt.Sprint(h.n),
		UserName: display, UserNameKey: key, Skeleton: skeleton, Email: name + "@northwind.example", Role: role,
		Status: sallyport.Active, Method: sallyport.MethodApp, Generation: 1, Version: 1, Password: []byte("sealed"),
		PasswordAt: h.clock.Now(), CreatedAt: h.clock.Now()}}
	p.factor = &sallyport.Factor{Kind: sallyport.MethodApp, Secret: []byte("sealed"), ProvedAt: h.clock.Now()}
	for _, edit := range edits {
		edit(p)
	}
	h.write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertTechnician(ctx, p.Technician); err != nil {
			return err
		}
		if p.factor == nil {
			return nil
		}
		p.factor.Technician = p.ID
		return tx.PutFactor(ctx, *p.factor)
	})
	return h.technician(p.ID)
}

func invited(p *person) {
	p.Status, p.Password, p.factor = sallyport.Invited, nil, nil
}
func noFactor(p *person) { p.factor = nil }
func phone(p *person)    { p.Phone = "+14255550100" }

func (h *house) technician(id sallyport.TechnicianID) (t sallyport.Technician) {
	h.t.Helper()
	h.read(func(ctx context.Context, tx *store.Tx) (err error) {
		t, err = tx.Technician(ctx, id)
		return err
	})
	return t
}

func (h *house) exists(id sallyport.TechnicianID) bool {
	h.t.Helper()
	found := true
	h.read(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Technician(ctx, id)
		if errors.Is(err, sallyport.ErrNotFound) {
			found, err = false, nil
		}
		return err
	})
	return found
}

// session signs a technician in and returns the actor that he then is, with a proof of this moment.
func (h *house) session(t sallyport.Technician) sallyport.Actor {
	h.t.Helper()
	t = h.technician(t.ID)
	hash, _ := sallyport.NewToken().Hash()
	h.write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.CreateSession(ctx, sallyport.Session{Hash: hash, Technician: t.ID, Generation: t.Generation, Method: string(t.Method),
			Address: "192.0.2.7", Browser: "Firefox on Windows", CreatedAt: h.clock.Now(), UsedAt: h.clock.Now(), ProvedAt: h.clock.Now(),
			ExpiresAt: h.clock.Now().Add(12 * time.Hour)}, 0)
		return err
	})
	return sallyport.Actor{Kind: sallyport.ActorTechnician, ID: t.ID, Session: hash, ProvedAt: h.clock.Now(), Name: t.UserName,
		Client: sallyport.Client{Address: "192.0.2.7", Browser: "Firefox on Windows", RequestID: "r1"}}
}

func (h *house) sessions(id sallyport.TechnicianID) (all []sallyport.Session) {
	h.t.Helper()
	h.read(func(ctx context.Context, tx *store.Tx) (err error) {
		all, err = tx.SessionsOf(ctx, id)
		return err
	})
	return all
}

var host = sallyport.Actor{Kind: sallyport.ActorHost, Name: "uid 0 (root)"}

// events returns the audit log, the oldest first.
func (h *house) events() (all []sallyport.Event) {
	h.t.Helper()
	h.read(func(ctx context.Context, tx *store.Tx) (err error) {
		all, err = tx.Events(ctx, sallyport.EventFilter{Limit: 1 << 20})
		return err
	})
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

// since returns the types of the events after the first n.
func (h *house) since(n int) (types []string) {
	h.t.Helper()
	for _, e := range h.events()[n:] {
		types = append(types, e.Type)
	}
	return types
}

func (h *house) outbox() (all []sallyport.OutboxMessage) {
	h.t.Helper()
	h.read(func(ctx context.Context, tx *store.Tx) (err error) {
		all, err = tx.DueOutbox(ctx, 1<<16)
		return err
	})
	return all
}

// send lets everything that waits in the outbox leave.
func (h *house) send() {
	h.t.Helper()
	waiting := h.outbox()
	h.write(func(ctx context.Context, tx *store.Tx) error {
		for _, m := range waiting {
			if _, err := tx.ClaimOutbox(ctx, m.ID, time.Minute); err != nil {
				return err
			}
			if err := tx.FinishOutbox(ctx, m.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

func code(err error) string {
	if err == nil {
		return "ok"
	}
	return sallyport.CodeOf(err)
}

// field returns what err says of a field, empty when nothing.
func field(err error, name string) string {
	var e *sallyport.Error
	if errors.As(err, &e) {
		for _, f := range e.Fields {
			if f.Name == name {
				return f.Message
			}
		}
	}
	return ""
}

func form(t sallyport.Technician, edits ...func(*account.Form)) account.Form {
	f := account.FormOf(t)
	for _, edit := range edits {
		edit(&f)
	}
	return f
}

func method(m sallyport.Method) func(*account.Form) { return func(f *account.Form) { f.Method = m } }
func role(r sallyport.RoleID) func(*account.Form)   { return func(f *account.Form) { f.Role = r } }
func email(e string) func(*account.Form)            { return func(f *account.Form) { f.Email = e } }
