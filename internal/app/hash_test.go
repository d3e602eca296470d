package app

import (
	"bytes"
	"errors"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"sallyport/internal/factor"
)

// What jobs leave behind is collected when it is worth it, and is then counted anew.
func TestGarbageIsCollectedWhenThereIsMuch(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // nobody else collects meanwhile
	allocated := uint64(3 << 20)
	g := garbage{allocated: func() uint64 { return allocated }}
	for _, step := range []struct {
		more uint64
		want uint32
	}{{0, 1}, {0, 0}, {muchGarbage - 1, 0}, {1, 1}, {500, 0}, {19 << 20, 1}, {500, 0}} {
		allocated += step.more
		before := collections()
		g.collect()
		if got := collections() - before; got != step.want {
			t.Errorf("%d bytes more: collected %d times, want %d", step.more, got, step.want)
		}
	}
}

// collections is how often this process has collected its garbage.
func collections() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumGC
}

// The metric that it goes by is one of this Go, and counts.
func TestAllocatedBytes(t *testing.T) {
	bytes := allocatedBytes()
	before := bytes()
	kept := make([]byte, 4<<20)
	if grown := bytes() - before; grown < uint64(len(kept)) {
		t.Errorf("%d bytes were allocated, and %d counted", len(kept), grown)
	}
}

// A process that cannot be started is no crowd: the log says so.
func TestFailedHashIsLogged(t *testing.T) {
	var log bytes.Buffer
	h, end := newHasher(Options{HashCommand: []string{"/nonexistent/sallyport", "hash-passwords"}}, slog.New(slog.NewTextHandler(&log, nil)))
	defer end()
	if _, err := h.Hash(t.Context(), "correct horse battery staple"); !errors.Is(err, factor.ErrBusy) {
		t.Errorf("%v", err)
	}
	if !strings.Contains(log.String(), "a password hash could not be computed") || !strings.Contains(log.String(), "/nonexistent/sallyport") {
		t.Errorf("the log: %s", &log)
	}
	if strings.Contains(log.String(), "battery") {
		t.Error("the log holds the password")
	}
}
