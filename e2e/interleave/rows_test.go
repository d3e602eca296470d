package interleave

import (
	"fmt"
	"strings"
)

// keep keeps the rows as they are now, to be put back before each run.
func (w *world) keep() {
	w.t.Helper()
	w.exec(`CREATE SCHEMA kept`)
	var back strings.Builder
	for name := range w.schema.number {
		if name == "goose_db_version" {
			continue
		}
		w.exec(`CREATE TABLE kept.` + name + ` AS TABLE ` + name)
		fmt.Fprintf(&back, "DELETE FROM %s; INSERT INTO %s SELECT * FROM kept.%s;\n", name, name, name)
		w.tables = append(w.tables, name)
	}
	w.exec(`CREATE FUNCTION kept.back() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ` + back.String() + ` END $$`)
}

// cleaning is after how many runs the rows that they left dead are removed.
const cleaning = 100

// back puts the rows back.
func (w *world) back() error {
	if w.runs++; w.runs%cleaning == 0 {
		if _, err := w.raw.Exec(`VACUUM ` + strings.Join(w.tables, ", ")); err != nil {
			return err
		}
	}
	_, err := w.raw.Exec(`SELECT kept.back()`)
	return err
}

// waiting says which act's connection waits for a lock of which.
func (w *world) waiting() (map[int][]int, error) {
	rows, err := w.looker.Query(`SELECT pid, by FROM (SELECT DISTINCT pid FROM pg_locks WHERE NOT granted) AS stuck, unnest(pg_blocking_pids(pid)) AS by`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	held := map[int][]int{}
	for rows.Next() {
		var waits, holds int
		if err := rows.Scan(&waits, &holds); err != nil {
			return nil, err
		}
		n, known := w.actOf(waits)
		by, too := w.actOf(holds)
		if known && too {
			held[n] = append(held[n], by)
		}
	}
	return held, rows.Err()
}

// actOf is whose connection a process of the database serves.
func (w *world) actOf(pid int) (int, bool) {
	n, known := w.acts[pid]
	if !known {
		var name string
		if err := w.raw.QueryRow(`SELECT usename FROM pg_stat_activity WHERE pid = $1`, pid).Scan(&name); err != nil {
			return 0, false // it is gone
		}
		if n = -1; strings.HasPrefix(name, "act") {
			n = int(name[3] - '0')
		}
		w.acts[pid] = n
	}
	return n, n >= 0
}
