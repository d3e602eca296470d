package session_test

import (
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/factor"
	"sallyport/internal/keyring"
	"sallyport/internal/login"
	"sallyport/internal/session"
	"sallyport/internal/store"
	turned "sallyport/internal/testkit/clock"
	"sallyport/internal/testkit/database"
	"sallyport/internal/testkit/hashing"
)

// clock is set by the test and read by everybody.
type clock struct{ *turned.Clock }

func (c *clock) Advance(d time.Duration) { c.Add(d) }

// The use cases are tried on each engine; see package database.
func TestMain(m *testing.M) { database.Main(m) }

type world struct {
	t      testing.TB
	db     *store.DB
	s      *session.Service
	second *session.Service // a second node over the same database; the same one on SQLite
	calls  atomic.Uint64
	keys   *keyring.Ring
	mail   *catcher
	clock  *clock
}

// either is one node after the other, as a load balancer without sticky sessions would have it.
func (w *world) either() *session.Service {
	if w.calls.Add(1)%2 == 0 {
		return w.second
	}
	return w.s
}

const goodPassword = "plum harbor 42 violet tram"

var (
	sharedHasher = hashing.New(2)
	goodPHC      = sync.OnceValue(func() string {
		phc, err := sharedHasher.Hash(ctx, goodPassword)
		if err != nil {
			panic(err)
		}
		return phc
	})
	browser = sallyport.Client{Address: "192.0.2.10", Browser: "Firefox on Linux", RequestID: "r1"}
)

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, keys: keyring.Generate(), mail: &catcher{codes: map[string]string{}},
		clock: &clock{turned.New(time.Date(2026, 11, 23, 22, 0, 5, 0, time.UTC))}}
	db, other := database.OpenTwo(t, w.clock.Clock)
	w.db = db
	w.s = w.node(db)
	w.second = w.s
	if other != db {
		w.second = w.node(other)
	}
	t.Cleanup(func() { w.s.Close(); w.second.Close() })
	for _, channel := range []sallyport.Channel{sallyport.ChannelEmail, sallyport.ChannelSMS} {
		w.write(func(tx *store.Tx) error {
			return tx.PutGateway(ctx, sallyport.Gateway{Channel: channel, Slot: "live", Kind: sallyport.GatewaySMTP,
				Settings: map[string]string{}, ProvedAt: w.clock.Now(), ChangedAt: w.clock.Now()})
		})
	}
	w.policy(func(s *sallyport.Settings) { s.PermitOff = true }) // where it matters, a test says otherwise
	return w
}

// node is the use cases over one opened database, as the wiring puts them together.
func (w *world) node(db *store.DB) *session.Service { return w.nodeAt(db, w.clock.Now) }

// options are those of a node, without what it looks sessions up with. No count is lost to the machine's load.
func (w *world) options(s session.Store) session.Options {
	return session.Options{Store: s, Keys: w.keys, Hasher: sharedHasher, Messages: w.mail, Host: "id.northwind.example",
		Public: "https://id.northwind.example", Now: w.clock.Now, CountTime: time.Hour}
}

// nodeAt is a node whose own clock shows now.
func (w *world) nodeAt(db *store.DB, now func() time.Time) *session.Service {
	o := w.options(store.For[session.Tx](db))
	o.Now = now
	if db.Shared() {
		o.Lookup = db
	}
	s := session.New(o)
	if memory := s.Memory(); memory != nil {
		db.OnCommit(memory.Committed, memory.Forget)
	}
	return s
}

func (w *world) write(f func(*store.Tx) error) {
	w.t.Helper()
	if err := w.db.Write(ctx, f); err != nil {
		w.t.Fatal(err)
	}
}

// look reads one thing.
func look[T any](w *world, read func(*store.Tx) (T, error)) (found T) {
	w.t.Helper()
	err := w.db.Read(ctx, func(tx *store.Tx) (err error) {
		found, err = read(tx)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

func (w *world) policy(change func(*sallyport.Settings)) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error {
		set, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		change(&set)
		return tx.PutSettings(ctx, set)
	})
}

// technician adds an active account with the good password and an open set-up.
func (w *world) technician(name string, method sallyport.Method) sallyport.Technician {
	w.t.Helper()
	t := w.person(name, method, goodPHC())
	w.write(func(tx *store.Tx) error { return tx.InsertTechnician(ctx, t) })
	return t
}

// cheapPHC is a hash that no password has and that takes no time to compare.
const cheapPHC = "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// cheap adds accounts for tests of very many guesses.
func (w *world) cheap(names ...string) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error {
		for _, name := range names {
			if err := tx.InsertTechnician(ctx, w.person(name, sallyport.MethodOff, cheapPHC)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *world) person(name string, method sallyport.Method, phc string) sallyport.Technician {
	id := sallyport.TechnicianID(sallyport.NewID())
	return sallyport.Technician{ID: id, FirstName: "Dana", LastName: "Reyes", UserName: name, UserNameKey: name, Skeleton: name,
		Email: name + "@northwind.example", Phone: "+15551230001", Role: sallyport.ReadOnlyTechnician, Status: sallyport.Active,
		Method: method, Generation: 1, Version: 1, CreatedAt: w.clock.Now(), PasswordAt: w.clock.Now(), SetupUntil: w.clock.Now().Add(72 * time.Hour),
		Password: w.keys.Seal([]byte(phc), keyring.Place{Table: "technician", Row: string(id), Column: "password"})}
}

func (w *world) read(id sallyport.TechnicianID) sallyport.Technician {
	w.t.Helper()
	return look(w, func(tx *store.Tx) (sallyport.Technician, error) { return tx.Technician(ctx, id) })
}

// reached is what a step led to, with the page that is shown then.
type reached struct {
	session.Outcome
	Page session.Page
}

// reach looks at the page of a sign-in that goes on.
func (w *world) reach(out session.Outcome, err error) (reached, error) {
	r := reached{Outcome: out}
	if err == nil && out.SignIn != "" {
		r.Page, err = w.either().Page(ctx, out.SignIn)
	}
	return r, err
}

func (w *world) password(name string) (reached, error) {
	return w.reach(w.either().Password(ctx, session.Attempt{UserName: name, Password: goodPassword, Client: browser}))
}

func (w *world) begin(name string) reached {
	w.t.Helper()
	out, err := w.password(name)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) answer(token sallyport.Token, kind session.AnswerKind, typed string) (reached, error) {
	return w.reach(w.either().Answer(ctx, token, session.Answer{Kind: kind, Typed: typed}, browser))
}

func (w *world) mustAnswer(token sallyport.Token, kind session.AnswerKind, typed string) reached {
	w.t.Helper()
	out, err := w.answer(token, kind, typed)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// digits are what the phone shows for the grouped key of the page, ahead by so many steps.
func (w *world) digits(key string, ahead int64) string {
	w.t.Helper()
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(key, " ", ""))
	if err != nil {
		w.t.Fatal(err)
	}
	return factor.Digits(secret, factor.StepAt(w.clock.Now())+ahead)
}

// enrolled signs name in through the set-up of the app and returns its key.
func (w *world) enrolled(name string) (key string, out reached) {
	w.t.Helper()
	page := w.begin(name)
	if page.Page.Step != (login.Step{Kind: login.Enrol, Method: sallyport.MethodApp}) {
		w.t.Fatalf("step %+v", page.Page.Step)
	}
	key = page.Page.Secret
	out = w.mustAnswer(page.SignIn, session.AnswerCode, w.digits(key, 0))
	if out.RecoveryLeft != 10 || out.FewRecovery {
		w.t.Errorf("%d of the new recovery codes are said to be left", out.RecoveryLeft)
	}
	w.clock.Advance(30 * time.Second)
	return key, out
}

// usable asks the first node; what that refuses the second must refuse too.
func (w *world) usable(token sallyport.Token) bool {
	w.t.Helper()
	if w.usableAt(w.s, token) {
		return true
	}
	if w.usableAt(w.second, token) {
		w.t.Error("the second node let in what the first refused")
	}
	return false
}

func (w *world) usableAt(s *session.Service, token sallyport.Token) bool {
	w.t.Helper()
	usable, err := s.Check(ctx, token)
	if err != nil {
		w.t.Error(err)
	}
	return usable
}

// actor is who holds a session.
func (w *world) actor(token sallyport.Token) sallyport.Actor {
	w.t.Helper()
	actor, _, err := w.s.Actor(ctx, token, browser)
	if err != nil {
		w.t.Fatal(err)
	}
	return actor
}

// stepUp begins a sign-in in which the holder of a session proves himself again.
func (w *world) stepUp(actor sallyport.Actor) sallyport.Token {
	w.t.Helper()
	out, err := w.s.BeginStepUp(ctx, actor, "/me")
	if err != nil {
		w.t.Fatal(err)
	}
	return out.SignIn
}

func (w *world) raise(id sallyport.TechnicianID) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error {
		_, err := tx.Raise(ctx, id, sallyport.EndedBySave)
		return err
	})
}

func (w *world) events(kind string) int {
	w.t.Helper()
	return len(look(w, func(tx *store.Tx) ([]sallyport.Event, error) {
		return tx.Events(ctx, sallyport.EventFilter{Type: kind, Limit: 5000})
	}))
}

func (w *world) liveSessions(id sallyport.TechnicianID) []sallyport.Session {
	w.t.Helper()
	return look(w, func(tx *store.Tx) ([]sallyport.Session, error) { return tx.SessionsOf(ctx, id) })
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if sallyport.CodeOf(err) != code || err == nil {
		t.Fatalf("error %v, want %s", err, code)
	}
}

func wantField(t testing.TB, err error, part string) {
	t.Helper()
	var e *sallyport.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 || !strings.Contains(e.Fields[0].Message, part) {
		t.Fatalf("error %v, want a field that says %q", err, part)
	}
}

// wrongFor is a code of six digits that is surely not right.
func wrongFor(right string) string {
	return fmt.Sprintf("%c%s", '0'+(right[0]-'0'+1)%10, right[1:])
}
