package subprocess

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
)

// TestTimersOfTheProcessMayBeLate: its own may; the thread that started it has its own back.
func TestTimersOfTheProcessMayBeLate(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := slackHere()
	found, err := process(t).Do(Job{Read: "/proc/self/timerslack_ns"})
	if want := fmt.Sprintf("%d\n<nil>", lateness.Nanoseconds()); err != nil || found != want {
		t.Errorf("timers of the process may be late by %q ns, %v; want %q", found, err, want)
	}
	if after := slackHere(); after != before || before == uintptr(lateness) {
		t.Errorf("timers of this thread may be late by %d ns, before it started the process by %d", after, before)
	}
}

func slackHere() uintptr {
	slack, _, _ := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_GET_TIMERSLACK, 0, 0)
	return slack
}
