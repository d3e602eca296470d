package app

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/config"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

// A node all of whose readers are at slow pages answers session checks: it still finds out that it may, and is ready.
func TestNodeWithSlowPagesMayAnswer(t *testing.T) {
	ctx, cfg := t.Context(), config.Config{Data: t.TempDir(), Database: postgres.Database(t)}
	cfg.Key = cfg.Data + "/key"
	c := coreOf(t, cfg, Options{})
	const pages, readers = 40, 7
	var begun, reading atomic.Int64
	var all sync.WaitGroup
	shown := make(chan struct{})
	for range pages {
		all.Go(func() {
			begun.Add(1)
			err := c.db.Read(ctx, func(tx *store.Tx) error {
				_, err := tx.Now(ctx)
				reading.Add(1)
				<-shown
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for begun.Load() < pages || reading.Load() < readers {
		<-tick.C
	}
	_, err := c.look(ctx)
	asked, cancel := context.WithTimeout(ctx, nodeTime)
	defer cancel()
	ready := c.db.Ping(asked)
	close(shown)
	all.Wait()
	if err != nil || ready != nil {
		t.Errorf("while pages are slow: %v; readiness: %v", err, ready)
	}
}
