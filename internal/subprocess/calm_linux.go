package subprocess

import (
	"runtime"
	"syscall"
	"time"
)

// lateness is by how much a timer of the process may be late. Go's scheduler looks after the program from a thread of its
// own, every 20 µs when work begins and ever less often when there is nothing to mend. A process with one goroutine and one
// job has nothing to mend: each look would only take the core from the job, where a machine is virtual for long.
const lateness = 20 * time.Millisecond

// calmly calls start, and lets what it starts be late by lateness: a process inherits that from the thread that starts it
// (prctl(2), PR_SET_TIMERSLACK). That thread has its own back afterwards. Where the system refuses, all is as without.
func calmly(start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	slack(lateness)
	defer slack(0) // its own
	return start()
}

func slack(d time.Duration) {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_TIMERSLACK, uintptr(d.Nanoseconds()), 0)
}
