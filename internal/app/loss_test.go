package app

import (
	"context"
	"errors"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/config"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

func (c *core) note(ctx context.Context, what string) error {
	return c.db.Write(ctx, func(tx *store.Tx) error { return tx.InsertEvent(ctx, sallyport.Event{Type: what}) })
}

// A Save was acknowledged while the standby was away and nobody waited for it. The node that has seen it does not serve the
// standby that takes over, although no mark is missing there.
func TestLostSaveIsNoticed(t *testing.T) {
	ctx, older := t.Context(), postgres.Start(t)
	if err := older.Exec("postgres", `CREATE DATABASE own`); err != nil {
		t.Fatal(err)
	}
	newer := older.Standby(t)
	_, second, _ := strings.Cut(newer.TCP("own", newer.Port), "@")
	cfg := config.Config{Data: t.TempDir(), Database: strings.Replace(older.TCP("own", older.Port), "/own", ","+second, 1)}
	cfg.Key = cfg.Data + "/key"
	c := coreOf(t, cfg, Options{})
	if err := errors.Join(c.note(ctx, "technician.added"), c.agree(ctx),
		older.Exec("postgres", `ALTER SYSTEM SET synchronous_standby_names = ''`, `SELECT pg_reload_conf()`)); err != nil {
		t.Fatal(err)
	}
	newer.Down()
	if err := errors.Join(c.note(ctx, "session.ended"), c.agree(ctx)); err != nil {
		t.Fatal(err)
	}
	older.Crash()
	if err := errors.Join(newer.Up(), newer.Promote()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // it does not get used to it
		_, err := c.look(ctx)
		for sallyport.KindOf(err) == sallyport.Unavailable && ctx.Err() == nil { // connections of before
			_, err = c.look(ctx)
		}
		if err == nil || !strings.Contains(err.Error(), "acknowledged changes were lost") {
			t.Fatalf("%v", err)
		}
	}
}

// An event that is missing was lost, and so it was where another comes again under its number. One that was pruned with all
// before it is no loss, and an operator's acceptance begins anew.
func TestLogEnd(t *testing.T) {
	ctx, s := t.Context(), postgres.Shared(t)
	name := s.Name(t)
	c := coreOf(t, config.Config{Data: t.TempDir(), Database: s.URL(name), Key: t.TempDir() + "/key"}, Options{})
	for range 3 {
		if err := c.note(ctx, "technician.edited"); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		what, statement string
		lost            bool
	}{
		{"nothing", `SELECT 1`, false},
		{"the newest is away", `UPDATE event SET id = 9 WHERE id = 3`, true},
		{"another has its number", `UPDATE event SET id = 3, at = at + 1 WHERE id = 9`, true},
		{"it is back", `UPDATE event SET at = at - 1 WHERE id = 3`, false},
		{"an earlier one is pruned", `DELETE FROM event WHERE id = 1`, false},
		{"the newest is away again", `UPDATE event SET id = 9 WHERE id = 3`, true},
		{"an operator has accepted that", `INSERT INTO meta (name, value) VALUES ('restore-epoch', '1')`, false},
		{"all are pruned", `DELETE FROM event`, false},
	} {
		if err := s.Exec(name, step.statement); err != nil {
			t.Fatal(err)
		}
		if err := c.agree(ctx); (err != nil) != step.lost {
			t.Errorf("%s: %v", step.what, err)
		}
	}
}
