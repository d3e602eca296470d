package store

import (
	"errors"
	"io"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
)

// notices is what a PostgreSQL server said on one connection without being asked.
type notices struct {
	warned  atomic.Bool // a WARNING since it was last looked at
	primary Primary     // which the server was when the connection was made
}

const noticesKey = "sallyport"

func noticesFor(c *pgconn.PgConn) *notices {
	data := c.CustomData()
	n, ok := data[noticesKey].(*notices)
	if !ok {
		n = &notices{}
		data[noticesKey] = n
	}
	return n
}

// noteNotice remembers a WARNING. The one that matters comes with a COMMIT whose wait for the standby was cancelled.
func noteNotice(c *pgconn.PgConn, notice *pgconn.Notice) {
	if notice.SeverityUnlocalized != "WARNING" {
		return
	}
	if n, ok := c.CustomData()[noticesKey].(*notices); ok {
		n.warned.Store(true)
	}
}

func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
