package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// tables reads the target's tables, each after those that it refers to. The table of the schema's steps is not among
// them. Reading them from the database leaves none out that a later step adds.
func (c copying) tables(ctx context.Context) ([]table, error) {
	names, err := c.strings(ctx, `SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
		AND relname <> $1 ORDER BY relname`, stepsTable)
	if err != nil {
		return nil, err
	}
	var ordered []table
	done := map[string]bool{}
	for len(names) > 0 {
		left := names[:0:0]
		for _, name := range names {
			needs, err := c.strings(ctx, `SELECT confrelid::regclass::text FROM pg_constraint
				WHERE contype = 'f' AND conrelid = $1::regclass AND confrelid <> conrelid`, name)
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(needs, func(n string) bool { return !done[n] }) {
				left = append(left, name)
				continue
			}
			t, err := c.describe(ctx, name)
			if err != nil {
				return nil, err
			}
			ordered, done[name] = append(ordered, t), true
		}
		if len(left) == len(names) {
			return nil, fmt.Errorf("tables refer to each other in a circle: %v", left)
		}
		names = left
	}
	return ordered, nil
}

func (c copying) describe(ctx context.Context, name string) (table, error) {
	t := table{name: name}
	rows, err := c.to.Query(ctx, `SELECT column_name::text, data_type::text, is_identity = 'YES', is_nullable = 'YES' FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position`, name)
	if err != nil {
		return t, err
	}
	t.columns, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (column, error) {
		var c column
		err := r.Scan(&c.name, &c.kind, &c.identity, &c.nullable)
		return c, err
	})
	if err != nil {
		return t, err
	}
	t.key, err = c.strings(ctx, `SELECT a.attname::text FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k(n, place)
		JOIN pg_attribute a ON a.attnum = k.n WHERE i.indrelid = $1::regclass AND a.attrelid = i.indrelid AND i.indisprimary ORDER BY k.place`, name)
	if err == nil && len(t.key) == 0 {
		err = errors.New("it has no primary key")
	}
	return t, err
}

func (c copying) strings(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := c.to.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
