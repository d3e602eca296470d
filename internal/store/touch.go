package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sallyport"
)

// TouchSessions notes when sessions were used last; the time never goes back. On PostgreSQL that is one statement for all
// of them, which passes by a session that somebody else is writing: he ends it, gives it another token, or notes a use of
// his own.
func (tx *Tx) TouchSessions(ctx context.Context, used map[sallyport.Hash]time.Time) error {
	if len(used) == 0 {
		return nil
	}
	if tx.db.Shared() {
		return tx.touchTogether(ctx, used)
	}
	for part := range inSteps(slices.Collect(maps.Keys(used))) {
		var a args
		for _, hash := range part {
			a = append(a, hash, used[hash])
		}
		if _, err := tx.exec(ctx, touchIn[len(part)], a); err != nil {
			return err
		}
	}
	return nil
}

// touchTogether is TouchSessions on PostgreSQL.
func (tx *Tx) touchTogether(ctx context.Context, used map[sallyport.Hash]time.Time) error {
	hashes, times := make([][]byte, 0, len(used)), make([]int64, 0, len(used))
	for hash, at := range used {
		hashes, times = append(hashes, hashBytes(hash)), append(times, micros(at))
	}
	_, err := tx.exec(ctx, `UPDATE session SET used_at = seen.at
		FROM (SELECT s.hash, u.at FROM unnest($1::bytea[], $2::bigint[]) AS u (hash, at) JOIN session s ON s.hash = u.hash
			WHERE s.used_at < u.at FOR UPDATE OF s SKIP LOCKED) AS seen
		WHERE session.hash = seen.hash`, args{hashes, times})
	return err
}

// touchIn are SQLite's statements for so many sessions.
var touchIn = func() map[int]string {
	all := map[int]string{}
	for _, step := range endSteps {
		rows := make([]string, step)
		for i := range rows {
			rows[i] = fmt.Sprintf("($%d, $%d)", 2*i+1, 2*i+2)
		}
		all[step] = `UPDATE session SET used_at = seen.column2 FROM (VALUES ` + strings.Join(rows, ", ") + `) AS seen
			WHERE session.hash = seen.column1 AND session.used_at < seen.column2`
	}
	return all
}()
