package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/config"
	"sallyport/internal/control"
	"sallyport/internal/store"
)

// Copied is what a copy of an installation moved.
type Copied struct {
	Tables []store.CopiedTable
	Rows   int
	Still  time.Duration // how long nothing could be written at the source
}

// Copy copies the SQLite database of cfg's data folder into the empty PostgreSQL database at address. The source must not
// be served, which the folder's lock ensures until the copy is done. Nobody is signed in at the copy, or about to be; links
// and enrolment codes that were handed out go on. The restore epoch rises in it, so that a node that has seen the copy does
// not go back to the source by mistake.
func Copy(ctx context.Context, cfg config.Config, address string) (done Copied, err error) {
	by := control.Peer{UID: os.Getuid()}.Actor()
	cfg.Database = "" // the source is SQLite, whatever is configured by now
	f, err := openUsed(cfg)
	if errors.Is(err, ErrHeld) {
		return done, errors.New("the server is running: stop it first; what it wrote meanwhile would be missing in the copy")
	}
	if err != nil {
		return done, err
	}
	began := time.Now()
	defer func() { err = errors.Join(err, f.close()) }()
	if err = refuseOlder(ctx, f.path); err != nil {
		return done, err
	}
	done.Tables, err = store.Copy(ctx, f.path, address, func(c *store.Copying) (err error) {
		done.Rows, err = endCopied(c, by)
		return err
	})
	done.Still = time.Since(began)
	return done, err
}

// refuseOlder refuses a source that is older than what this node has seen of it. A node takes the copy for one that was accepted
// since, by its restore epoch, and what restore --accept ends would live in it.
func refuseOlder(ctx context.Context, folder string) error {
	s, err := openState(folder)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, store.Options{Folder: folder})
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	var now seen
	err = db.Read(ctx, func(tx *store.Tx) (err error) {
		now, err = stored(ctx, tx)
		return err
	})
	if err = errors.Join(err, db.Close()); err == nil && now.behind(s.get()) {
		err = fmt.Errorf("the source is older than what this node has seen of it (it is at %s, and was at %s): a backup was put back, or a copy of it was "+
			"served. Accept it first, with no database in the configuration: sallyport restore --accept", now, s.get())
	}
	return err
}

// endCopied ends in the copy what a browser was in the midst of, raises the restore epoch, writes the copy's event, and
// says how many rows were copied.
func endCopied(c *store.Copying, by sallyport.Actor) (rows int, err error) {
	for _, table := range []string{"session", "code", "sign_in", "kept", "node"} {
		if err := c.Exec(`DELETE FROM ` + table); err != nil {
			return 0, err
		}
	}
	if err := c.Exec(`INSERT INTO meta (name, value) VALUES ($1, '1') ON CONFLICT (name) DO UPDATE
		SET value = convert_to((convert_from(meta.value, 'UTF8')::BIGINT + 1)::TEXT, 'UTF8')`, epochKey); err != nil {
		return 0, err
	}
	sessions := 0
	for _, t := range c.Tables {
		rows += t.Rows
		if t.Name == "session" {
			sessions = t.Rows
		}
	}
	return rows, c.InsertEvent(audit.New(audit.CopyMade, by).
		Changed(nil, map[string]string{"rows": strconv.Itoa(rows), "sessions": strconv.Itoa(sessions)}).Event())
}
