// Package subprocess runs part of this program in a second process, where it cannot delay the server: scheduler and garbage
// collector of a Go process wait for all of its threads, and a process can have a lower priority.
package subprocess

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
)

// Serve is called by the init function of a package. In a process that Command started under the title it calls serve with
// the argument and exits with the code that serve returns; otherwise it does nothing. So every program that imports the
// package, tests included, can start the process. serve must return when its standard input ends: its parent has ended then.
// Signals that a terminal or service manager sends to all processes of a service are ignored. name is shown by top, at most
// 15 bytes.
func Serve(title, name string, serve func(argument string) (code int)) {
	if len(os.Args) != 2 || os.Args[0] != title {
		return
	}
	Outlive()
	_ = os.WriteFile("/proc/self/comm", []byte(name), 0) // only Linux has it
	os.Exit(serve(os.Args[1]))
}

// Outlive ignores the signals that a terminal or service manager sends to all processes of a service: the server's calls
// still need their helpers when it stops, and they end when their standard input does.
func Outlive() { signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP) }

// Command returns the command that starts this program as a process that serves under the title. The title is its
// argument 0, shown by ps; it must not be a name that a shell could start this program under.
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
