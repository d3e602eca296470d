package app_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/app"
	"sallyport/internal/config"
	"sallyport/internal/control"
	"sallyport/internal/keyring"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

func order(t *testing.T, cfg config.Config, o app.Options, name string, in, out any) error {
	t.Helper()
	client, done, err := app.Command(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	return errors.Join(client.Call(t.Context(), name, in, out), done())
}

// opens reads every sealed value of the database with the key file.
func opens(t *testing.T, cfg config.Config) (values, old int) {
	t.Helper()
	ring, err := keyring.Load(cfg.Key)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), store.Options{Folder: cfg.Data, Address: cfg.Database})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, head := range [][]byte{make([]byte, 5), ring.Head()} {
		n := 0
		for at := (store.SealedCursor{}); !at.Over(); {
			err := db.Read(t.Context(), func(tx *store.Tx) error {
				found, next, err := tx.SealedOtherwise(t.Context(), head, at, 100)
				at, n = next, n+len(found)
				for _, s := range found {
					if _, err := ring.Open(s.Value, keyring.Place{Table: s.Table, Row: s.Row, Column: s.Column}); err != nil {
						t.Errorf("%s of %s: %v", s.Column, s.Table, err)
					}
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		values, old = max(values, n), n
	}
	return values, old
}

// D11.12: a rotation that is broken off after any batch goes on from there; everything opens at every moment.
func TestKeyRotationBrokenOffAnywhere(t *testing.T) {
	broken := errors.New("killed")
	for at := 1; ; at++ {
		cfg := configure(t, nil)
		staff(t, cfg.Data)
		first, err := keyring.Load(cfg.Key)
		if err != nil {
			t.Fatal(err)
		}
		batches := 0
		var r control.Rotated
		err = order(t, cfg, quiet().Turning(1, func() error {
			if batches++; batches == at {
				return broken
			}
			return nil
		}), "key/rotate", control.None{}, &r)
		values, old := opens(t, cfg)
		if values != 4 {
			t.Fatalf("%d sealed values", values)
		}
		if err == nil {
			if at != values+1 || old != 0 || r.Finished || r.Values != values || r.Key == first.ID() {
				t.Errorf("unbroken: %d batches, %+v, %d with an old key", at, r, old)
			}
			return
		}
		if old != values-at {
			t.Errorf("broken off after %d: %d with the old key", at, old)
		}
		if err := order(t, cfg, quiet(), "key/drop", control.KeyName{ID: first.ID()}, nil); old > 0 && sallyport.CodeOf(err) != "key_seals" || err == nil {
			t.Errorf("an old key in use is dropped: %v", err)
		}
		if err := order(t, cfg, quiet(), "key/rotate", control.None{}, &r); err != nil || !r.Finished || r.Values != old {
			t.Errorf("going on: %+v, %v", r, err)
		}
		if _, old := opens(t, cfg); old != 0 {
			t.Errorf("%d are left after going on", old)
		}
		var keys []control.Key
		if err := order(t, cfg, quiet(), "key/list", control.None{}, &keys); err != nil || len(keys) != 2 || keys[0].Values != 0 || keys[1].Values != values || !keys[1].Seals {
			t.Errorf("list: %+v, %v", keys, err)
		}
	}
}

// A key that was written to the file and no more is the one that the next rotation takes.
func TestKeyThatWaitsIsTaken(t *testing.T) {
	cfg := configure(t, map[string]string{"SALLYPORT_PUBLIC_URL": public, "SALLYPORT_TRUSTED_PROXIES": "127.0.0.1"})
	super, _ := staff(t, cfg.Data)
	ring, err := keyring.Load(cfg.Key)
	if err != nil {
		t.Fatal(err)
	}
	waits, err := ring.Add(cfg.Key)
	if err != nil {
		t.Fatal(err)
	}
	server, stop := running(t, cfg, quiet())
	if code := checkAt(server, super); code != 204 {
		t.Errorf("with a key that waits: %d", code)
	}
	var r control.Rotated
	if err := order(t, cfg, quiet(), "key/rotate", control.None{}, &r); err != nil || r.Key != waits || r.Finished {
		t.Errorf("%+v, %v", r, err)
	}
	err = order(t, cfg, quiet(), "key/drop", control.KeyName{ID: ring.ID()}, nil)
	if sallyport.CodeOf(err) != "key_recent" {
		t.Errorf("a key is dropped while what began before may be under way: %v", err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	later := quiet()
	later.Now = func() time.Time { return time.Now().Add(2 * time.Minute) }
	if err := order(t, cfg, later, "key/drop", control.KeyName{ID: ring.ID()}, nil); err != nil {
		t.Fatal(err)
	}
	if keys, err := keyring.Load(cfg.Key); err != nil || keys.Holds(ring.ID()) || keys.Name() != ring.Name() {
		t.Errorf("the file after the drop: %v", err)
	}
	var note control.Note
	if err := order(t, cfg, later, "audit/key", control.None{}, &note); err != nil || !strings.HasPrefix(note.Text, "sallyport-audit-"+ring.Name()) {
		t.Errorf("the audit log has another name: %q, %v", note.Text, err)
	}
	if _, old := opens(t, cfg); old != 0 {
		t.Error("values do not open")
	}
	if got := written(t, cfg, "key.rotated"); len(got) != 1 || got[0].Before["key"] != ring.ID() || got[0].After["key"] != waits {
		t.Errorf("events of the rotation: %+v", got)
	}
	if got := written(t, cfg, "key.dropped"); len(got) != 1 || got[0].Before["key"] != ring.ID() {
		t.Errorf("events of the drop: %+v", got)
	}
	if got := written(t, cfg, "save.refused"); len(got) != 1 || got[0].Reason != "key_recent" || got[0].ActorKind != sallyport.ActorHost {
		t.Errorf("events of the refusal: %+v", got)
	}
}

// written are the events of that type in the database, while nobody serves it.
func written(t *testing.T, cfg config.Config, kind string) (events []sallyport.Event) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Folder: cfg.Data, Address: cfg.Database})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Read(t.Context(), func(tx *store.Tx) (err error) {
		events, err = tx.Events(t.Context(), sallyport.EventFilter{Type: kind})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// D11.12 with nodes running: a node that lacks the new key holds the rotation up, then takes it without a stop; one that
// starts with the older file is refused, and both keys are named.
func TestD11_12(t *testing.T) {
	n := twoNodes(t, postgres.Database(t))
	old, err := os.ReadFile(n.cfg[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	first, err := keyring.Load(n.cfg[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	rotate := func() (r control.Rotated, err error) {
		err = order(t, n.cfg[0], quiet(), "key/rotate", control.None{}, &r)
		return r, err
	}
	var refused error
	until(t, "the other node is known", func() bool {
		_, refused = rotate()
		if refused == nil {
			t.Fatal("a key is in force that a node lacks")
		}
		return strings.Contains(refused.Error(), n.two.Node())
	})
	if sallyport.CodeOf(refused) != "key_not_everywhere" {
		t.Errorf("refused: %v", refused)
	}
	if got := written(t, n.cfg[0], "save.refused"); len(got) == 0 || got[0].Reason != "key_not_everywhere" {
		t.Errorf("events of the refusal: %+v", got)
	}
	fresh, err := os.ReadFile(n.cfg[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(n.cfg[1].Key, fresh, 0o600); err != nil {
		t.Fatal(err)
	}
	var r control.Rotated
	until(t, "rotated", func() bool { r, err = rotate(); return err == nil })
	var keys []control.Key
	if err := order(t, n.cfg[0], quiet(), "key/list", control.None{}, &keys); err != nil {
		t.Fatal(err)
	}
	// The team's values are four, and that of the dummy is there as soon as a node has stored it. The other node may have sealed
	// some of them again: it goes on with what is begun.
	newest := keys[len(keys)-1]
	all := newest.Values == 4 || newest.Values == 5
	if r.Values > newest.Values || r.Finished || r.Key == first.ID() || newest.ID != r.Key || !all || len(keys) != 2 || keys[0].Values != 0 {
		t.Errorf("%+v, %+v", r, keys)
	}
	for _, a := range []*app.App{n.one, n.two} {
		if checkAt(a, n.super) != 204 {
			t.Error("somebody was signed out")
		}
	}
	stale := nodeConfig(t, n.cfg[0].Database, old)
	if a, err := app.New(t.Context(), stale, quiet()); err == nil {
		_ = a.Close()
		t.Error("a node with the older file started")
	} else if !strings.Contains(err.Error(), first.ID()) || !strings.Contains(err.Error(), r.Key) {
		t.Errorf("it does not name both keys: %v", err)
	}
	if _, old := opens(t, n.cfg[1]); old != 0 {
		t.Errorf("%d values are left", old)
	}
	if _, err := os.Stat(filepath.Join(n.cfg[0].Data, "key.new")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a half-written file is left")
	}
	if err := n.lacksKey(t, old); err != nil {
		t.Error(err)
	}
}

// lacksKey takes the key in force from a node's file: at its next start it is refused.
func (n *nodes) lacksKey(t *testing.T, old []byte) error {
	t.Helper()
	if err := n.stop[1](); err != nil {
		return err
	}
	if err := os.WriteFile(n.cfg[1].Key, old, 0o600); err != nil {
		return err
	}
	a, err := app.New(context.Background(), n.cfg[1], quiet())
	if err == nil {
		return errors.Join(errors.New("a node that lost the new key starts"), a.Close())
	}
	return nil
}
