package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"sallyport/internal/store"
)

// A backup that was put back brings what was ended since to life again: sessions, used codes, retired factors. So the
// database counts, and each node keeps beside it, outside of the database, how far it has seen it count:
//
//	mark   rises each minute, with each start's end and with each backup
//	epoch  rises when an operator accepts a restored database (restore --accept), which ends all that was alive in it
//
// A node that runs compares the newest event that it has seen as well, each second: see loss.go.
//
// It keeps too which primary of PostgreSQL it has met last, for one that was replaced counts on when it comes back. A node
// that finds the database behind what it has seen, or on a primary that was replaced, does not serve it.

const (
	stateFile = "seen" // in the data folder
	markKey   = "mark" // meta entries: decimal numbers
	epochKey  = "restore-epoch"
)

// seen is a moment in the life of a database.
type seen struct {
	Epoch int64 `json:"epoch"`
	Mark  int64 `json:"mark"`
	store.Primary
}

func (s seen) String() string { return fmt.Sprintf("epoch %d, mark %d", s.Epoch, s.Mark) }

// behind reports whether a database at s is older than one that was seen at other.
func (s seen) behind(other seen) bool {
	return s.Epoch < other.Epoch || s.Epoch == other.Epoch && s.Mark < other.Mark
}

// state is what this node has seen of its database, in a file of its data folder.
type state struct {
	path string
	mu   sync.Mutex
	seen seen
	last logEnd // in memory alone
}

// openState reads the file; a node without one has seen nothing yet.
func openState(folder string) (*state, error) {
	s := &state{path: filepath.Join(folder, stateFile)}
	text, err := os.ReadFile(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, nil
	case err != nil:
		return nil, fmt.Errorf("what this node has seen of the database: %w", err)
	}
	if s.seen, err = readSeen(text); err != nil {
		return nil, fmt.Errorf("what this node has seen of the database: %s cannot be read: %w. Without it an old database cannot be told from "+
			"the newest: if this is surely the newest, stop every node, remove that file, then run: sallyport restore --accept", s.path, err)
	}
	return s, nil
}

// readSeen reads the file's one object, with both numbers in it. What was damaged is an error: taken for "nothing seen yet", it
// would let an old database be served. What a newer version keeps beside them is passed over: after a step back this one reads its file.
func readSeen(text []byte) (seen, error) {
	var v struct {
		Epoch, Mark *int64
		store.Primary
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&v); err != nil {
		return seen{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return seen{}, errors.New("there is more than one object in it")
	}
	if v.Epoch == nil || v.Mark == nil || *v.Epoch < 0 || *v.Mark < 0 || v.Timeline < 0 || (v.System == "") != (v.Timeline == 0) {
		return seen{}, errors.New("a number is missing, or below zero")
	}
	return seen{Epoch: *v.Epoch, Mark: *v.Mark, Primary: v.Primary}, nil
}

func (s *state) get() seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// put keeps what was seen, unless something later was seen already.
func (s *state) put(now seen) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.System == "" || now.Epoch == s.seen.Epoch && now.Before(s.seen.Primary) {
		now.Primary = s.seen.Primary
	}
	if now.behind(s.seen) || now == s.seen {
		return nil
	}
	text, err := json.Marshal(now)
	if err != nil {
		return err
	}
	if err := replaceFile(s.path, append(text, '\n')); err != nil {
		return fmt.Errorf("what this node has seen of the database cannot be written down: %v", err) // no cause: see fitness.words
	}
	s.seen = now
	return nil
}

// met keeps which primary was met last, whether it answers now or not.
func (s *state) met(p store.Primary) error {
	now := s.get()
	now.Primary = p
	return s.put(now)
}

// replaceFile puts text in the place of a file, whole or not at all.
func replaceFile(path string, text []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return store.SyncFolder(filepath.Dir(path))
}

// stored reads how far the database is.
func stored(ctx context.Context, tx *store.Tx) (s seen, err error) {
	if s.Epoch, err = number(ctx, tx, epochKey); err != nil {
		return s, err
	}
	s.Mark, err = number(ctx, tx, markKey)
	return s, err
}

func number(ctx context.Context, tx *store.Tx, key string) (int64, error) {
	text, err := tx.Meta(ctx, key)
	if err != nil || len(text) == 0 {
		return 0, err
	}
	return strconv.ParseInt(string(text), 10, 64)
}

func putNumber(ctx context.Context, tx *store.Tx, key string, n int64) error {
	return tx.PutMeta(ctx, key, strconv.AppendInt(nil, n, 10))
}

// replaced finds what says that a primary was replaced, nil where that is not the cause.
func replaced(err error) error {
	var old *store.OldPrimaryError
	if errors.As(err, &old) {
		return old
	}
	return nil
}

// accepted reports whether an operator has accepted the database since, with another node: its restore epoch is later than
// the one that this node has seen.
func (c *core) accepted(ctx context.Context) bool {
	text, err := store.MetaOf(ctx, c.cfg.Database, epochKey)
	if err != nil {
		return false
	}
	epoch, err := strconv.ParseInt(string(text), 10, 64)
	return err == nil && epoch > c.state.get().Epoch
}

// lostFile refuses to begin anew in the place of a SQLite database that was there: set-up would be open again.
func (c *core) lostFile() error {
	if c.cfg.Database != "" || c.state.get() == (seen{}) {
		return nil
	}
	there, err := store.Exists(c.folder.path)
	if err != nil || there {
		return err
	}
	return fmt.Errorf("there is no database in %s, and this node has seen one (at %s): put it back there. If it was on PostgreSQL, "+
		"database is missing in the configuration", c.folder.path, c.state.get())
}

// agree compares the database with what this node has seen of it, and keeps what it finds.
func (c *core) agree(ctx context.Context) error {
	had, last := c.state.get(), c.state.logEnd()
	var now seen
	var lost error
	err := c.db.Watch(ctx, func(tx *store.Tx) (err error) {
		if now, err = stored(ctx, tx); err != nil {
			return err
		}
		lost, err = c.followLog(ctx, tx, now.Epoch, last)
		return err
	})
	if err != nil {
		return err
	}
	now.Primary = c.db.Primary()
	if err := c.compare(now, had); err != nil {
		return err
	}
	return lost
}

// compare looks at the primary before the marks: those of one that was replaced say nothing, for it may have counted on, or
// its successor. Had is what was seen before now was read: what others here have seen since is later, and no loss.
func (c *core) compare(now, had seen) error {
	if now.Epoch == had.Epoch && now.Before(had.Primary) {
		return &store.OldPrimaryError{Is: now.Primary, Seen: had.Primary}
	} else if now.behind(had) {
		return c.olderError(now, had)
	} else if now.Epoch == had.Epoch {
		return c.state.met(now.Primary) // the mark is kept when this node raises it
	}
	return c.state.put(now)
}

// olderError names both ways to a database that knows less than this node: accepting the wrong one would begin anew in it.
func (c *core) olderError(now, had seen) error {
	other := "database in the configuration names another one than this node used: correct it, and do not accept this one"
	if c.cfg.Database == "" {
		other = "it was on PostgreSQL, and database is missing in the configuration: set it again, and do not accept this one"
	}
	return fmt.Errorf("the database is older than what this node has seen of it (it is at %s, and was at %s). Either a backup was put back, "+
		"in which ended sessions and used codes live: stop every node, then run sallyport restore --accept. Or %s", now, had, other)
}

// mark does act and raises the mark, in one transaction, then keeps the new one outside of the database.
func (c *core) mark(ctx context.Context, act func(*store.Tx) error) error {
	had := c.state.get()
	var now seen
	err := c.db.Write(ctx, func(tx *store.Tx) (err error) {
		if now, err = stored(ctx, tx); err != nil {
			return err
		}
		now.Primary = c.db.Primary()
		if err := c.compare(now, had); err != nil {
			return err
		}
		now.Mark++
		if err := putNumber(ctx, tx, markKey, now.Mark); err != nil {
			return err
		}
		return act(tx)
	})
	if err != nil {
		return err
	}
	return c.state.put(now)
}
