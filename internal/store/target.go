package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// ErrNotEmpty says that the target of a copy holds something.
var ErrNotEmpty = errors.New("the target is not empty: a copy is made into an empty database alone")

const stepsTable = "goose_db_version" // says which steps of the schema were taken

// refuseUsed looks at the target before anything is changed there: it must hold nothing at all, or a schema of Sallyport's
// that nobody has used.
func refuseUsed(ctx context.Context, from *sql.DB, target *pgx.Conn) error {
	return pgx.BeginTxFunc(ctx, target, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		c := copying{from: from, to: tx}
		there, err := c.strings(ctx, `SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
			AND relnamespace = current_schema()::regnamespace ORDER BY relname`)
		if err != nil || len(there) == 0 {
			return err
		}
		own, err := c.own(ctx)
		if err != nil {
			return err
		}
		for _, name := range there {
			if !slices.Contains(own, name) || !slices.Contains(there, stepsTable) {
				return fmt.Errorf("%w (it has the table %s, which is not one of Sallyport's)", ErrNotEmpty, name)
			}
		}
		for _, name := range there {
			if err := c.unused(ctx, name); err != nil {
				return err
			}
		}
		return nil
	})
}

// own are the tables that this program makes, which are those of the source.
func (c copying) own(ctx context.Context) (names []string, err error) {
	rows, err := c.from.QueryContext(ctx, `SELECT name FROM sqlite_master WHERE type = 'table'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// unused refuses a table of Sallyport's that holds something: a fresh schema holds nothing.
func (c copying) unused(ctx context.Context, name string) error {
	if name == stepsTable {
		return nil
	}
	var some bool
	if err := c.to.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM `+name+`)`).Scan(&some); err != nil {
		return err
	}
	if some {
		return fmt.Errorf("%w (it is a database of Sallyport's that was used: it has rows in %s)", ErrNotEmpty, name)
	}
	return nil
}

// empty looks once more, within the copy's transaction.
func (c copying) empty(ctx context.Context, tables []table) error {
	for _, t := range tables {
		if err := c.unused(ctx, t.name); err != nil {
			return err
		}
	}
	return nil
}
