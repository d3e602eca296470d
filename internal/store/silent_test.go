package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

// hurry is less than the driver gives one host, and so what whoever waits for an answer has for all of them.
const hurry = 4 * time.Second

// A primary that vanished refuses nothing, and its standby has taken over: whoever comes, in whatever hurry, finds the one
// that answers, on connections for whatever purpose; the kept ones that lead to the other are let go of unasked.
func TestPrimaryThatFallsSilent(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	primary := postgres.Start(t)
	if err := primary.Exec("postgres", `CREATE DATABASE own`); err != nil {
		t.Fatal(err)
	}
	standby, front := primary.Standby(t), primary.Front(t)
	address := fmt.Sprintf("postgres://test@127.0.0.1:%d,127.0.0.1:%d/own", front.Port, standby.Port)
	db := openPostgres(t, address)
	one := mute(t, address, db)
	soon := func(do func(context.Context) error) error {
		ctx, cancel := context.WithTimeout(ctx, hurry)
		defer cancel()
		return do(ctx)
	}
	look := func(ctx context.Context) error {
		_, _, err := db.LookUpSessions(ctx, []sallyport.Hash{{1}})
		return err
	}
	write := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			return db.Write(ctx, func(tx *store.Tx) error { return tx.PutMeta(ctx, name, nil) })
		}
	}
	all := func(when string) {
		t.Helper()
		for what, do := range map[string]func(context.Context) error{"check": look, "read": db.Ping, "write": write(when), "say": one.Join} {
			if err := soon(do); err != nil {
				t.Errorf("%s: %s: %v", when, what, err)
			}
		}
	}
	all("before")
	front.Silence()
	if err := standby.Exec("postgres", `ALTER SYSTEM SET synchronous_standby_names = ''`); err != nil {
		t.Fatal(err)
	}
	if err := standby.Promote(); err != nil {
		t.Fatal(err)
	}
	before := db.Primary()
	until(t, "the new primary is met", func() bool {
		db.LookAround(ctx)
		return db.Primary() != before
	})
	all("after")
	db = openPostgres(t, address)
	one = mute(t, address, db)
	all("of a start that finds it silent")
}

// Who looks whether the database may be used does not wait for another look that hangs.
func TestLookBesideOneThatHangs(t *testing.T) {
	db := openPostgres(t, postgres.Database(t))
	err := db.Watch(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Now(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), hurry)
		defer cancel()
		return errors.Join(err, db.Ping(ctx))
	})
	if err != nil {
		t.Error(err)
	}
}

// mute is a server's place among the others that goes where db goes, and is not kept.
func mute(t *testing.T, address string, db *store.DB) *store.Circle {
	t.Helper()
	c, err := store.NewCircle(address, func() store.Node { return store.Node{} }, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.With(db)
}
