package main

import (
	"fmt"
	"net/http"
	"time"

	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

const refusals = 1_000_000

// refusedMemory sends a million requests without a cookie and looks at what they leave behind.
func (b *bench) refusedMemory() error {
	s, err := b.serve("refused", nil)
	if err != nil {
		return err
	}
	defer s.Kill()
	l, err := newLoad(s.Port, s.PID())
	if err != nil {
		return err
	}
	defer l.close()
	// A connection that asks nothing at first is closed.
	if _, err := l.ask(1_000, []string{""}, http.StatusUnauthorized); err != nil {
		return err
	}
	// The start, which no garbage collection disturbs, is over, and the heap has found its size.
	for range 2 {
		<-time.After(5 * time.Second)
		if _, err := l.ask(50_000, []string{""}, http.StatusUnauthorized); err != nil {
			return err
		}
	}
	before, err := server.Memory(s.PID(), "VmRSS")
	if err != nil {
		return err
	}
	if _, err := l.ask(refusals, []string{""}, http.StatusUnauthorized); err != nil {
		return err
	}
	after, err := server.Memory(s.PID(), "VmRSS")
	grown := float64(after-before) / (1 << 20)
	b.add(finding{what: "Memory after 1,000,000 refused requests without a cookie", value: fmt.Sprintf("%+.1f MiB", grown), goal: "≤ 5 MiB",
		within: grown <= 5, how: fmt.Sprintf("resident memory of the server before and after, warmed up with 100,000 of the same (%.0f MiB then)", float64(before)/(1<<20))})
	return err
}

// serve is serveAt on SQLite.
func (b *bench) serve(name string, fill func(*team.Folder) error, env ...string) (*server.Server, error) {
	return b.serveAt(place{name: name}, fill, env...)
}
