package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Primary is one life of a PostgreSQL cluster as the server that takes writes: each promotion of a standby begins a timeline
// with a greater number. The zero one is of a server that does not say, and of SQLite.
type Primary struct {
	System   string `json:"system,omitempty"` // what a cluster and its standbys share
	Timeline int64  `json:"timeline,omitempty"`
}

// Before reports whether p was replaced by o.
func (p Primary) Before(o Primary) bool {
	return p.System != "" && p.System == o.System && p.Timeline < o.Timeline
}

// OldPrimaryError says that a server takes writes which was replaced by another: there are two primaries, or the one that
// was lost came back alone.
type OldPrimaryError struct{ Is, Seen Primary }

// Error implements error.
func (e *OldPrimaryError) Error() string {
	return fmt.Sprintf("the database went back: timeline %d after timeline %d was seen, so a primary that was replaced takes writes again. Stop it and make a standby of it",
		e.Is.Timeline, e.Seen.Timeline)
}

// primaries knows the newest primary that this process has met. It lets no connection be made to an older one.
type primaries struct {
	mu     sync.Mutex
	newest Primary
}

func (p *primaries) get() Primary {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.newest
}

// meet notes a primary, unless it was replaced by one that was met.
func (p *primaries) meet(found Primary) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found.Before(p.newest) {
		return &OldPrimaryError{Is: found, Seen: p.newest}
	}
	if found.System != "" {
		p.newest = found
	}
	return nil
}

// validate looks at a new connection before it is used: never a standby, never a primary that was replaced. pgx then tries
// the next host of the address.
func (p *primaries) validate(ctx context.Context, c *pgconn.PgConn) error {
	if err := pgconn.ValidateConnectTargetSessionAttrsReadWrite(ctx, c); err != nil {
		return err
	}
	found, err := primaryOf(ctx, c)
	if err != nil {
		return err
	}
	noticesFor(c).primary = found
	return p.meet(found)
}

// primaryOf asks a server which primary it is. An ordinary role may read both; a server that does not know the question, or
// keeps the answer from it, is one that does not say.
func primaryOf(ctx context.Context, c *pgconn.PgConn) (Primary, error) {
	results, err := c.Exec(ctx, `SELECT (pg_control_system()).system_identifier, substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)`).ReadAll()
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused) && refused.SeverityUnlocalized == "ERROR":
		return Primary{}, nil
	case err != nil:
		return Primary{}, err
	case len(results) != 1 || len(results[0].Rows) != 1:
		return Primary{}, errors.New("store: the server does not say which primary it is")
	}
	row := results[0].Rows[0]
	timeline, err := strconv.ParseInt(string(row[1]), 16, 64)
	return Primary{System: string(row[0]), Timeline: timeline}, err
}

// Primary is the newest primary that was met, the zero one on SQLite.
func (db *DB) Primary() Primary {
	if db.primaries == nil {
		return Primary{}
	}
	return db.primaries.get()
}

// Saw says which primary was met before this process began. No connection to one that it replaced is used or made any more.
func (db *DB) Saw(before Primary) {
	if db.primaries != nil {
		db.primaries.saw(before)
	}
}

func (p *primaries) saw(before Primary) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.newest.Before(before) {
		p.newest = before
	}
}

// LookAround connects to every host that the address names. Where another primary than the one in use takes writes, and is
// the newer, its is the next transaction.
func (db *DB) LookAround(ctx context.Context) {
	if db.primaries == nil || len(db.hosts) < 2 {
		return
	}
	for _, host := range db.hosts {
		if c, err := pgx.ConnectConfig(ctx, host); err == nil {
			_ = c.Close(ctx)
		}
	}
}

// eachHost is cfg for each of its hosts alone.
func eachHost(cfg *pgx.ConnConfig) (hosts []*pgx.ConnConfig) {
	for _, at := range places(cfg) {
		host := cfg.Copy()
		host.Host, host.Port, host.TLSConfig, host.Fallbacks = at.Host, at.Port, at.TLSConfig, nil
		hosts = append(hosts, host)
	}
	return hosts
}
