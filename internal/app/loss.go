package app

import (
	"context"
	"fmt"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

// logEnd is the newest event that this process has seen in the database. Every Save leaves one, and where a standby must
// confirm each COMMIT, none is seen before that has.
type logEnd struct {
	epoch int64 // of the database then
	id    int64 // 0: none yet
	at    time.Time
}

// lacks reports whether a database whose newest event up to l.id is there has lost l, rather than pruned it: then what was
// before it is gone as well. A number that was lost may come again, for another event.
func (l logEnd) lacks(there []sallyport.Event) bool {
	return l.id > 0 && len(there) > 0 && (there[0].ID != l.id || !there[0].At.Equal(l.at))
}

// followLog says, as lost, whether the database lacks an event that this process has seen in it: changes of which
// somebody was told that they are done are not in it. It remembers the newest. Last is the newest before tx began.
func (c *core) followLog(ctx context.Context, tx *store.Tx, epoch int64, last logEnd) (lost, err error) {
	if last.id > 0 && last.epoch == epoch {
		there, err := tx.Events(ctx, sallyport.EventFilter{Before: last.id + 1, Limit: 1})
		if err != nil {
			return nil, err
		}
		if last.lacks(there) {
			return fmt.Errorf("the database is older than what this node has seen of it (event %d of %s is not in it any more): acknowledged changes "+
				"were lost, and what they ended lives again. Stop every node, then run: sallyport restore --accept", last.id, last.at.Format(time.RFC3339)), nil
		}
	}
	newest, err := tx.Events(ctx, sallyport.EventFilter{Limit: 1})
	if err == nil && len(newest) > 0 {
		c.state.sawEvent(logEnd{epoch, newest[0].ID, newest[0].At})
	}
	return nil, err
}

func (s *state) logEnd() logEnd {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func (s *state) sawEvent(last logEnd) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = last
}
