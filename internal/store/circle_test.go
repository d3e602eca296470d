package store_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
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
		others, silent, err := one.Refuse(ctx, hash)
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
	if _, _, err := c.Refuse(t.Context(), sallyport.Hash{}); err == nil {
		t.Error("it says that all refuse")
	}
}
