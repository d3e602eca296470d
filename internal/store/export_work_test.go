package store

import (
	"context"
	"errors"
	"fmt"

	"sallyport"
)

// Blocks counts blocks of tables and indexes by their names.
type Blocks map[string]int64

// Touched is how often a transaction, and whatever its connection has not reported yet, has looked at a block of each
// table and index. It asks beside the pipe and the hooks, on PostgreSQL alone.
func Touched(ctx context.Context, tx *Tx) (Blocks, error) { return tx.conn.touched(ctx) }

// Setting is a setting of the transaction's connection. It asks beside the pipe, on PostgreSQL alone.
func Setting(ctx context.Context, tx *Tx, name string) (value string, err error) {
	err = tx.conn.raw.QueryRowContext(ctx, `SELECT current_setting($1)`, name).Scan(&value)
	return value, err
}

// TouchedByCheck is what looking up sessions once touches, on the connection that a check really uses.
func (db *DB) TouchedByCheck(ctx context.Context, hashes ...sallyport.Hash) (Blocks, error) {
	c, err := db.checks.take(ctx)
	if err != nil {
		return nil, err
	}
	defer db.checks.give(c)
	if err := c.control("BEGIN"); err != nil {
		return nil, err
	}
	before, err := c.touched(ctx)
	if err != nil {
		return nil, err
	}
	if _, _, err := c.lookUp(ctx, hashes); err != nil {
		return nil, err
	}
	after, err := c.touched(ctx)
	if err != nil {
		return nil, err
	}
	c.clean = c.control("ROLLBACK") == nil
	return after.Since(before), nil
}

// PlansOfCheck looks up sessions once for each number of hashes, on one connection that a check really uses, and returns how
// often a table was read from end to end and how many plans were made for the arguments of one look-up alone.
func (db *DB) PlansOfCheck(ctx context.Context, hashes []sallyport.Hash, numbers ...int) (scans, plans int, err error) {
	c, err := db.checks.take(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer db.checks.give(c)
	if err := c.control("BEGIN"); err != nil {
		return 0, 0, err
	}
	for _, n := range numbers {
		seen, _, err := c.lookUp(ctx, hashes[:n])
		if err != nil || len(seen) != n {
			return 0, 0, errors.Join(err, fmt.Errorf("%d of %d sessions were found", len(seen), n))
		}
	}
	err = c.raw.QueryRowContext(ctx, `SELECT (SELECT sum(pg_stat_get_xact_numscans(oid)) FROM pg_class WHERE relname IN ('session', 'technician', 'setting')),
		(SELECT sum(custom_plans) FROM pg_prepared_statements WHERE statement LIKE '%FROM session%')`).Scan(&scans, &plans)
	c.clean = c.control("ROLLBACK") == nil
	return scans, plans, err
}

func (c *conn) touched(ctx context.Context) (Blocks, error) {
	rows, err := c.raw.QueryContext(ctx, `SELECT relname, pg_stat_get_xact_blocks_fetched(oid) FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := Blocks{}
	for rows.Next() {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return nil, err
		}
		found[name] = n
	}
	return found, rows.Err()
}

// Since is what b has more than earlier.
func (b Blocks) Since(earlier Blocks) Blocks {
	more := Blocks{}
	for name, n := range b {
		if n > earlier[name] {
			more[name] = n - earlier[name]
		}
	}
	return more
}
