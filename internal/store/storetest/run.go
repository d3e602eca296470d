package storetest

import (
	"context"
	"crypto/sha256"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/clock"
)

// NewClock stands at an unremarkable moment.
func NewClock() *clock.Clock { return clock.New(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)) }

// Run runs every case on databases that open makes: empty, and with the given clock.
func Run(t *testing.T, open func(t *testing.T, c *clock.Clock) *store.DB) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			turned := NewClock()
			c.run(&bench{T: t, Clock: turned, db: open(t, turned), ctx: context.Background()})
		})
	}
}

type namedCase struct {
	name string
	run  func(*bench)
}

var cases []namedCase

func register(name string, run func(*bench)) bool {
	cases = append(cases, namedCase{name, run})
	return true
}

// bench is what a case works with: a database with its clock, and short words for the steps that must succeed.
type bench struct {
	*testing.T
	*clock.Clock
	db  *store.DB
	ctx context.Context
}

func (b *bench) write(fn func(*store.Tx) error) {
	b.Helper()
	if err := b.db.Write(b.ctx, fn); err != nil {
		b.Fatalf("write: %v", err)
	}
}

func (b *bench) read(fn func(*store.Tx) error) {
	b.Helper()
	if err := b.db.Read(b.ctx, fn); err != nil {
		b.Fatalf("read: %v", err)
	}
}

func (b *bench) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// code fails unless err has that stable code.
func (b *bench) code(err error, want string) {
	b.Helper()
	if err == nil || sallyport.CodeOf(err) != want {
		b.Fatalf("error %v, want code %s", err, want)
	}
}

// hash is a token's hash, a different one for each name.
func hash(name string) sallyport.Hash { return sha256.Sum256([]byte(name)) }

// person stores an active technician named id with the method app.
func (b *bench) person(id string, change ...func(*sallyport.Technician)) sallyport.Technician {
	b.Helper()
	t := sallyport.Technician{ID: sallyport.TechnicianID(id), FirstName: "First " + id, LastName: "Last", UserName: id,
		UserNameKey: id, Skeleton: id, Email: id + "@example.com", Role: sallyport.ReadOnlyTechnician, Status: sallyport.Active,
		Method: sallyport.MethodApp, Generation: 1, Version: 1, CreatedAt: b.Now()}
	for _, c := range change {
		c(&t)
	}
	b.write(func(tx *store.Tx) error { return tx.InsertTechnician(b.ctx, t) })
	return t
}

// session gives a technician a live session.
func (b *bench) session(t sallyport.Technician, name string) sallyport.Session {
	b.Helper()
	s := sallyport.Session{Hash: hash(name), Technician: t.ID, Generation: t.Generation, Method: "app", Address: "192.0.2.1",
		Browser: "Firefox on Windows", CreatedAt: b.Now(), UsedAt: b.Now(), ProvedAt: b.Now(), ExpiresAt: b.Now().Add(12 * time.Hour)}
	b.write(func(tx *store.Tx) error {
		_, err := tx.CreateSession(b.ctx, s, 0)
		return err
	})
	return s
}

// signIn begins a sign-in for a technician.
func (b *bench) signIn(t sallyport.Technician, name string) sallyport.SignIn {
	b.Helper()
	s := sallyport.SignIn{Hash: hash(name), Technician: t.ID, Generation: t.Generation, Purpose: sallyport.PurposeSignIn,
		CreatedAt: b.Now(), ExpiresAt: b.Now().Add(10 * time.Minute)}
	b.write(func(tx *store.Tx) error { return tx.InsertSignIn(b.ctx, s) })
	return s
}

// sent stores a code of three minutes for a sign-in.
func (b *bench) sent(s sallyport.SignIn, id string) sallyport.Code {
	b.Helper()
	c := sallyport.Code{ID: sallyport.CodeID(id), SignIn: s.Hash, Technician: s.Technician, Channel: sallyport.MethodEmail,
		Address: "a@example.com", Hash: []byte{1, 2, 3}, State: sallyport.Sending, CreatedAt: b.Now(), ExpiresAt: b.Now().Add(3 * time.Minute)}
	b.write(func(tx *store.Tx) error { return tx.InsertCode(b.ctx, c) })
	return c
}
