package main

import (
	"bytes"
	"fmt"
	"os"
	"sync"
)

// complaints keeps the last warnings and errors that the servers of a measurement logged, to be shown where it fails.
type complaints struct {
	mu    sync.Mutex
	rest  []byte // of a line that is not complete yet
	lines [][]byte
}

const complaintsMost = 20

// Write takes a part of a log. It never fails.
func (c *complaints) Write(part []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rest = append(c.rest, part...)
	for {
		line, rest, whole := bytes.Cut(c.rest, []byte("\n"))
		if !whole {
			return len(part), nil
		}
		if bytes.Contains(line, []byte(`"WARN"`)) || bytes.Contains(line, []byte(`"ERROR"`)) {
			c.lines = append(c.lines, bytes.Clone(line))
			c.lines = c.lines[max(0, len(c.lines)-complaintsMost):]
		}
		c.rest = bytes.Clone(rest)
	}
}

// show prints them.
func (c *complaints) show() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, line := range c.lines {
		fmt.Fprintf(os.Stderr, "   the server said: %s\n", line)
	}
}
