package flite

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// giveWay lowers the priority of the process: audio of calls goes before synthesis. New threads inherit it.
func giveWay() {
	threads, _ := os.ReadDir("/proc/self/task")
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			continue
		}
		_ = unix.Setpriority(unix.PRIO_PROCESS, id, 10) // a tenth of the normal weight; lowering needs no privilege
	}
}
