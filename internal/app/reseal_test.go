package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"

	"sallyport"
	"sallyport/internal/config"
	"sallyport/internal/control"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
	"sallyport/internal/testkit/team"
)

// coreOf opens a node that does nothing by itself: it looks neither at the database nor at the other nodes.
func coreOf(t *testing.T, cfg config.Config, o Options) *core {
	t.Helper()
	f, err := openFolder(cfg.Data, true)
	if err != nil {
		t.Fatal(err)
	}
	o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	c, err := openCore(context.Background(), cfg, f, "http://localhost:8080", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.close() })
	return c
}

// rotation is how far a rotation is: the key that is moved to, how many values it seals, and the keys that events say
// everything was moved to.
func rotation(t *testing.T, c *core, key string) (moving string, values int, done []string) {
	t.Helper()
	err := c.db.Read(t.Context(), func(tx *store.Tx) error {
		counts, err := tx.SealedCounts(t.Context())
		if err != nil {
			return err
		}
		values = counts[key]
		events, err := tx.Events(t.Context(), sallyport.EventFilter{Type: "key.moved"})
		for _, e := range events {
			done = append(done, e.After["key"])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	moving, err = locksmith{c}.moving(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return moving, values, done
}

// One node puts a new key in force, seals a value with it and is killed. The other has not looked yet: whatever it does with
// the old key, before that value or after it, leaves it alone and the rotation unfinished. When it has looked, it finishes the rotation.
func TestRotationIsNotFinishedWithTheOldKey(t *testing.T) {
	ctx, address := t.Context(), postgres.Database(t)
	one := config.Config{Data: t.TempDir(), Database: address}
	one.Key = one.Data + "/key"
	f, err := team.MakeOn(ctx, one.Data, address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Add(ctx, team.Spec{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	two := config.Config{Data: t.TempDir(), Database: address, Key: one.Key}
	killed := errors.New("killed")
	a := coreOf(t, one, Options{}.Turning(1, func() error { return killed }))
	b := coreOf(t, two, Options{})
	fresh, err := a.keys.Add(one.Key)
	if err != nil {
		t.Fatal(err)
	}
	old := b.keys.ID()
	with := func(sealed int) (finished error) {
		t.Helper()
		resumed := locksmith{b}.resume(ctx)
		finished = locksmith{b}.finish(ctx, sallyport.Actor{}, &control.Rotated{Key: old})
		if moving, values, done := rotation(t, b, fresh); resumed != nil || moving != fresh || values != sealed || len(done) != 0 || b.keys.ID() != old {
			t.Errorf("with the old key: %v, %v; moving to %q, %d values, done %v", resumed, finished, moving, values, done)
		}
		return finished
	}
	if err := (locksmith{a}).force(ctx, sallyport.Actor{}, fresh); err != nil {
		t.Fatal(err)
	}
	if err := with(0); err != nil {
		t.Error(err)
	}
	if _, err := (locksmith{a}).RotateKey(ctx, sallyport.Actor{}); !errors.Is(err, killed) {
		t.Fatal(err)
	}
	if err := with(1); sallyport.CodeOf(err) != "key_changed" {
		t.Error(err)
	}
	if err := errors.Join(b.followKey(ctx), locksmith{b}.resume(ctx)); err != nil {
		t.Fatal(err)
	}
	if moving, values, done := rotation(t, b, fresh); moving != "" || values != 2 || len(done) != 1 || done[0] != fresh {
		t.Errorf("in the end: moving to %q, %d values, done %v", moving, values, done)
	}
}
