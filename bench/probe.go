package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	lateAfter = 5 * time.Millisecond // what media counts as late
	probeStep = time.Millisecond
)

// lateness is what a probe found: of so many instants, a millisecond apart, it woke at some of them too late.
type lateness struct{ Instants, Late int }

func (l lateness) share() float64 { return float64(l.Late) / float64(max(1, l.Instants)) }

// probe is the limit that the machine sets to the punctuality of any program: a thread of the real-time priority that media
// asks for, which does nothing but wake each millisecond. Where even it is late, because a hypervisor or the kernel kept the
// core, no program is in time. It runs until it is told to end, and prints its lateness; where the system refuses the
// priority it exits with refusedPriority, for without that it would measure the server's load.
func probe() error {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	runtime.GOMAXPROCS(4) // on one core it would be 1, and our thread might have to wait for another of ours
	runtime.LockOSThread()
	attributes := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1}
	if err := unix.SchedSetAttr(0, &attributes, 0); err != nil {
		fmt.Fprintln(os.Stderr, "bench: no priority for the probe:", err)
		os.Exit(refusedPriority)
	}
	var found lateness
	for due := time.Now(); ; due = due.Add(probeStep) {
		if wait := time.Until(due); wait > 0 {
			nap := unix.NsecToTimespec(wait.Nanoseconds())
			_ = unix.Nanosleep(&nap, nil) // woken early by a signal it is early by a step
		}
		found.Instants++
		if time.Since(due) > lateAfter {
			found.Late++
		}
		select {
		case <-told:
			return json.NewEncoder(os.Stdout).Encode(found)
		default:
		}
	}
}

const refusedPriority = 3

// startProbe has a probe watch a core until stop.
func startProbe(ctx context.Context, cores string) (stop func() (found lateness, permitted bool, err error), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var out, complaint bytes.Buffer
	cmd := pinned(ctx, cores, self, "probe", cores)
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start probe: %w", err)
	}
	return func() (found lateness, permitted bool, err error) {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		err = cmd.Wait()
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == refusedPriority {
			return lateness{}, false, nil
		}
		if err != nil {
			return lateness{}, false, fmt.Errorf("probe: %w %s", err, complaint.Bytes())
		}
		return found, true, json.Unmarshal(out.Bytes(), &found)
	}, nil
}
