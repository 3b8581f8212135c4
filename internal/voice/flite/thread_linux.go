package flite

import "syscall"

// giveWay lowers the priority of the calling thread: nice 10, a tenth of the weight of others.
func giveWay() {
	// A thread may always lower itself; where it cannot, it speaks all the same.
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), 10)
}
