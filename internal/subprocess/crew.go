package subprocess

import "sync"

// Crew is several processes that run the same command, each with one job at a time: what one leaves behind in its memory
// is then gone before the next, and none of them waits for another's garbage.
type Crew[J, A any] struct {
	slots chan struct{} // one token per job under way
	mu    sync.Mutex
	free  []*Process[J, A] // the one used last at the end: with little to do the others end
	all   []*Process[J, A]
}

// NewCrew makes a crew of up to size processes that will run command when there are jobs for them.
func NewCrew[J, A any](size int, command ...string) *Crew[J, A] {
	c := &Crew[J, A]{slots: make(chan struct{}, size)}
	for range size {
		c.all = append(c.all, New[J, A](command...))
	}
	c.free = append(c.free, c.all...)
	return c
}

// Do has job done by a process that has none, and waits until there is one. See Process.Do.
func (c *Crew[J, A]) Do(job J) (A, error) {
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	p := c.pop()
	defer c.push(p)
	return p.Do(job)
}

func (c *Crew[J, A]) pop() *Process[J, A] {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.free) - 1
	p := c.free[last]
	c.free = c.free[:last]
	return p
}

func (c *Crew[J, A]) push(p *Process[J, A]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free = append(c.free, p)
}

// Close ends the processes. Jobs under way fail, and so does every later one.
func (c *Crew[J, A]) Close() {
	for _, p := range c.all {
		p.Close()
	}
}
