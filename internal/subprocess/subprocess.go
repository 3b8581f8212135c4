// Package subprocess has this program work in a second process, where what it does cannot hold up the server: the scheduler and
// the garbage collector of a process wait for all of its threads, and the system gives a process of low priority little of a busy core.
package subprocess

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
)

// Serve is called by the initialiser of a package: in a process that Command started under the title it calls serve with the
// argument and exits with the code that serve answers; in any other it does nothing. So every program with the package in it,
// tests among them, can do the work. Serve has to answer when its standard input ends: the process it works for has ended then,
// however that ended. The signals that a terminal or a service manager sends to all processes of a service are ignored.
// Name is what top shows, of at most 15 bytes.
func Serve(title, name string, serve func(argument string) (code int)) {
	if len(os.Args) != 2 || os.Args[0] != title {
		return
	}
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	_ = os.WriteFile("/proc/self/comm", []byte(name), 0) // only Linux has it
	os.Exit(serve(os.Args[1]))
}

// Command prepares a process that serves under the title, which ps shows and under which no shell starts a program by chance.
func Command(title, argument string) (*exec.Cmd, error) {
	program := "/proc/self/exe" // still this program when its file was replaced
	if runtime.GOOS != "linux" {
		var err error
		if program, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("find this program: %w", err)
		}
	}
	cmd := exec.Command(program)
	cmd.Args = []string{title, argument}
	return cmd, nil
}
