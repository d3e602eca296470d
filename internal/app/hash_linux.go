package app

import (
	"runtime"
	"syscall"
)

// useHugePages asks the system to back the next size bytes of the heap with huge pages: a hash jumps about in its 19 MiB,
// and looking up the place of each of 4,864 small pages takes a part of its time. Where the system gives none, all is as
// without. The caller has no garbage yet, so that what it allocates next lies there.
func useHugePages(size int) {
	heap := make([]byte, size) // it is not touched, and so takes no memory
	_ = syscall.Madvise(heap, syscall.MADV_HUGEPAGE)
	runtime.GC()
}

// giveWay lets other processes have this one's core first, where they wait for it: the server, which was just answered,
// would else go on only after whatever comes next here.
func giveWay() { _, _, _ = syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) }
