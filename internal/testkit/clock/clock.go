// Package clock is a clock that a test sets.
//
// It owns one moment in time that moves only when it is told to, so that three minutes, twelve hours and a leap back
// can be tested at once. It knows nothing of what reads it. Begin with New and hand c.Now to whatever asks for the time.
package clock

import (
	"sync"
	"time"
)

// Clock stands still until Set or Add moves it. It may be used by many goroutines.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// New makes a clock that shows start, in UTC and whole microseconds as the database keeps them.
func New(start time.Time) *Clock {
	return &Clock{now: whole(start)}
}

// Now is the moment that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock to t, also backwards.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = whole(t)
}

// Add moves the clock by d and returns what it then shows. d may be negative.
func (c *Clock) Add(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = whole(c.now.Add(d))
	return c.now
}

func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
