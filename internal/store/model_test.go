package store_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/store/storetest"
	"sallyport/internal/testkit/clock"
)

// tries is the codes of one sign-in as somebody counts them who has pen and paper: tries and end of each, by their number.
type tries struct {
	db    *store.DB
	clock *clock.Clock
	hash  sallyport.Hash
	codes []sentCode
	round int
}

type sentCode struct {
	id       sallyport.CodeID
	attempts int
	gone     bool
	until    time.Time
}

const codeLife, codeTries = 3 * time.Minute, 3

// live reports whether a code may still be looked at: the newest, not gone, in time.
func (s *tries) live(i int) bool {
	c := s.codes[i]
	return i == len(s.codes)-1 && !c.gone && s.clock.Now().Before(c.until)
}

func (s *tries) write(t *rapid.T, do func(ctx context.Context, tx *store.Tx) error) {
	ctx := context.Background()
	if err := s.db.Write(ctx, func(tx *store.Tx) error { return do(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

func (s *tries) send(t *rapid.T) {
	c := sentCode{id: sallyport.CodeID(fmt.Sprintf("c%d-%d", s.round, len(s.codes))), until: s.clock.Now().Add(codeLife)}
	s.write(t, func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertCode(ctx, sallyport.Code{ID: c.id, SignIn: s.hash, Technician: "mira", State: sallyport.Sent, ExpiresAt: c.until})
	})
	s.codes = append(s.codes, c)
}

func (s *tries) pick(t *rapid.T) int {
	if len(s.codes) == 0 {
		t.Skip("no code was sent yet: another step is drawn")
	}
	return rapid.IntRange(max(0, len(s.codes)-3), len(s.codes)-1).Draw(t, "code")
}

// TestSentCodesMachine (I1, I2): in every order of sending, trying, using and waiting, a code is compared as often as pen
// and paper allow, at most three times, and used once, only while it is the newest and in time.
func TestSentCodesMachine(t *testing.T) {
	s := &tries{clock: storetest.NewClock()}
	s.db = openSQLite(t, s.clock)
	err := s.db.Write(t.Context(), func(tx *store.Tx) error {
		return tx.InsertTechnician(t.Context(), sallyport.Technician{ID: "mira", UserNameKey: "mira", Status: sallyport.Active, Method: sallyport.MethodEmail, Generation: 1})
	})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		s.round++
		s.codes, s.hash = nil, sallyport.Hash{byte(s.round), byte(s.round >> 8), byte(s.round >> 16), 1}
		s.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertSignIn(ctx, sallyport.SignIn{Hash: s.hash, Technician: "mira", Generation: 1, ExpiresAt: s.clock.Now().Add(time.Hour)})
		})
		try := func(t *rapid.T) {
			i := s.pick(t)
			owed := s.live(i) && s.codes[i].attempts < codeTries
			s.write(t, func(ctx context.Context, tx *store.Tx) error {
				_, ok, err := tx.CountAttempt(ctx, s.codes[i].id)
				if ok != owed {
					t.Fatalf("code %d of %d with %d tries: counted %v, owed %v", i, len(s.codes), s.codes[i].attempts, ok, owed)
				}
				return err
			})
			if owed {
				s.codes[i].attempts++
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"send": s.send, "try": try, "try again": try, "and again": try,
			"use": func(t *rapid.T) {
				i := s.pick(t)
				owed := s.live(i)
				s.write(t, func(ctx context.Context, tx *store.Tx) error {
					ok, err := tx.ConsumeCode(ctx, s.codes[i].id)
					if ok != owed {
						t.Fatalf("code %d of %d: used %v, owed %v", i, len(s.codes), ok, owed)
					}
					return err
				})
				s.codes[i].gone = s.codes[i].gone || owed
			},
			"time goes on": func(t *rapid.T) {
				s.clock.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "s")) * time.Second)
			},
		})
	})
}

// TestBucketsAgainstCounting: a bucket in the database lets in, in every window, its burst and one for every so often, and
// says truly beforehand whether there is room.
func TestBucketsAgainstCounting(t *testing.T) {
	c := storetest.NewClock()
	db := openSQLite(t, c)
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		key := fmt.Sprint("b", round)
		every := time.Duration(rapid.IntRange(1, 60).Draw(t, "every")) * time.Second
		burst := rapid.IntRange(1, 6).Draw(t, "burst")
		room := time.Duration(burst) * every
		var let []time.Time
		t.Repeat(map[string]func(*rapid.T){
			"fill": func(t *rapid.T) {
				ctx := context.Background()
				err := db.Write(ctx, func(tx *store.Tx) error {
					empty, err := tx.EmptyAt(ctx, key)
					if err != nil {
						return err
					}
					free := !empty[key].Add(every - room).After(c.Now())
					ok, err := tx.Fill(ctx, key, every, room)
					if ok != free {
						t.Fatalf("let in %v, said before %v", ok, free)
					}
					if ok {
						let = append(let, c.Now())
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			},
			"time goes on": func(t *rapid.T) { c.Add(time.Duration(rapid.Int64Range(0, int64(2*every)).Draw(t, "span"))) },
			"": func(t *rapid.T) {
				for from := range let {
					span := let[len(let)-1].Sub(let[from])
					if n, most := len(let)-from, burst+int(math.Floor(float64(span)/float64(every)+1e-9)); n > most {
						t.Fatalf("%d in %v, the rule lets in %d", n, span, most)
					}
				}
			},
		})
	})
}

func openSQLite(t *testing.T, c *clock.Clock) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Folder: t.TempDir(), Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
