package app

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/web"
)

// TestSweepKnowsLastUses: no session goes as an idle one because its last use was not written yet; and after a time in which
// nothing could be written, none goes before every node has had the time to write the last uses that it knows.
func TestSweepKnowsLastUses(t *testing.T) {
	ctx, at := t.Context(), time.Now()
	c := testCore(t, func() time.Time { return at })
	used, idle := sallyport.Hash{1}, sallyport.Hash{2}
	err := c.db.Write(ctx, func(tx *store.Tx) error {
		dana := sallyport.Technician{ID: "dana", UserName: "dana", UserNameKey: "dana", Skeleton: "dana", Role: sallyport.Admin,
			Status: sallyport.Active, Method: sallyport.MethodApp, Generation: 1, Version: 1, CreatedAt: at}
		if err := tx.InsertTechnician(ctx, dana); err != nil {
			return err
		}
		for _, hash := range []sallyport.Hash{used, idle} {
			if err := tx.InsertSession(ctx, sallyport.Session{Hash: hash, Technician: dana.ID, Generation: 1, CreatedAt: at, UsedAt: at,
				ExpiresAt: at.Add(12 * time.Hour)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	stored := func(hash sallyport.Hash) bool {
		t.Helper()
		err := c.db.Read(ctx, func(tx *store.Tx) error {
			_, _, err := tx.Session(ctx, hash, 24*time.Hour)
			return err
		})
		if err != nil && sallyport.KindOf(err) != sallyport.Unauthorized {
			t.Fatal(err)
		}
		return err == nil
	}
	at = at.Add(20 * time.Minute)
	if usable, err := c.session.Usable(ctx, used); !usable || err != nil {
		t.Fatal(usable, err)
	}
	at = at.Add(20 * time.Minute)
	broken, cancel := context.WithCancel(ctx)
	cancel()
	if err := c.sweep(broken); err == nil {
		t.Fatal("swept without a database")
	}
	for n := range sweepsLeftOut + 1 {
		if !stored(idle) {
			t.Errorf("the idle session went with sweep %d after one that failed", n)
		}
		if err := c.sweep(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if stored(idle) {
		t.Error("the idle session stays")
	}
	if usable, err := c.session.Usable(ctx, used); !usable || err != nil || !stored(used) {
		t.Errorf("the one that was used went with it: %v, %v", usable, err)
	}
}

// TestUnfitNodeRemovesNothing: a node that finds the database older than it has seen it leaves all of it as it is.
func TestUnfitNodeRemovesNothing(t *testing.T) {
	ctx, at := t.Context(), time.Now()
	c := testCore(t, func() time.Time { return at })
	over := sallyport.Hash{1}
	err := c.db.Write(ctx, func(tx *store.Tx) error {
		return tx.InsertSignIn(ctx, sallyport.SignIn{Hash: over, Purpose: sallyport.PurposeSetup, CreatedAt: at, ExpiresAt: at.Add(time.Hour)})
	})
	if err != nil {
		t.Fatal(err)
	}
	const later = 2 * time.Hour
	there := func() bool {
		t.Helper()
		at = at.Add(-later) // when it lived
		defer func() { at = at.Add(later) }()
		err := c.db.Read(ctx, func(tx *store.Tx) error { _, _, err := tx.SignIn(ctx, over); return err })
		if err != nil && sallyport.KindOf(err) != sallyport.Gone {
			t.Fatal(err)
		}
		return err == nil
	}
	at = at.Add(later)
	c.fit = &fitness{why: errors.New("older")}
	if err := c.sweep(ctx); err == nil || !there() {
		t.Errorf("an unfit node has swept: %v", err)
	}
	c.fit.set(nil)
	for range sweepsLeftOut + 1 {
		if err := c.sweep(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if there() {
		t.Error("what is over stays")
	}
}

// TestWordsOfAFullDisk: a node that cannot write down what it has seen does not say that the database is away.
func TestWordsOfAFullDisk(t *testing.T) {
	s := &state{path: t.TempDir() + "/none/seen"}
	f := &fitness{}
	f.set(s.put(seen{Epoch: 1}))
	if words := f.words(); !strings.Contains(words, "cannot be written down") {
		t.Errorf("it says %q", words)
	}
}

// A client that hung up counts under a name of its own: operators are woken by "Service Unavailable".
func TestHungUpHasItsName(t *testing.T) {
	ops, w := newOperations(testCore(t, time.Now)), httptest.NewRecorder()
	ops.observe("GET /admin/audit", web.StatusHungUp, time.Millisecond)
	ops.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if want := `sallyport_request_seconds_count{route="GET /admin/audit",status="Client Hung Up"} 1`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("metrics lack %s", want)
	}
}

// TestSweepKeepsUp: whatever a minute leaves behind of a very large team is gone with it, and still a clock that was set ahead
// is followed by ten minutes alone.
func TestSweepKeepsUp(t *testing.T) {
	ctx, at := t.Context(), time.Now()
	c := testCore(t, func() time.Time { return at })
	if err := c.sweep(ctx); err != nil {
		t.Fatal(err)
	}
	links := make([]sallyport.Link, 11_000)
	for i := range links {
		links[i] = sallyport.Link{Hash: sallyport.Hash{1, byte(i), byte(i >> 8)}, Kind: sallyport.LinkSetup, ExpiresAt: at}
	}
	links = append(links, sallyport.Link{Hash: sallyport.Hash{2}, Kind: sallyport.LinkSetup, ExpiresAt: at.Add(15 * time.Minute)})
	if err := c.db.Write(ctx, func(tx *store.Tx) error { return tx.InsertLinks(ctx, links) }); err != nil {
		t.Fatal(err)
	}
	at = at.AddDate(1, 0, 0)
	if err := c.sweep(ctx); err != nil {
		t.Fatal(err)
	}
	left := 0
	err := c.db.Write(ctx, func(tx *store.Tx) (err error) {
		left, err = tx.DeleteLinks(ctx, "", sallyport.LinkSetup)
		return err
	})
	if err != nil || left != 1 {
		t.Errorf("%d links are left, want the one that is not over by ten minutes more: %v", left, err)
	}
}
