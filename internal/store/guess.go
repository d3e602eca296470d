package store

import (
	"context"
	"strings"
	"time"

	"sallyport"
)

// guessLife is how long wrong passwords are remembered after the last one.
const guessLife = 24 * time.Hour

// Guess returns the count of wrong passwords under key, the zero Guess where there is none of the last 24 hours.
func (tx *Tx) Guess(ctx context.Context, key string) (sallyport.Guess, error) {
	var g sallyport.Guess
	_, err := tx.one(ctx, `SELECT wrong, wait_until, last_at FROM guess WHERE id = $1 AND last_at > now_us() - $2`,
		args{key, guessLife.Microseconds()}, &g.Wrong, stamp{&g.WaitUntil}, stamp{&g.LastAt})
	return g, err
}

// CountGuesses counts one more try under each of keys before anybody looks at it, and returns the counts with this try; one
// that is older than a day begins anew. Under a key where a wait is running nothing is counted, and it is missing in the
// answer, unless it is one of lifted: then the try may not be looked at, and the transaction must be undone. The rows stay
// locked until its end, taken in the order of keys, so that what follows belongs to this try.
func (tx *Tx) CountGuesses(ctx context.Context, keys []string, lifted ...string) (map[string]int, error) {
	wrong := make(map[string]int, len(keys))
	if len(keys) == 0 {
		return wrong, nil
	}
	var w where
	life, values := w.place(guessLife.Microseconds()), make([]string, len(keys))
	for i, key := range keys {
		values[i] = `(` + w.place(key) + `, 1, 0, now_us())`
	}
	query := `INSERT INTO guess (id, wrong, wait_until, last_at) VALUES ` + strings.Join(values, ", ") + `
		ON CONFLICT (id) DO UPDATE SET last_at = excluded.last_at,
			wrong = CASE WHEN guess.last_at > excluded.last_at - ` + life + ` THEN guess.wrong + 1 ELSE 1 END
		WHERE guess.wait_until <= excluded.last_at` + w.orAmong("guess.id", lifted) + ` RETURNING id, wrong`
	err := tx.each(ctx, query, w.args, func(r row) error {
		var key string
		var n int
		err := r.Scan(&key, &n)
		wrong[key] = n
		return err
	})
	return wrong, err
}

// orAmong is an alternative condition: that column is one of values; nothing where there are none.
func (w *where) orAmong(column string, values []string) string {
	if len(values) == 0 {
		return ""
	}
	return ` OR ` + column + ` IN (` + w.list(values) + `)`
}

func (w *where) list(values []string) string {
	places := make([]string, len(values))
	for i, v := range values {
		places[i] = w.place(v)
	}
	return strings.Join(places, ", ")
}

// SetGuessWait says until when nothing is counted, and so nothing looked at, under key.
func (tx *Tx) SetGuessWait(ctx context.Context, key string, until time.Time) error {
	return tx.later(ctx, nil, `UPDATE guess SET wait_until = $2 WHERE id = $1`, args{key, until})
}

// TakeGuesses takes n counted tries under key back, and the wait that ends at until; a wait that somebody else's try
// began goes on.
func (tx *Tx) TakeGuesses(ctx context.Context, key string, n int, until time.Time) error {
	return tx.later(ctx, nil, `UPDATE guess SET wrong = CASE WHEN wrong > $2 THEN wrong - $2 ELSE 0 END,
		wait_until = CASE WHEN wait_until = $3 THEN 0 ELSE wait_until END WHERE id = $1`, args{key, n, until})
}

// EndGuesses forgets the count under key and returns how many tries it held.
func (tx *Tx) EndGuesses(ctx context.Context, key string) (n int, err error) {
	_, err = tx.one(ctx, `DELETE FROM guess WHERE id = $1 RETURNING wrong`, args{key}, &n)
	return n, err
}

// ForgiveGuesses takes n counted tries of t back under narrow and the wider ones, as TakeGuesses does, where narrow still
// holds n and t is still active and of his generation. Otherwise the transaction fails with none. The rows are taken in the
// order given.
func (tx *Tx) ForgiveGuesses(ctx context.Context, n int, t sallyport.Technician, none error, narrow sallyport.Counted, wider ...sallyport.Counted) error {
	w := where{args: args{n, t.ID, t.Generation}}
	own := make([]string, 1+len(wider))
	for i, c := range append([]sallyport.Counted{narrow}, wider...) {
		own[i] = `(` + w.place(c.Key) + `, CAST(` + w.place(c.Until) + ` AS BIGINT))`
	}
	// An upsert takes them so, as CountGuesses does; in an UPDATE over a join the planner chooses. What is to be inserted carries
	// the end of the wait in last_at; a row that is gone comes back empty.
	return tx.later(ctx, none, `INSERT INTO guess (id, wrong, wait_until, last_at)
		SELECT own.column1, 0, 0, own.column2 FROM (VALUES `+strings.Join(own, ", ")+`) AS own
		WHERE EXISTS (SELECT 1 FROM guess WHERE id = $4 AND wrong = $1)
			AND EXISTS (SELECT 1 FROM technician WHERE id = $2 AND generation = $3 AND status = 'active')
		ON CONFLICT (id) DO UPDATE SET wrong = CASE WHEN guess.wrong > $1 THEN guess.wrong - $1 ELSE 0 END,
			wait_until = CASE WHEN guess.wait_until = excluded.last_at THEN 0 ELSE guess.wait_until END`, w.args)
}

// Fill puts one more into the bucket of key unless it is full: each takes cost to run out again, and all of them
// together may take room. Of many at once, on however many nodes, as many are let in as there is room for.
func (tx *Tx) Fill(ctx context.Context, key string, cost, room time.Duration) (ok bool, err error) {
	return tx.did(ctx, `INSERT INTO bucket (id, empty_at) VALUES ($1, now_us() + $2)
		ON CONFLICT (id) DO UPDATE SET empty_at = $2 + CASE WHEN bucket.empty_at > now_us() THEN bucket.empty_at ELSE now_us() END
		WHERE bucket.empty_at <= now_us() + $3 - $2`, args{key, cost.Microseconds(), room.Microseconds()})
}

// EmptyAt is when each of the buckets of keys has run out, in the past; one in which nothing is is missing.
func (tx *Tx) EmptyAt(ctx context.Context, keys ...string) (map[string]time.Time, error) {
	empty := make(map[string]time.Time, len(keys))
	if len(keys) == 0 {
		return empty, nil
	}
	var w where
	query := `SELECT id, empty_at FROM bucket WHERE id IN (` + w.list(keys) + `)`
	err := tx.each(ctx, query, w.args, func(r row) error {
		var key string
		var at time.Time
		err := r.Scan(&key, stamp{&at})
		empty[key] = at
		return err
	})
	return empty, err
}
