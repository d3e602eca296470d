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
