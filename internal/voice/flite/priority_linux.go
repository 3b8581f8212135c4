package flite

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// giveWay lets all other processes go first: a sentence may come a little later, audio that is on its way may not. Threads
// that are to come inherit it.
func giveWay() {
	threads, _ := os.ReadDir("/proc/self/task")
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			continue
		}
		_ = unix.Setpriority(unix.PRIO_PROCESS, id, 10) // a tenth of the weight of others; a thread may always lower itself
	}
}
