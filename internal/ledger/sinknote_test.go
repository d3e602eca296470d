package ledger

import (
	"errors"
	"testing"
	"time"

	"sallyport"
)

// A sink that is down is asked later and later. That another process serves it meanwhile does not begin the pauses anew;
// that it took something does, from whichever process.
func TestPausesOfASink(t *testing.T) {
	o, down := &outlet{}, errors.New("down")
	pauses := func(want ...time.Duration) {
		t.Helper()
		for _, w := range want {
			if got := o.note(done, down); got != w {
				t.Errorf("a pause of %v, want %v", got, w)
			}
		}
	}
	pauses(time.Second, 2*time.Second, 5*time.Second)
	if got := o.note(notMine, nil); got != sinkLook || o.reason != "down" {
		t.Errorf("a look at somebody else's sink: %v, %q", got, o.reason)
	}
	pauses(15*time.Second, 30*time.Second, time.Minute, time.Minute)
	o.note(done, nil)
	pauses(time.Second, 2*time.Second)
	o.saw(sallyport.SinkState{Next: 5, SentAt: time.Unix(1_780_000_000, 0)})
	if o.reason != "" {
		t.Errorf("the reason stays when another process got through: %q", o.reason)
	}
	pauses(time.Second)
	if o.failures != 10 {
		t.Errorf("%d failures were counted", o.failures)
	}
}

// Where the database is away no sink has failed: the page does not name it as one that is down, and its number does not rise. The
// pauses get longer all the same.
func TestDatabaseAwayIsNoFailureOfASink(t *testing.T) {
	o := &outlet{}
	for _, err := range []error{sallyport.ErrUnavailable.Because(errors.New("connection refused")), sallyport.E(sallyport.Conflict, "conflict", "again")} {
		o.note(done, err)
	}
	if got := o.note(done, sallyport.ErrUnavailable); got != 5*time.Second || o.failures != 0 || o.reason != "" {
		t.Errorf("a pause of %v, %d failures, %q", got, o.failures, o.reason)
	}
	if o.note(done, errors.New("down")); o.failures != 1 || o.reason != "down" {
		t.Errorf("%d failures, %q", o.failures, o.reason)
	}
}
