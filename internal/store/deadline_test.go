package store_test

import (
	"context"
	"errors"
	"testing"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

// bounded is a context whose time runs out when a test says so.
type bounded struct {
	context.Context
	out bool
}

// Err implements context.Context.
func (b *bounded) Err() error {
	if b.out {
		return context.DeadlineExceeded
	}
	return nil
}

// A transaction whose time has run out between two statements is undone, and its connection is as good as before: where many
// give up at once, the server is not asked for as many new connections.
func TestConnectionOutlivesADeadline(t *testing.T) {
	for engine, open := range map[string]func(*testing.T) *store.DB{
		"sqlite":   func(t *testing.T) *store.DB { return open(t, t.TempDir(), nil) },
		"postgres": func(t *testing.T) *store.DB { return openPostgres(t, postgres.Database(t)) },
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			for name, run := range map[string]func(context.Context, func(*store.Tx) error) error{"write": db.Write, "read": db.Read} {
				ctx := &bounded{Context: t.Context()}
				again := db.Stats().Again
				err := run(ctx, func(tx *store.Tx) error {
					if _, err := tx.Now(ctx); err != nil {
						return err
					}
					ctx.out = true
					_, err := tx.Now(ctx)
					return err
				})
				if sallyport.KindOf(err) != sallyport.Unavailable || !errors.Is(err, context.DeadlineExceeded) || db.Stats().Again != again {
					t.Errorf("%s: %v, ran %d times again", name, err, db.Stats().Again-again)
				}
			}
			if writers, readers := db.Idle(); writers != 1 || readers != 1 {
				t.Errorf("%d writers and %d readers are kept, want one of each", writers, readers)
			}
		})
	}
}
