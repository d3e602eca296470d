package store

import (
	"context"
	"errors"
	"time"

	"sallyport"
)

// LookUpSessions returns those of hashes whose session is usable but for idleness, each with the time since its last
// stored use, and the idle time in force: one statement for all of them, on connections of its own that no slow page can
// hold up. It is for databases that other processes write to as well, and the one statement of PostgreSQL alone.
func (db *DB) LookUpSessions(ctx context.Context, hashes []sallyport.Hash) ([]sallyport.Seen, time.Duration, error) {
	if db.checks == nil {
		return nil, 0, errInternal.Because(errors.New("store: sessions are looked up together on PostgreSQL alone"))
	}
	for {
		c, err := db.checks.take(ctx)
		if err != nil {
			return nil, 0, err
		}
		db.statements.Add(1)
		seen, idle, err := c.lookUp(ctx, hashes)
		c.clean = err == nil
		db.checks.give(c)
		if err == nil || !c.kept || !broken(err) || ctx.Err() != nil {
			return seen, idle, failure(err)
		}
	}
}

// LATERAL and OFFSET 0 keep the order of the tables: from the hashes to the sessions, and from each to its technician. A plan
// that is kept must not begin at the technicians because they were few when it was made.
const lookUp = `SELECT s.hash, now_us() - s.used_at, COALESCE((SELECT value FROM setting WHERE name = $2), '')
	FROM session s CROSS JOIN LATERAL (SELECT generation, status FROM technician WHERE id = s.technician OFFSET 0) t
	WHERE s.hash = ANY($1) AND s.generation = t.generation AND t.status = 'active' AND s.expires_at > now_us()`

var idleKey, _ = sallyport.SettingByName("session-idle")

func (c *conn) lookUp(ctx context.Context, hashes []sallyport.Hash) ([]sallyport.Seen, time.Duration, error) {
	s, done, err := c.statement(lookUp)
	if err != nil {
		return nil, 0, err
	}
	defer done()
	keys := make([][]byte, len(hashes))
	for i := range hashes {
		keys[i] = hashes[i][:]
	}
	rows, err := s.QueryContext(ctx, keys, idleKey.Name)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	seen, idle := make([]sallyport.Seen, 0, len(hashes)), ""
	for rows.Next() {
		var one sallyport.Seen
		var since int64
		if err := rows.Scan(token{&one.Hash}, &since, &idle); err != nil {
			return nil, 0, err
		}
		one.Since = time.Duration(since) * time.Microsecond
		seen = append(seen, one)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, err
	}
	set := defaultSettings
	if idle != "" {
		if err := idleKey.Set(&set, idle); err != nil {
			return nil, 0, err
		}
	}
	return seen, set.SessionIdle, nil
}
