package store

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Prepared are the statements that were asked of the writers, the readers and the checks so far, each once.
func (db *DB) Prepared() []string {
	all := map[string]bool{}
	for _, l := range []*lane{db.writer, db.readers, db.checks, db.watcher} {
		if l == nil {
			continue
		}
		for _, c := range l.idle {
			for query := range c.prepared {
				all[query] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

var placeholder = regexp.MustCompile(`\$(\d+)`)

// Plan is how the engine would run a statement in a table of any size, line by line.
func (db *DB) Plan(ctx context.Context, query string) ([]string, error) {
	nulls := 0
	for _, found := range placeholder.FindAllStringSubmatch(query, -1) {
		n, _ := strconv.Atoi(found[1])
		nulls = max(nulls, n)
	}
	c, err := db.writer.take(ctx)
	if err != nil {
		return nil, err
	}
	c.clean = true
	defer db.writer.give(c)
	explain := "EXPLAIN QUERY PLAN " + query
	args := make([]any, nulls)
	if db.Shared() {
		// Without a scan wherever an index can serve, and without a look at the arguments: what is left cannot do better.
		for _, s := range []string{`SET enable_seqscan = off`, `SET plan_cache_mode = force_generic_plan`, `PREPARE plan AS ` + query} {
			if _, err := c.raw.ExecContext(ctx, s); err != nil {
				return nil, fmt.Errorf("%s: %w", s, err)
			}
		}
		defer func() { _, _ = c.raw.ExecContext(ctx, `DEALLOCATE plan`) }()
		explain, args = `EXPLAIN (COSTS OFF) EXECUTE plan`, nil
		if nulls > 0 {
			explain += `(NULL` + strings.Repeat(`, NULL`, nulls-1) + `)`
		}
	}
	return c.plan(ctx, explain, args)
}

func (c *conn) plan(ctx context.Context, explain string, args []any) (lines []string, err error) {
	rows, err := c.raw.QueryContext(ctx, explain, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var line string
		dest := make([]any, len(columns))
		for i := range dest {
			dest[i] = new(any)
		}
		dest[len(dest)-1] = &line
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, rows.Err()
}

// Used lets the writers' connections that are kept have answered last at a time.
func (db *DB) Used(at time.Time) {
	db.writer.mu.Lock()
	defer db.writer.mu.Unlock()
	for _, c := range db.writer.idle {
		c.used = at
	}
}

// Idle is how many connections the writers and the readers keep.
func (db *DB) Idle() (writers, readers int) {
	kept := func(l *lane) int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.idle)
	}
	return kept(db.writer), kept(db.readers)
}

// Meet lets the database have met a primary.
func (db *DB) Meet(p Primary) error { return db.primaries.meet(p) }

// LookAtFewLeaves lets each LeavesOfNobody look at n numbers of events.
func LookAtFewLeaves(n int64) (undo func()) {
	before := leavesWindow
	leavesWindow = n
	return func() { leavesWindow = before }
}

// LookAtFewEvents lets each statement of Events look at n numbers of events, and few entries of an index count as few.
func LookAtFewEvents(n int64, few int) (undo func()) {
	window, least := eventsWindow, eventsFew
	eventsWindow, eventsFew = n, few
	return func() { eventsWindow, eventsFew = window, least }
}
