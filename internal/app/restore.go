package app

import (
	"context"
	"errors"
	"fmt"
	"os"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/config"
	"sallyport/internal/control"
	"sallyport/internal/store"
)

// Restored is what accepting a restored database did.
type Restored struct {
	Sessions    int   // ended
	Technicians int   // who sign in anew, with no recovery code left
	Epoch       int64 // of the database from now on
}

// AcceptRestore takes a database that was put back from a backup as the one to go on with: whatever was alive in it is
// ended, and the restore epoch rises in the database and beside it, so that other nodes notice. No node may be running. A
// primary that was replaced is taken only where the one that has replaced it does not answer.
func AcceptRestore(ctx context.Context, cfg config.Config, o Options) (done Restored, err error) {
	by := control.Peer{UID: os.Getuid()}.Actor()
	f, err := openUsed(cfg)
	if errors.Is(err, ErrHeld) {
		return done, errors.New("the server is running: stop it, and every other node, first")
	}
	if err != nil {
		return done, err
	}
	o.restoring = true
	c, err := openCore(ctx, cfg, f, cfg.Public(cfg.Listen), o)
	if err != nil {
		return done, errors.Join(err, f.close())
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := c.db.Damaged(ctx); err != nil {
		return done, fmt.Errorf("the database in %s is damaged, so it is not accepted: put another copy there, and leave no sallyport.db-wal of another one beside it (%w)", f.path, err)
	}
	var now seen
	err = c.db.Write(ctx, func(tx *store.Tx) (err error) {
		now, done, err = c.acceptRestore(ctx, tx, by)
		return err
	})
	if err != nil {
		return done, err
	}
	return done, c.state.put(now)
}

func (c *core) acceptRestore(ctx context.Context, tx *store.Tx, by sallyport.Actor) (now seen, done Restored, err error) {
	if now, err = stored(ctx, tx); err != nil {
		return now, done, err
	}
	if err = somebodyWas(ctx, tx, now); err != nil {
		return now, done, err
	}
	now.Primary = c.db.Primary()
	had := c.state.get()
	now.Epoch, now.Mark = max(now.Epoch, had.Epoch)+1, max(now.Mark, had.Mark)+1
	if err = errors.Join(putNumber(ctx, tx, epochKey, now.Epoch), putNumber(ctx, tx, markKey, now.Mark)); err != nil {
		return now, done, err
	}
	counts, err := tx.TeamCounts(ctx)
	if err != nil {
		return now, done, err
	}
	done.Technicians, done.Epoch = counts.Total, now.Epoch
	if done.Sessions, err = tx.EndAll(ctx); err != nil {
		return now, done, err
	}
	at, err := tx.Now(ctx)
	if err != nil {
		return now, done, err
	}
	err = tx.InsertNotice(ctx, sallyport.Notice{ID: sallyport.NewID(), Type: string(audit.RestoreAccepted), CreatedAt: at,
		Text: "The database was restored from a backup. Passwords, second factors and accounts are those of the backup: look through what was changed since, deactivate who has left, and have everybody take new recovery codes."})
	if err != nil {
		return now, done, err
	}
	return now, done, tx.InsertEvent(ctx, audit.New(audit.RestoreAccepted, by).
		Changed(map[string]string{"restore_epoch": fmt.Sprint(now.Epoch - 1)}, map[string]string{"restore_epoch": fmt.Sprint(now.Epoch),
			"sessions": fmt.Sprint(done.Sessions)}).Event())
}

// somebodyWas refuses a database that no server ever ran on and nobody was stored in: it is not the one that was put back,
// and accepted it would open set-up again.
func somebodyWas(ctx context.Context, tx *store.Tx, now seen) error {
	fresh, err := tx.IsEmpty(ctx)
	if err == nil && fresh && now == (seen{}) {
		err = errors.New("this database is new, not one that was put back: look at database in the configuration")
	}
	return err
}
