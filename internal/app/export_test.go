package app

// Turning are options of a process whose rotation of a key seals so many values at once, and calls after when each batch
// is written.
func (o Options) Turning(atOnce int, after func() error) Options {
	o.sealAtOnce, o.sealed = atOnce, after
	return o
}
