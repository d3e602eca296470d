package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/keyring"
	"sallyport/internal/ledger"
	"sallyport/internal/store"
)

const (
	auditSmall  = 10_000
	auditRounds = 10 // of each cost, of which the median counts
	auditAppend = 200
	auditProofs = 20
)

// auditLog asks what it costs to place events into a large tree, and to prove one, against the same in a small one. The
// two logs take turns. The rows of the large one are written straight into its file: nobody waits for ten million events.
func (b *bench) auditLog() error {
	small, err := b.fullLog("audit-small", auditSmall)
	if err != nil {
		return err
	}
	defer small.close()
	large, err := b.fullLog("audit-large", b.events)
	if err != nil {
		return err
	}
	defer large.close()
	var appends, proofs [2][]float64
	for range auditRounds {
		for i, l := range []*fullLog{small, large} {
			a, p, err := l.cost(b.ctx)
			if err != nil {
				return err
			}
			appends[i], proofs[i] = append(appends[i], a), append(proofs[i], p)
		}
	}
	how := fmt.Sprintf("logs of %d and of %d events on SQLite, with all their rows and indexes, in turn %d times; in each turn %d events are written and placed, and %d are proved, each proof with its own event",
		auditSmall, b.events, auditRounds, auditAppend, auditProofs)
	b.atMost(fmt.Sprintf("Placing audit events at %d events, against %d", b.events, auditSmall), median(appends[1])/median(appends[0]), 2, how)
	b.atMost(fmt.Sprintf("Proving an audit event at %d events, against %d", b.events, auditSmall), median(proofs[1])/median(proofs[0]), 2, how)
	return nil
}

// fullLog is a log with so many events.
type fullLog struct {
	db    *store.DB
	log   *ledger.Service
	size  int64
	asked int64
}

func (l *fullLog) close() { _ = l.db.Close() }

func (b *bench) fullLog(name string, n int64) (*fullLog, error) {
	folder := b.dir(name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	db, err := store.Open(b.ctx, store.Options{Folder: folder})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	fmt.Printf("   writing a log of %d events\n", n)
	if err := fillLog(b.ctx, filepath.Join(folder, "sallyport.db"), n); err != nil {
		return nil, err
	}
	if db, err = store.Open(b.ctx, store.Options{Folder: folder}); err != nil {
		return nil, err
	}
	log, err := ledger.New(ledger.Options{Store: store.For[ledger.Tx](db), Key: keyring.Generate().SigningKey("bench"), Origin: "bench"})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &fullLog{db: db, log: log, size: n}, log.Place(b.ctx)
}

var benchHost = sallyport.Actor{Kind: sallyport.ActorHost, Name: "bench"}

// cost is the time to place one event and to prove one, in seconds.
func (l *fullLog) cost(ctx context.Context) (place, prove float64, err error) {
	err = l.db.Write(ctx, func(tx *store.Tx) error {
		for i := range auditAppend {
			if err := tx.InsertEvent(ctx, benchEvent(int64(i)).Event); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	if err := l.log.Place(ctx); err != nil {
		return 0, 0, err
	}
	place = time.Since(began).Seconds() / auditAppend
	if _, err := l.log.Head(ctx, benchHost); err != nil {
		return 0, 0, err
	}
	began = time.Now()
	for range auditProofs {
		l.asked += l.size/7 + 1 // here and there
		if _, err := l.log.Prove(ctx, benchHost, l.asked%l.size+1); err != nil {
			return 0, 0, err
		}
	}
	return place, time.Since(began).Seconds() / auditProofs, nil
}

// benchEvent is an event like those of a sign-in.
func benchEvent(i int64) sallyport.Leaf {
	actor := sallyport.Actor{Kind: sallyport.ActorTechnician, ID: sallyport.TechnicianID(fmt.Sprint("tech", i%1000)), Name: fmt.Sprintf("tech%d@northwind.example", i%1000),
		Client: sallyport.Client{Address: "203.0.113.7", Browser: "Firefox on Windows", RequestID: fmt.Sprintf("request%09d", i)}}
	e := audit.New(audit.SignInFinished, actor).On(sallyport.Technician{ID: actor.ID, UserName: actor.Name}).Event()
	e.ID, e.At = i+1, time.UnixMicro(1_700_000_000_000_000+i*1000).UTC()
	return audit.Place(e, i)
}

// fillLog writes n events with their tree into a database that nobody has open, without its indexes, which are made after.
func fillLog(ctx context.Context, path string, n int64) (err error) {
	raw, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(OFF)&_pragma=cache_size(-400000)&_pragma=temp_store(MEMORY)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, raw.Close()) }()
	raw.SetMaxOpenConns(1)
	indexes, err := dropIndexes(ctx, raw)
	if err != nil {
		return err
	}
	root, err := fillRows(ctx, raw, n)
	if err != nil {
		return err
	}
	for _, statement := range indexes {
		if _, err := raw.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	_, err = raw.ExecContext(ctx, `INSERT INTO audit_tree (id, size, root, pruned) VALUES (1, ?, ?, 0)`, n, root[:])
	return err
}

func dropIndexes(ctx context.Context, raw *sql.DB) ([]string, error) {
	rows, err := raw.QueryContext(ctx, `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'event' AND sql IS NOT NULL`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names, statements []string
	for rows.Next() {
		var name, statement string
		if err := rows.Scan(&name, &statement); err != nil {
			return nil, err
		}
		names, statements = append(names, name), append(statements, statement)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	for _, name := range names {
		if _, err := raw.ExecContext(ctx, `DROP INDEX `+name); err != nil {
			return nil, err
		}
	}
	return statements, nil
}

// fillChunk is how many events one transaction holds, and how many hashes memory.
const fillChunk = 100_000

// fillRows keeps only the edge of the tree in memory between chunks.
func fillRows(ctx context.Context, raw *sql.DB, n int64) (audit.Hash, error) {
	edge := map[int64]audit.Hash{}
	read := func(number int64) (audit.Hash, error) { return edge[number], nil }
	var root audit.Hash
	for from := int64(0); from < n; from += fillChunk {
		g := audit.Grow(from, read)
		if err := fillOnce(ctx, raw, g, min(fillChunk, n-from)); err != nil {
			return root, err
		}
		next := map[int64]audit.Hash{} // the roots of the whole subtrees, which the next chunk and the root need
		for level := 0; g.Size>>level > 0; level++ {
			if g.Size>>level&1 == 1 {
				number := audit.NumberOf(level, g.Size>>level-1)
				h, made := g.Made[number]
				if !made {
					h = edge[number]
				}
				next[number] = h
			}
		}
		edge = next
		var err error
		if root, err = g.Root(); err != nil {
			return root, err
		}
	}
	return root, nil
}

func fillOnce(ctx context.Context, raw *sql.DB, g *audit.Growth, n int64) error {
	tx, err := raw.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after the commit it does nothing
	event, err := tx.PrepareContext(ctx, `INSERT INTO event (id, at, type, actor_kind, actor, actor_name, target, target_name, old_values, new_values, address, browser,
		request, reason, outcome, search, leaf, actor_salt, actor_mark, target_salt, target_mark) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', '', ?, ?, ?, '', ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	hash, err := tx.PrepareContext(ctx, `INSERT INTO audit_hash (place, hash) VALUES (?, ?)`)
	if err != nil {
		return err
	}
	first := audit.LeafNumber(g.Size)
	for range n {
		l := benchEvent(g.Size)
		e := l.Event
		if _, err := event.ExecContext(ctx, e.ID, e.At.UnixMicro(), e.Type, string(e.ActorKind), string(e.Actor), e.ActorName, string(e.Target), e.TargetName, e.Address, e.Browser,
			e.RequestID, e.Outcome, e.Type+" "+e.ActorName, l.Place, l.Actor.Salt, l.Actor.Mark, l.Target.Salt, l.Target.Mark); err != nil {
			return err
		}
		if err := g.Add(audit.LeafHash(l)); err != nil {
			return err
		}
	}
	for number := first; number < first+int64(len(g.Made)); number++ {
		h := g.Made[number]
		if _, err := hash.ExecContext(ctx, number, h[:]); err != nil {
			return err
		}
	}
	return tx.Commit()
}
