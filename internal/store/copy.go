package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"sallyport"
)

// CopiedTable is one table of a copy: as many rows, of the same content, on both sides.
type CopiedTable struct {
	Name   string
	Rows   int
	Digest [sha256.Size]byte
}

// Copying is a copy's transaction in which every table stands already.
type Copying struct {
	Tables []CopiedTable

	ctx context.Context
	to  pgx.Tx
}

// Exec runs a statement.
func (c *Copying) Exec(statement string, args ...any) error {
	_, err := c.to.Exec(c.ctx, statement, args...)
	return err
}

// InsertEvent is Tx.InsertEvent.
func (c *Copying) InsertEvent(e sallyport.Event) error {
	a, err := eventRow(e)
	if err != nil {
		return err
	}
	values, err := bind(a)
	if err != nil {
		return err
	}
	return c.Exec(insertEvent.one, values...)
}

// Copy copies the SQLite database in folder, which nobody may write to meanwhile, into the empty PostgreSQL database at
// address; one that is not is ErrNotEmpty, and is left as it is. Every table is read back and compared by count and digest
// before anything counts; last runs then, in the same transaction. Either all of it happened or nothing.
func Copy(ctx context.Context, folder, address string, last func(*Copying) error) ([]CopiedTable, error) {
	from, err := openSQLite(ctx, Options{Folder: folder, Now: time.Now})
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	defer from.Close()
	target, err := openTarget(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	defer target.Close(context.WithoutCancel(ctx))
	if err := refuseUsed(ctx, from.readers.pool, target); err != nil {
		return nil, err
	}
	to, err := openPostgres(ctx, Options{Address: address}) // its schema is made here
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	if err := to.Close(); err != nil {
		return nil, err
	}
	done := &Copying{ctx: ctx}
	err = pgx.BeginFunc(ctx, target, func(tx pgx.Tx) error {
		done.to = tx
		if done.Tables, err = (copying{from: from.readers.pool, to: tx}).all(ctx); err != nil {
			return err
		}
		return last(done)
	})
	return done.Tables, err
}

// openTarget connects to the target for as long as a large table takes.
func openTarget(ctx context.Context, address string) (*pgx.Conn, error) {
	cfg, err := postgresConfig(address)
	if err != nil {
		return nil, err
	}
	return pgx.ConnectConfig(ctx, unhurried(cfg))
}

type copying struct {
	from *sql.DB
	to   pgx.Tx
}

// table is one table of the target with what is needed to copy it.
type table struct {
	name    string
	columns []column
	key     []string // columns of the primary key
}

type column struct {
	name     string
	kind     string // of information_schema
	identity bool
	nullable bool
}

func (c copying) all(ctx context.Context) ([]CopiedTable, error) {
	tables, err := c.tables(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.empty(ctx, tables); err != nil {
		return nil, err
	}
	var copied []CopiedTable
	for _, t := range tables {
		one, err := c.table(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", t.name, err)
		}
		copied = append(copied, one)
	}
	return copied, nil
}

// table copies one table, reads it back, and compares.
func (c copying) table(ctx context.Context, t table) (CopiedTable, error) {
	rows, err := c.from.QueryContext(ctx, t.query(""))
	if err != nil {
		return CopiedTable{}, err
	}
	defer rows.Close()
	source := &source{t: t, rows: rows, sum: newDigest()}
	if _, err := c.to.CopyFrom(ctx, pgx.Identifier{t.name}, t.names(), source); err != nil {
		return CopiedTable{}, err
	}
	back, err := c.readBack(ctx, t)
	if err != nil {
		return CopiedTable{}, err
	}
	was := source.sum.of(t.name)
	if was.Rows != back.Rows || !bytes.Equal(was.Digest[:], back.Digest[:]) {
		return CopiedTable{}, fmt.Errorf("%d rows were read and %d arrived, or their content differs: nothing is kept", was.Rows, back.Rows)
	}
	return was, c.sequences(ctx, t)
}

func (c copying) readBack(ctx context.Context, t table) (CopiedTable, error) {
	rows, err := c.to.Query(ctx, t.query(` COLLATE "C"`))
	if err != nil {
		return CopiedTable{}, err
	}
	defer rows.Close()
	sum := newDigest()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return CopiedTable{}, err
		}
		sum.add(values)
	}
	return sum.of(t.name), rows.Err()
}

// sequences lets generated numbers go on after the copied ones.
func (c copying) sequences(ctx context.Context, t table) error {
	for _, col := range t.columns {
		if !col.identity {
			continue
		}
		_, err := c.to.Exec(ctx, `SELECT setval(pg_get_serial_sequence('`+t.name+`', '`+col.name+`'), max(`+col.name+`)) FROM `+t.name+` HAVING max(`+col.name+`) IS NOT NULL`)
		if err != nil {
			return err
		}
	}
	return nil
}

func (t table) names() []string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return names
}

// query reads the whole table in the order of its key. bytewise is what makes an engine compare text by its bytes.
func (t table) query(bytewise string) string {
	order := make([]string, len(t.key))
	for i, name := range t.key {
		order[i] = name
		if slices.ContainsFunc(t.columns, func(c column) bool { return c.name == name && c.kind == "text" }) {
			order[i] += bytewise
		}
	}
	return `SELECT ` + strings.Join(t.names(), ", ") + ` FROM ` + t.name + ` ORDER BY ` + strings.Join(order, ", ")
}

// source is the rows of a SQLite table, as pgx copies them, digested on their way.
type source struct {
	t      table
	rows   *sql.Rows
	sum    *digest
	values []any
	err    error
}

// Next implements pgx.CopyFromSource.
func (s *source) Next() bool {
	if s.err != nil || !s.rows.Next() {
		return false
	}
	s.values = make([]any, len(s.t.columns))
	dest := make([]any, len(s.values))
	for i := range dest {
		dest[i] = &s.values[i]
	}
	if s.err = s.rows.Scan(dest...); s.err != nil {
		return false
	}
	for i, col := range s.t.columns {
		s.values[i] = col.convert(s.values[i])
	}
	s.sum.add(s.values)
	return true
}

// convert makes of a value of SQLite what PostgreSQL holds in its place. The driver reads bytes of no length as nothing.
func (c column) convert(v any) any {
	switch n, number := v.(int64); {
	case number && c.kind == "boolean":
		return n != 0
	case c.kind == "bytea" && !c.nullable && (v == nil || len(v.([]byte)) == 0):
		return []byte{}
	}
	return v
}

// Values implements pgx.CopyFromSource.
func (s *source) Values() ([]any, error) { return s.values, s.err }

// Err implements pgx.CopyFromSource.
func (s *source) Err() error { return errors.Join(s.err, s.rows.Err()) }

// digest is a hash over rows that two engines compute alike.
type digest struct {
	sum  hash.Hash
	rows int
}

func newDigest() *digest { return &digest{sum: sha256.New()} }

func (d *digest) add(values []any) {
	d.rows++
	for _, v := range values {
		var kind byte
		var content []byte
		switch v := v.(type) {
		case nil:
			kind = 'n'
		case string:
			kind, content = 't', []byte(v)
		case []byte:
			kind, content = 'b', v
		case int64:
			kind, content = 'i', binary.BigEndian.AppendUint64(nil, uint64(v))
		case bool:
			kind, content = 'o', []byte{0}
			if v {
				content[0] = 1
			}
		default:
			kind, content = '?', fmt.Append(nil, v)
		}
		d.sum.Write([]byte{kind})
		d.sum.Write(binary.BigEndian.AppendUint64(nil, uint64(len(content))))
		d.sum.Write(content)
	}
}

func (d *digest) of(name string) CopiedTable {
	return CopiedTable{Name: name, Rows: d.rows, Digest: [sha256.Size]byte(d.sum.Sum(nil))}
}
