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
	mu      sync.Mutex
	now     time.Time
	follows []func(time.Time)
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
	c.turn(t)
}

// Follow calls f with what the clock shows, now and each time before a Set or Add returns: for clocks that are not read
// from here, such as a database server's.
func (c *Clock) Follow(f func(time.Time)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.follows = append(c.follows, f)
	f(c.now)
}

func (c *Clock) turn(t time.Time) {
	c.now = whole(t)
	for _, f := range c.follows {
		f(c.now)
	}
}

// Add moves the clock by d and returns what it then shows. d may be negative.
func (c *Clock) Add(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn(c.now.Add(d))
	return c.now
}

func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
