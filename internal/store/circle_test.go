package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/store/storetest"
	"sallyport/internal/testkit/postgres"
)

// circle is a server's place among the others that is kept until the test ends.
func circle(t *testing.T, address string, refuse func(context.Context, sallyport.Hash) bool) *store.Circle {
	t.Helper()
	c, err := store.NewCircle(address, func() store.Node { return store.Node{Keys: []string{"a", "b"}, Sealing: "b"} }, refuse)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); c.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done; c.Close() })
	return c
}

// Servers on one database know each other, and say of a session whether they refuse it. One that does not answer is
// named, and not waited for twice.
func TestCircleAsksEveryServer(t *testing.T) {
	address := postgres.Database(t)
	db := openPostgres(t, address)
	yes := func(context.Context, sallyport.Hash) bool { return true }
	var refuses atomic.Bool
	var about atomic.Value
	refuses.Store(true)
	one := circle(t, address, yes)
	two := circle(t, address, func(_ context.Context, h sallyport.Hash) bool { about.Store(h); return refuses.Load() })
	hash := sallyport.Hash{1, 2, 3}
	ask := func(limit time.Duration) string {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		others, silent, last, err := one.Refuse(ctx, hash)
		if said := others > len(silent); said != (last > 0) {
			t.Errorf("%d others, silent %v: the last said so after %v", others, silent, last)
		}
		return fmt.Sprint(others, silent, err)
	}
	for limit := time.Now().Add(30 * time.Second); ask(10*time.Second) != "1 [] <nil>"; {
		if time.Now().After(limit) {
			t.Fatalf("the other server never answers: %s", ask(10*time.Second))
		}
	}
	if about.Load() != hash {
		t.Errorf("it was asked about %v", about.Load())
	}
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		nodes, err := tx.Nodes(t.Context())
		if len(nodes) != 2 || !nodes[0].Holds("a") || nodes[0].Holds("c") || nodes[0].Sealing != "b" {
			t.Errorf("nodes %+v", nodes)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw(t, address).Exec(`INSERT INTO node (id, seen_at, keys, sealing) VALUES ('gone', now_us() + 3000000000, '', '')`); err != nil {
		t.Fatal(err)
	}
	if got := ask(2 * time.Second); got != "2 [gone] <nil>" {
		t.Errorf("with one that is gone: %s", got)
	}
	if got := ask(time.Hour); got != "2 [gone] <nil>" { // or this test takes an hour
		t.Errorf("asked again: %s", got)
	}
	refuses.Store(false)
	if got := ask(time.Second / 2); got != fmt.Sprintf("2 [%s gone] <nil>", two.ID()) && got != fmt.Sprintf("2 [gone %s] <nil>", two.ID()) {
		t.Errorf("with one that lets in: %s", got)
	}
}

// A server that does not hear the others cannot say that they refuse.
func TestCircleThatDoesNotHearSaysSo(t *testing.T) {
	c, err := store.NewCircle(postgres.Database(t), func() store.Node { return store.Node{} }, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, _, _, err := c.Refuse(t.Context(), sallyport.Hash{}); err == nil {
		t.Error("it says that all refuse")
	}
}

// A server that was silent and answers now does not take the place of one that is waited for.
func TestCircleWaitsForWhoItAsked(t *testing.T) {
	address := postgres.Database(t)
	db := raw(t, address)
	yes := func(context.Context, sallyport.Hash) bool { return true }
	later := make(chan struct{})
	one := circle(t, address, yes)
	ask := func(limit time.Duration) string {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		others, silent, _, err := one.Refuse(ctx, sallyport.Hash{1})
		return fmt.Sprint(others, silent, err)
	}
	if _, err := db.Exec(`INSERT INTO node (id, seen_at, keys, sealing) VALUES ('late', now_us() + 3000000000, '', '')`); err != nil {
		t.Fatal(err)
	}
	for limit := time.Now().Add(30 * time.Second); ask(time.Second/5) != "1 [late] <nil>"; {
		if time.Now().After(limit) {
			t.Fatalf("it does not ask: %s", ask(time.Second))
		}
	}
	ear, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer ear.Close(context.Background())
	if _, err := ear.Exec(t.Context(), `LISTEN sallyport`); err != nil {
		t.Fatal(err)
	}
	circle(t, address, func(context.Context, sallyport.Hash) bool { <-later; return true })
	for limit := time.Now().Add(30 * time.Second); ; {
		var n int
		if err := db.QueryRow(`SELECT count(*) FROM node`).Scan(&n); err != nil || time.Now().After(limit) {
			t.Fatal("the third is not there", err)
		}
		if n == 3 {
			break
		}
	}
	go func() {
		defer close(later)
		asked, err := ear.WaitForNotification(t.Context())
		if err == nil {
			_, err = db.Exec(`SELECT pg_notify('sallyport', 'no ' || $1 || ' late')`, strings.Fields(asked.Payload)[1])
		}
		if err != nil {
			t.Error(err)
		}
	}()
	if got := ask(30 * time.Second); got != "2 [] <nil>" {
		t.Errorf("all of them refuse: %s", got)
	}
}

// A server that has joined and does not run yet answers when it does, and one that ends says so: nobody waits for it in vain.
func TestCircleOfOneThatBeginsAndEnds(t *testing.T) {
	address := postgres.Database(t)
	one := circle(t, address, func(context.Context, sallyport.Hash) bool { return true })
	var lets atomic.Bool
	asked := make(chan struct{}, 1)
	two, err := store.NewCircle(address, func() store.Node { return store.Node{} }, func(context.Context, sallyport.Hash) bool {
		asked <- struct{}{}
		return !lets.Load()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	ear, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer ear.Close(context.Background())
	if _, err := ear.Exec(t.Context(), `LISTEN sallyport`); err != nil {
		t.Fatal(err)
	}
	heard := func(first string) {
		t.Helper()
		for {
			n, err := ear.WaitForNotification(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(n.Payload, first+" ") {
				return
			}
		}
	}
	for limit := time.Now().Add(30 * time.Second); ; { // until the first hears
		if _, _, _, err := one.Refuse(t.Context(), sallyport.Hash{1}); err == nil {
			break
		}
		if time.Now().After(limit) {
			t.Fatal("it does not hear")
		}
	}
	refuse := func() <-chan string {
		said := make(chan string, 1)
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			others, silent, _, err := one.Refuse(ctx, sallyport.Hash{1})
			said <- fmt.Sprint(others, silent, err)
		}()
		return said
	}
	if err := two.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	begins := refuse()
	heard("ask")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); two.Run(ctx) }()
	if got := <-begins; got != "1 [] <nil>" {
		t.Fatalf("asked before it ran: %s", got)
	}
	<-asked
	lets.Store(true)
	ends := refuse()
	<-asked
	stop()
	<-ended
	if got := <-ends; got != "1 [] <nil>" {
		t.Errorf("asked before it ended: %s", got)
	}
	// Nor is it waited for by who has read its row a moment before it went.
	if _, err := raw(t, address).Exec(`INSERT INTO node (id, seen_at, keys, sealing) VALUES ($1, now_us() + 3000000000, '', '')`, two.ID()); err != nil {
		t.Fatal(err)
	}
	if got := <-refuse(); got != "1 [] <nil>" {
		t.Errorf("asked after it ended: %s", got)
	}
}

// A server that joined and did not come to run leaves.
func TestCircleThatNeverRanLeaves(t *testing.T) {
	address := postgres.Database(t)
	c, err := store.NewCircle(address, func() store.Node { return store.Node{} }, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	there := func() (n int) {
		if err := raw(t, address).QueryRow(`SELECT count(*) FROM node`).Scan(&n); err != nil {
			t.Error(err)
		}
		return n
	}
	if n := there(); n != 1 {
		t.Errorf("%d servers have joined", n)
	}
	if c.Close(); there() != 0 {
		t.Error("it is still there")
	}
}

// A server that ended without a word while the clock was ahead is over in time when that is set right: nobody waits for it, and no
// key for its consent.
func TestNodeOfTheFutureIsOver(t *testing.T) {
	t.Parallel()
	address, c := postgres.Database(t), storetest.NewClock()
	postgres.Follow(t, address, c)
	db := openPostgres(t, address)
	c.Add(24 * time.Hour)
	if _, err := raw(t, address).Exec(`INSERT INTO node (id, seen_at, keys, sealing) VALUES ('gone', now_us(), '', '')`); err != nil {
		t.Fatal(err)
	}
	c.Add(-24 * time.Hour)
	if err := db.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.ClockSetBack(t.Context()); return err }); err != nil {
		t.Fatal(err)
	}
	c.Add(store.NodeLife)
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		nodes, err := tx.Nodes(t.Context())
		if len(nodes) != 0 {
			t.Errorf("counted as running: %+v", nodes)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
