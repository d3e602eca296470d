package wait

import (
	"fmt"
	"testing"
	"time"
)

type taker struct{ said string }

func (t *taker) Fatalf(format string, args ...any) { t.said = fmt.Sprintf(format, args...) }

func TestUntil(t *testing.T) {
	asked := 0
	Until(t, func() bool { asked++; return asked == 3 }, "it never came to three")
	if asked != 3 {
		t.Errorf("asked %d times", asked)
	}
	over := make(chan time.Time)
	close(over)
	made := 0
	late := Late(func() string { made++; return "the log" })
	var fails taker
	until(&fails, over, func() bool { return false }, "%s: %s", "never", late)
	if fails.said != "never: the log" {
		t.Errorf("it said %q", fails.said)
	}
	if Until(&fails, func() bool { return true }, "%s", late); made != 1 {
		t.Errorf("the text was made %d times", made)
	}
}
