package store

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"sallyport"
)

const (
	writeTries    = 10              // runs of one write transaction at most
	writePatience = 5 * time.Second // after which no further run begins, where Options say no other time
	sharedTries   = 2               // runs beside others; every further one has this process for itself
	firstPause    = 2 * time.Millisecond
	longestPause  = 200 * time.Millisecond
)

// turns lets write transactions run beside each other until they are in each other's way: one that was refused twice
// runs alone in this process, so that a crowd on one row ends in a queue and not in refusals.
type turns struct{ sync.RWMutex }

func (t *turns) take(try int) (giveBack func()) {
	if try <= sharedTries {
		t.RLock()
		return t.RUnlock
	}
	t.Lock()
	return t.Unlock
}

// writeInTurn runs fn, and again where another transaction was in its way. That does no harm: what was refused is undone
// as a whole, and the use cases write nowhere else. A COMMIT whose outcome is unknown is never run again.
func (db *DB) writeInTurn(ctx context.Context, fn func(*Tx) error) error {
	began := time.Now()
	for try := 1; ; try++ {
		giveBack := db.turns.take(try)
		why, err := func() (error, error) {
			defer giveBack()
			return db.writeOnce(ctx, fn)
		}()
		if err == nil || !inTheWay(why) {
			return err
		}
		if try >= writeTries || time.Since(began) > db.patience {
			return sallyport.ErrUnavailable.Because(fmt.Errorf("%d runs, each in another's way: %w", try, why))
		}
		db.again.Add(1)
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

// errMoved says that a row is no longer as it was read in the same transaction: another one was in the way.
var (
	errMoved = sallyport.ErrUnavailable.Because(errRow)
	errRow   = errors.New("store: a row is not as it was read in the same transaction")
)

// inTheWay reports whether a transaction was undone because of another one, or because its connection broke or led to a primary
// that was replaced before its COMMIT, by what the database said. A broken unique rule is among them: the other's row was not to
// be seen yet, and the next run sees it.
func inTheWay(err error) bool {
	if err == nil {
		return false
	}
	if errors.Is(err, errRow) || errors.Is(err, errReplaced) {
		return true
	}
	var e *pgconn.PgError
	if errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01" || e.Code == "23505") {
		return true
	}
	var connect *pgconn.ConnectError
	return broken(err) && !errors.As(err, &connect)
}

// pause waits for a moment of random length, longer from try to try, so that two nodes do not meet again and again.
func pause(ctx context.Context, try int) error {
	longest := min(firstPause<<(try-1), longestPause)
	wait := time.NewTimer(longest/4 + time.Duration(random()%uint64(longest)))
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return sallyport.ErrUnavailable.Because(ctx.Err())
	}
}

func random() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return binary.LittleEndian.Uint64(b[:])
}
