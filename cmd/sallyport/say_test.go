package main

import (
	"strings"
	"testing"
	"time"

	"sallyport"
)

// Whoever comes back when he was told to is not sent away again.
func TestSayRoundsUp(t *testing.T) {
	for after, want := range map[time.Duration]string{time.Millisecond: "in 1s.", 1400 * time.Millisecond: "in 2s.", 2 * time.Second: "in 2s."} {
		if got := say(sallyport.ErrUnavailable.After(after)); !strings.HasSuffix(got, want) {
			t.Errorf("%v: %s", after, got)
		}
	}
}
