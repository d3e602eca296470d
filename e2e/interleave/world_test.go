package interleave

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/factor"
	"sallyport/internal/keyring"
	"sallyport/internal/session"
	"sallyport/internal/store"
	"sallyport/internal/testkit/clock"
	"sallyport/internal/testkit/hashing"
	"sallyport/internal/testkit/postgres"
	"sallyport/internal/testkit/totp"
)

// mail seals notices that nobody sends. No act sends a code.
type mail struct{ now func() time.Time }

func (m mail) notice(to, kind string) sallyport.OutboxMessage {
	return sallyport.OutboxMessage{ID: sallyport.NewID(), Channel: sallyport.ChannelEmail, To: to, Sealed: []byte("sealed"), Event: kind,
		NextAt: m.now(), CreatedAt: m.now(), ExpiresAt: m.now().Add(time.Hour)}
}

// SendCode implements session.Messages.
func (mail) SendCode(context.Context, session.CodeMessage) error { return nil }

// Notice implements session.Messages.
func (m mail) Notice(kind session.NoticeKind, to string, _ session.NoticeData) (sallyport.OutboxMessage, error) {
	return m.notice(to, string(kind)), nil
}

// Wake implements session.Messages.
func (mail) Wake() {}

// deskMail is mail as the desk asks for it.
type deskMail struct{ mail }

func (m deskMail) Notice(kind account.NoticeKind, to string, _ account.NoticeData) (sallyport.OutboxMessage, error) {
	return m.notice(to, string(kind)), nil
}

const (
	password = "plum harbor 42 violet tram"
	public   = "https://id.northwind.example"
	nodes    = 4
)

var browser = sallyport.Client{Address: "192.0.2.10", Browser: "Firefox on Linux", RequestID: "r1"}

// server is one node: its own connections, its own user of the database, and the use cases over them.
type server struct {
	db    *store.DB
	door  *session.Service
	desk  *account.Service
	actor *actor
	raw   *sql.DB // the same user's, for acts that are written in a test
}

// world is one database with one technician and everything that is done to him at once.
type world struct {
	t       testing.TB
	clock   *clock.Clock
	keys    *keyring.Ring
	hasher  *factor.Hasher
	raw     *sql.DB
	looker  *sql.DB     // sees who waits
	acts    map[int]int // by the process that serves them
	schema  *schema
	aside   *server // whom no schedule stops
	servers []*server
	admin   sallyport.Actor
	him     sallyport.Technician
	names   map[sallyport.Hash]string // of sessions and sign-ins that exist before the acts
	tables  []string                  // whose rows are put back before each run
	runs    int
	signIns map[string]sallyport.Token
	codes   map[string]string // digits by sign-in
	older   sallyport.Token   // his session from before
}

// migrated makes the tables.
func migrated(t testing.TB, address string) error {
	db, err := store.Open(t.Context(), store.Options{Address: address})
	if err != nil {
		return err
	}
	return db.Close()
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, clock: clock.New(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)), keys: keyring.Generate(), hasher: hashing.New(2),
		names: map[sallyport.Hash]string{}, signIns: map[string]sallyport.Token{}, codes: map[string]string{}, acts: map[int]int{}}
	server := postgres.Start(t, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "deadlock_timeout=1")
	w.check(server.Exec("postgres", `CREATE DATABASE own`))
	address := server.URL("own")
	w.check(migrated(t, address))
	postgres.Follow(t, address, w.clock)
	var err error
	w.raw, err = sql.Open("pgx", address+"&default_query_exec_mode=simple_protocol")
	w.check(err)
	w.raw.SetMaxOpenConns(1)
	w.looker, err = sql.Open("pgx", address)
	w.check(err)
	t.Cleanup(func() { w.looker.Close() })
	t.Cleanup(func() { w.raw.Close() })
	w.exec(`SET session_replication_role = replica`) // rows are put back in any order
	w.schema, err = readSchema(w.raw)
	w.check(err)
	w.aside = w.serve(address, nil)
	for i := range nodes {
		w.node(address, i)
	}
	w.people()
	return w
}

// node adds the node of an act.
func (w *world) node(address string, i int) {
	w.t.Helper()
	name := fmt.Sprintf("act%d", i)
	w.exec(`CREATE ROLE ` + name + ` SUPERUSER LOGIN`)
	u, err := url.Parse(address)
	w.check(err)
	u.User = url.User(name)
	a := &actor{}
	s := w.serve(u.String(), func(statement string) { a.before(statement, w.schema.of) })
	s.actor = a
	a.again = func() uint64 { return s.db.Stats().Again }
	s.raw, err = sql.Open("pgx", u.String())
	w.check(err)
	w.t.Cleanup(func() { s.raw.Close() })
	w.servers = append(w.servers, s)
}

func (w *world) serve(address string, before func(string)) *server {
	w.t.Helper()
	db, err := store.Open(w.t.Context(), store.Options{Address: address, Before: before, Patience: time.Hour})
	w.check(err)
	w.t.Cleanup(func() { _ = db.Close() })
	s := &server{db: db, door: w.through(db, store.For[session.Tx](db))}
	s.desk = account.New(account.Options{Store: store.For[account.Tx](db), Keys: w.keys, Notices: deskMail{mail{w.clock.Now}}, PublicURL: public, Shared: true})
	return s
}

// through is the door over a store of its own.
func (w *world) through(db *store.DB, s session.Store) *session.Service {
	return session.New(session.Options{Store: s, Keys: w.keys, Hasher: w.hasher, Messages: mail{w.clock.Now}, Host: "id.northwind.example",
		Public: public, Now: w.clock.Now, CountTime: time.Hour, Lookup: db})
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) exec(statement string) {
	w.t.Helper()
	_, err := w.raw.Exec(statement)
	w.check(err)
}

func (w *world) write(f func(context.Context, *store.Tx) error) {
	w.t.Helper()
	w.check(w.aside.db.Write(w.t.Context(), func(tx *store.Tx) error { return f(w.t.Context(), tx) }))
}

// people are an administrator and him, and a proved way to send email.
func (w *world) people() {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.PutGateway(ctx, sallyport.Gateway{Channel: sallyport.ChannelEmail, Slot: "live", Kind: sallyport.GatewaySMTP,
			Settings: map[string]string{}, ProvedAt: w.clock.Now(), ChangedAt: w.clock.Now()})
	})
	mara := w.add("mara", sallyport.SuperAdmin, sallyport.MethodEmail)
	w.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.PutFactor(ctx, sallyport.Factor{Technician: mara.ID, Kind: sallyport.MethodEmail, Address: mara.Email, ProvedAt: w.clock.Now(), UsedAt: w.clock.Now()})
	})
	token := w.hold(mara)
	hash, _ := token.Hash()
	w.admin = sallyport.Actor{Kind: sallyport.ActorTechnician, ID: mara.ID, Session: hash, ProvedAt: w.clock.Now(), Name: mara.UserName, Client: browser}
	w.him = w.add("dana", sallyport.ReadOnlyTechnician, sallyport.MethodApp)
}

func (w *world) add(name string, role sallyport.RoleID, method sallyport.Method) sallyport.Technician {
	w.t.Helper()
	phc, err := w.hasher.Hash(w.t.Context(), password)
	w.check(err)
	id := sallyport.TechnicianID(name)
	t := sallyport.Technician{ID: id, FirstName: "Dana", LastName: "Reyes", UserName: name, UserNameKey: name, Skeleton: name,
		Email: name + "@northwind.example", Role: role, Status: sallyport.Active, Method: method, Generation: 1, Version: 1,
		CreatedAt: w.clock.Now(), PasswordAt: w.clock.Now(), SetupUntil: w.clock.Now().Add(72 * time.Hour),
		Password: w.keys.Seal([]byte(phc), keyring.Place{Table: "technician", Row: string(id), Column: "password"})}
	w.write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertTechnician(ctx, t) })
	return t
}

// hold gives a technician a live session.
func (w *world) hold(t sallyport.Technician) sallyport.Token {
	w.t.Helper()
	token, now := sallyport.NewToken(), w.clock.Now()
	hash, _ := token.Hash()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.CreateSession(ctx, sallyport.Session{Hash: hash, Technician: t.ID, Generation: t.Generation, Method: string(t.Method),
			Address: browser.Address, Browser: browser.Browser, CreatedAt: now, UsedAt: now, ProvedAt: now, ExpiresAt: now.Add(12 * time.Hour)}, 0)
		return err
	})
	return token
}

// password begins a sign-in of his, and calls it name.
func (w *world) password(name string) session.Outcome {
	w.t.Helper()
	out, err := w.aside.door.Password(w.t.Context(), session.Attempt{UserName: w.him.UserName, Password: password, Client: browser})
	w.check(err)
	w.named(name, out.SignIn)
	return out
}

func (w *world) named(name string, token sallyport.Token) {
	w.signIns[name] = token
	hash, _ := token.Hash()
	w.names[hash] = name
}

// digits are what an app with that key shows now.
func (w *world) digits(key string) string { return totp.Digits(w.t, key, w.clock.Now()) }
