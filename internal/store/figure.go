package store

import (
	"context"
	"time"

	"sallyport"
)

const dayMicros = 24 * 60 * 60 * 1_000_000

// SignIns returns how many sign-ins ended in a session since the given day began, by day and method. Days are those of
// UTC. It reads the events of that time alone: the least id of that time is where the walk over one type of event begins.
// The + keeps that least id from being looked for among all the older events, in the order of their ids.
func (tx *Tx) SignIns(ctx context.Context, since time.Time) ([]sallyport.SignInCount, error) {
	return all(ctx, tx, func(r row) (c sallyport.SignInCount, err error) {
		var day int64
		var after string
		if err = r.Scan(&day, &after, &c.Count); err != nil {
			return c, err
		}
		c.Day = time.UnixMicro(day * dayMicros).UTC()
		values, err := decode[map[string]string](after)
		c.Method = values["method"]
		return c, err
	}, `SELECT at / $3, new_values, count(*) FROM event
		WHERE type = $1 AND at >= $2 AND id >= (SELECT min(+id) FROM event WHERE at >= $2)
		GROUP BY at / $3, new_values ORDER BY at / $3, new_values`, args{"signin.finished", since, dayMicros})
}
