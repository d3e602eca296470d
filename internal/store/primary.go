package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

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

// errReplaced undoes a transaction that began on a primary which another has replaced since.
var errReplaced = errors.New("store: the primary was replaced before the commit")

// primaries knows the newest primary that this process has met. It lets no connection be made to an older one.
type primaries struct {
	mu     sync.Mutex
	newest Primary
	told   bool // a server has said which primary it is
}

func (p *primaries) get() Primary {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.newest
}

func (p *primaries) said() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told
}

// meet notes a primary, unless it was replaced by one that was met.
func (p *primaries) meet(found Primary) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found.Before(p.newest) {
		return &OldPrimaryError{Is: found, Seen: p.newest}
	}
	if found.System != "" {
		p.newest, p.told = found, true
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
// keeps the answer from it, is one that does not say. One that cannot answer now may be any.
func primaryOf(ctx context.Context, c *pgconn.PgConn) (Primary, error) {
	results, err := c.Exec(ctx, `SELECT (pg_control_system()).system_identifier, substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)`).ReadAll()
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused) && unasked(refused.Code):
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

// unasked reports whether a server that fails with code always will: it does not know the function, or not for this role.
func unasked(code string) bool { return strings.HasPrefix(code, "42") || strings.HasPrefix(code, "0A") }

// Primary is the newest primary that was met, the zero one on SQLite.
func (db *DB) Primary() Primary {
	if db.primaries == nil {
		return Primary{}
	}
	return db.primaries.get()
}

// LookAround connects to every host that the address names. Where another primary than the one in use takes writes, and is
// the newer, its is the next transaction.
func (db *DB) LookAround(ctx context.Context) {
	lookAt(ctx, db.hosts)
}

// lookAt meets the primaries among several hosts. It waits as long as for the slowest of them.
func lookAt(ctx context.Context, hosts []*pgx.ConnConfig) {
	if len(hosts) < 2 {
		return
	}
	var all sync.WaitGroup
	for _, host := range hosts {
		all.Go(func() {
			if c, err := pgx.ConnectConfig(ctx, host); err == nil {
				_ = c.Close(ctx)
			}
		})
	}
	all.Wait()
}

// firstLook is how long a start waits for hosts that do not answer, before it takes one that does.
const firstLook = time.Second

// lookFirst meets the primaries before anything is changed on one: the newest of two is the one to work on.
func lookFirst(ctx context.Context, hosts []*pgx.ConnConfig) {
	ctx, cancel := context.WithTimeout(ctx, firstLook)
	defer cancel()
	lookAt(ctx, hosts)
}

// MetaOf reads a meta entry of the PostgreSQL database at address as it stands: no step of the schema is taken, and the
// server may be one that was replaced.
func MetaOf(ctx context.Context, address, name string) (value []byte, err error) {
	cfg, err := postgresConfig(address)
	if err != nil {
		return nil, err
	}
	c, err := hostsOf(cfg).connect(ctx)
	if err != nil {
		return nil, failure(err)
	}
	defer c.Close(context.WithoutCancel(ctx))
	return value, failure(c.QueryRow(ctx, `SELECT value FROM meta WHERE name = $1`, name).Scan(&value))
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
