package factor

import (
	"context"
	"sync"
	"time"

	"sallyport"
)

// queueWait is how long a sign-in waits for its turn at the hash before it is told to come back.
const queueWait = 2 * time.Second

// ErrBusy is the answer when the queue for the hash did not come round in time.
var ErrBusy = sallyport.E(sallyport.Unavailable, "busy", "Many people are signing in at this moment. Please try again in a few seconds.").After(queueWait)

// queue lets a fixed number through at once. Those who wait in the first lane are served before those in the second,
// in the order of arrival within each.
type queue struct {
	mu    sync.Mutex
	free  int
	most  int           // who may wait in one lane; 0: any number
	wait  time.Duration // for a place; 0: queueWait
	lanes [2][]chan struct{}
}

const (
	laneKnown   = 0 // somebody with a session, a link or a browser that signed in before
	laneUnknown = 1
)

// has reports whether so many places are free.
func (q *queue) has(free int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.free == free
}

// enter waits for a place, at most for q.wait. Whoever got nil calls leave.
func (q *queue) enter(ctx context.Context, lane int) error {
	if err := ctx.Err(); err != nil {
		return ErrBusy.Because(err)
	}
	q.mu.Lock()
	if q.free > 0 {
		q.free--
		q.mu.Unlock()
		return nil
	}
	if q.most > 0 && len(q.lanes[lane]) >= q.most {
		q.mu.Unlock()
		return ErrBusy // his turn would not come in time
	}
	turn := make(chan struct{})
	q.lanes[lane] = append(q.lanes[lane], turn)
	q.mu.Unlock()

	wait := q.wait
	if wait == 0 {
		wait = queueWait
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-turn:
		return nil
	case <-timer.C:
		return q.giveUp(lane, turn, nil)
	case <-ctx.Done():
		return q.giveUp(lane, turn, ctx.Err())
	}
}

// giveUp takes turn out of its lane. A turn that came in the same moment is used.
func (q *queue) giveUp(lane int, turn chan struct{}, cause error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, t := range q.lanes[lane] {
		if t == turn {
			q.lanes[lane] = append(q.lanes[lane][:i], q.lanes[lane][i+1:]...)
			return ErrBusy.Because(cause)
		}
	}
	return nil
}

// leave hands the place to the next one.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for lane := range q.lanes {
		if waiting := q.lanes[lane]; len(waiting) > 0 {
			q.lanes[lane] = waiting[1:]
			close(waiting[0])
			return
		}
	}
	q.free++
}
