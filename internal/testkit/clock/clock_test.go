package clock_test

import (
	"testing"
	"time"

	"sallyport/internal/testkit/clock"
)

func TestClockMovesOnlyWhenTold(t *testing.T) {
	start := time.Date(2026, 11, 23, 9, 0, 0, 1500, time.FixedZone("somewhere", 3600))
	c := clock.New(start)
	first := c.Now()
	if first.Nanosecond() != 1000 || first.Location() != time.UTC || !c.Now().Equal(first) {
		t.Errorf("starts at %v", first)
	}
	if got := c.Add(-time.Hour); !got.Equal(first.Add(-time.Hour)) || !c.Now().Equal(got) {
		t.Errorf("an hour back shows %v", got)
	}
	if c.Set(start); !c.Now().Equal(first) {
		t.Errorf("set again shows %v", c.Now())
	}
}
