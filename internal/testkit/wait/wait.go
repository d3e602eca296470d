// Package wait waits in a test for what another process, or another goroutine, will have done in a moment.
//
// It owns the pace and the patience of such a wait: no test sleeps, and none hangs. Begin with Until.
package wait

import "time"

const (
	pace     = 5 * time.Millisecond
	patience = 5 * time.Minute
)

// Test is a test that can be failed: a testing.TB, or the script of a command.
type Test interface {
	Fatalf(format string, args ...any)
}

// Until comes back when is says so, which it is asked again and again. After five minutes it fails the test with the words of
// format and args; a Late one among them is made then.
func Until(t Test, is func() bool, format string, args ...any) {
	if h, ok := t.(interface{ Helper() }); ok {
		h.Helper()
	}
	until(t, time.After(patience), is, format, args...)
}

func until(t Test, over <-chan time.Time, is func() bool, format string, args ...any) {
	if h, ok := t.(interface{ Helper() }); ok {
		h.Helper()
	}
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf(format, args...)
			return
		}
	}
}

// Late is a text that is made when it is needed, as the end of a log.
type Late func() string

// String is the text.
func (l Late) String() string { return l() }
