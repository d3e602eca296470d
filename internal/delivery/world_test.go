package delivery_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/delivery"
	"sallyport/internal/delivery/dial"
	"sallyport/internal/keyring"
	"sallyport/internal/store"
	"sallyport/internal/testkit/clock"
	engines "sallyport/internal/testkit/database"
)

// post is what the gateways of a test took, and how they fail when told to.
type post struct {
	mu      sync.Mutex
	emails  []sallyport.Email
	hosts   []string // through which each of them went
	texts   []sallyport.Text
	secrets map[string]string
	fail    func() error
	begun   chan struct{} // told of each send that begins
	hold    chan struct{} // sends wait until it is closed
	arrived chan struct{}
}

// through is post by way of one mail server.
type through struct {
	*post
	host string
}

func (p through) SendEmail(_ context.Context, m sallyport.Email) error {
	return p.take(func() { p.emails, p.hosts = append(p.emails, m), append(p.hosts, p.host) })
}
func (p *post) SendEmail(ctx context.Context, m sallyport.Email) error {
	return through{post: p}.SendEmail(ctx, m)
}
func (p *post) SendText(_ context.Context, m sallyport.Text) error {
	return p.take(func() { p.texts = append(p.texts, m) })
}

func (p *post) take(keep func()) error {
	p.mu.Lock()
	begun, hold, fail := p.begun, p.hold, p.fail
	p.mu.Unlock()
	if begun != nil {
		begun <- struct{}{}
	}
	if hold != nil {
		<-hold
	}
	if fail != nil {
		if err := fail(); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	keep()
	if p.arrived != nil {
		p.arrived <- struct{}{}
	}
	return nil
}

// free lets the sends that begin from now on pass.
func (p *post) free() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun, p.hold = nil, nil
}

// built notes the secrets that a sender was made with; two workers may make one at once.
func (p *post) built(secrets map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.secrets = secrets
}

// The use cases are tried on each engine; see package database.
func TestMain(m *testing.M) { engines.Main(m) }

type world struct {
	*delivery.Service
	db    *store.DB
	clock *clock.Clock
	post  *post
	boss  sallyport.Actor
	admin sallyport.Actor

	log     bytes.Buffer           // what the service logged; read it while no worker runs
	full    atomic.Bool            // nothing can be written
	refused chan struct{}          // told when that was tried
	after   atomic.Pointer[func()] // is called once, after the next transaction
}

// disk is the database of a world, on a disk that may be full.
type disk struct {
	store.Transactions[delivery.Tx]
	full    *atomic.Bool
	refused chan struct{}
	after   *atomic.Pointer[func()]
}

var errDiskFull = errors.New("the disk is full")

// Write implements delivery.Store.
func (d disk) Write(ctx context.Context, fn func(delivery.Tx) error) error {
	defer func() {
		if after := d.after.Swap(nil); after != nil {
			(*after)()
		}
	}()
	return d.Transactions.Write(ctx, func(tx delivery.Tx) error {
		if err := fn(tx); err != nil || !d.full.Load() {
			return err
		}
		select {
		case d.refused <- struct{}{}:
		default:
		}
		return errDiskFull
	})
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{clock: clock.New(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)), post: &post{}, refused: make(chan struct{}, 1)}
	db := engines.Open(t, w.clock)
	w.db = db
	w.Service = delivery.New(delivery.Options{Store: disk{store.For[delivery.Tx](db), &w.full, w.refused, &w.after}, Keys: keyring.Generate(), Now: w.clock.Now, PublicHost: "login.northwind.example", Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		Network: dial.New(dial.Options{Allowed: []netip.Prefix{netip.MustParsePrefix("10.7.0.0/16")}}),
		BuildEmail: func(g sallyport.Gateway, secrets map[string]string) (delivery.EmailSender, error) {
			w.post.built(secrets)
			return through{w.post, g.Settings["host"]}, nil
		},
		BuildText: func(_ sallyport.Gateway, secrets map[string]string) (delivery.TextSender, error) {
			w.post.built(secrets)
			return w.post, nil
		}})
	w.boss = w.technician(t, "mara", sallyport.SuperAdmin, sallyport.MethodApp)
	w.admin = w.technician(t, "ivo", sallyport.Admin, sallyport.MethodApp)
	return w
}

func (w *world) technician(t *testing.T, name string, role sallyport.RoleID, method sallyport.Method) sallyport.Actor {
	t.Helper()
	id := sallyport.TechnicianID(sallyport.NewID())
	w.write(t, func(tx *store.Tx) error {
		return tx.InsertTechnician(t.Context(), sallyport.Technician{ID: id, FirstName: name, UserName: name, UserNameKey: name, Skeleton: name,
			Email: name + "@northwind.example", Phone: "+15551230001", Role: role, Status: sallyport.Active, Method: method, Generation: 1, Version: 1, CreatedAt: w.clock.Now()})
	})
	return sallyport.Actor{Kind: sallyport.ActorTechnician, ID: id, Name: name, ProvedAt: w.clock.Now()}
}

// session lets actor act through a session.
func (w *world) session(t *testing.T, actor sallyport.Actor) sallyport.Actor {
	t.Helper()
	actor.Session, _ = sallyport.NewToken().Hash()
	w.write(t, func(tx *store.Tx) error {
		owner, err := tx.Technician(t.Context(), actor.ID)
		if err != nil {
			return err
		}
		return tx.InsertSession(t.Context(), sallyport.Session{Hash: actor.Session, Technician: owner.ID, Generation: owner.Generation, Method: "app",
			CreatedAt: w.clock.Now(), UsedAt: w.clock.Now(), ProvedAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(time.Hour)})
	})
	return actor
}

func (w *world) write(t *testing.T, fn func(*store.Tx) error) {
	t.Helper()
	if err := w.db.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// events are the types written since the database began, oldest first.
func (w *world) events(t *testing.T) (types []string, all []sallyport.Event) {
	t.Helper()
	err := w.db.Read(t.Context(), func(tx *store.Tx) (err error) {
		all, err = tx.Events(t.Context(), sallyport.EventFilter{Limit: 100})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := len(all) - 1; i >= 0; i-- {
		types = append(types, all[i].Type)
	}
	return types, all
}

var smtpForm = map[string]string{"host": "mail.northwind.example", "port": "587", "tls": "starttls", "user": "door", "password": "hunter2hunter2", "sender": "door@northwind.example"}

// prove sets a channel up as an administrator does: draft, test, the code typed back.
func (w *world) prove(t *testing.T, f delivery.Form, to string) {
	t.Helper()
	if _, err := w.SaveDraft(t.Context(), w.boss, f); err != nil {
		t.Fatal(err)
	}
	if err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: f.Channel}, to); err != nil {
		t.Fatal(err)
	}
	if err := w.ConfirmTest(t.Context(), w.boss, f.Channel, w.lastCode(t)); err != nil {
		t.Fatal(err)
	}
}

var sixDigits = regexp.MustCompile(`(?m)^([0-9]{6})\b`)

func (w *world) lastCode(t *testing.T) string {
	t.Helper()
	w.post.mu.Lock()
	defer w.post.mu.Unlock()
	text := ""
	if n := len(w.post.emails); n > 0 {
		text = w.post.emails[n-1].Text
	}
	if n := len(w.post.texts); n > 0 {
		text = w.post.texts[n-1].Text
	}
	found := sixDigits.FindString(text)
	if found == "" {
		t.Fatalf("no code in %q", text)
	}
	return found
}

func with(form map[string]string, change ...string) map[string]string {
	out := map[string]string{}
	for k, v := range form {
		out[k] = v
	}
	for i := 0; i < len(change); i += 2 {
		out[change[i]] = change[i+1]
	}
	return out
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if sallyport.CodeOf(err) != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func fieldNames(err error) string {
	var e *sallyport.Error
	if !errors.As(err, &e) {
		return ""
	}
	var names []string
	for _, f := range e.Fields {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}
