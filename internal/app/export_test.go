package app

import "time"

// StopTime is how long requests under way may take to end when a server stops.
const StopTime = stopTime

// StoppingWithin are options of a server that gives requests under way so much time to end when it stops.
func (o Options) StoppingWithin(limit time.Duration) Options {
	o.stopWithin = limit
	return o
}

// Turning are options of a process whose rotation of a key seals so many values at once, and calls after when each batch
// is written.
func (o Options) Turning(atOnce int, after func() error) Options {
	o.sealAtOnce, o.sealed = atOnce, after
	return o
}
