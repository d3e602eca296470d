package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

var errNotReplicated = errors.New("the standby had not confirmed the commit when somebody cancelled the wait for it")

// mostHeldUp is how many commits may wait for a standby that is away before no further one is begun. Each keeps its process
// on the server until the standby has it, also when nobody here waits for it any more, and processes are few there.
const mostHeldUp = postgresWriters

// heldUp counts the commits of all nodes that have waited for the standby for longer than anybody waits for a lock.
const heldUp = `SELECT count(*) FROM pg_stat_activity
	WHERE usename = session_user AND wait_event = 'SyncRep' AND clock_timestamp() - query_start > interval '3 s'`

// admit tells a new connection that writes its settings, and refuses it while too many commits wait for the standby: what
// would be written on it would only wait as well. A server that keeps the answer from an ordinary role is one where none is
// counted.
func admit(ctx context.Context, c *pgconn.PgConn) error {
	if err := tell(writing)(ctx, c); err != nil {
		return err
	}
	results, err := c.Exec(ctx, heldUp).ReadAll()
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.SeverityUnlocalized == "ERROR" {
		return nil
	}
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(string(results[0].Rows[0][0]))
	if err == nil && n >= mostHeldUp {
		err = fmt.Errorf("%d commits wait for the standby, which is away or too slow: nothing more is written until it has them", n)
	}
	return err
}
