package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"nacre/test/process"
)

// program is a child that says on its first line where it listens.
type program struct {
	cmd     *exec.Cmd
	address string
	errs    *os.File // what it wrote to stderr
}

// start runs a program on some cores ("" = all) and waits for its first line, which ends with its address.
func start(ctx context.Context, cores, log string, environment []string, name string, args ...string) (*program, error) {
	p := &program{cmd: pinned(ctx, cores, name, args...)}
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 20 * time.Second
	p.cmd.Env = append(os.Environ(), environment...)
	var err error
	if p.errs, err = os.Create(log); err != nil {
		return nil, err
	}
	p.cmd.Stderr = p.errs
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	if err != nil {
		written, _ := os.ReadFile(log)
		return nil, errors.Join(fmt.Errorf("%s did not start: %w\n%s", name, err, written), p.stop())
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	words := strings.Fields(line)
	p.address = words[len(words)-1]
	return p, nil
}

// pinned is a command that stays on some cores ("" = all).
func pinned(ctx context.Context, cores, name string, args ...string) *exec.Cmd {
	if cores != "" {
		args = append([]string{"-c", cores, name}, args...)
		name = "taskset"
	}
	return exec.CommandContext(ctx, name, args...)
}

// cores are one for the server and one for what it is measured with, where there are two.
func cores() (ours, theirs string) {
	if runtime.NumCPU() > 1 {
		return "1", "0"
	}
	return "", ""
}

// stepAside keeps this process off the server's core: what it asks meanwhile would make packets late that are not its own.
func stepAside() error {
	_, theirs := cores()
	if theirs == "" {
		return nil
	}
	out, err := exec.Command("taskset", "-a", "-p", "-c", theirs, strconv.Itoa(os.Getpid())).CombinedOutput() // threads to come inherit it
	if err != nil {
		return fmt.Errorf("leave the server's core: %w\n%s", err, out)
	}
	return nil
}

// stop ends the process as an operator would, and waits for it.
func (p *program) stop() error {
	if p.cmd.ProcessState != nil {
		return nil
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	err := p.cmd.Wait()
	p.errs.Close()
	return err
}

// ticksPerSecond of /proc: 100 on every Linux that Go runs on.
const ticksPerSecond = 100

// pids are the process and those it started: the embedded voice speaks in one of its own.
func (p *program) pids() ([]string, error) {
	pid := strconv.Itoa(p.cmd.Process.Pid)
	threads, err := filepath.Glob("/proc/" + pid + "/task/*/children")
	if err != nil || len(threads) == 0 {
		return nil, fmt.Errorf("find the processes of %s: %w", pid, errors.Join(err, errors.New("no thread of it tells its children")))
	}
	pids := []string{pid}
	for _, thread := range threads {
		raw, err := os.ReadFile(thread)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // the thread has ended
			return nil, fmt.Errorf("find the processes of %s: %w", pid, err)
		}
		pids = append(pids, strings.Fields(string(raw))...)
	}
	return pids, nil
}

// cpu is the processor time that the process and its children have used so far.
func (p *program) cpu() (time.Duration, error) {
	pids, err := p.pids()
	if err != nil {
		return 0, err
	}
	var ticks int64
	for _, pid := range pids {
		raw, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			return 0, fmt.Errorf("read processor time: %w", err)
		}
		_, rest, _ := bytes.Cut(raw, []byte(") ")) // the name may hold spaces
		fields := strings.Fields(string(rest))
		for _, n := range []int{11, 12} { // utime, stime: proc(5)
			value, err := strconv.ParseInt(fields[n], 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read processor time: %w", err)
			}
			ticks += value
		}
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond, nil
}

// settle waits until the process is idle: it makes its voices ready while it serves already.
func (p *program) settle(ctx context.Context) error {
	last, err := p.cpu()
	if err != nil {
		return err
	}
	calm := 0
	return until(ctx, time.Minute, "wait for the process to be idle", func() (bool, error) {
		now, err := p.cpu()
		if now-last > 10*time.Millisecond {
			calm = 0
		} else {
			calm++
		}
		last = now
		return calm >= 5, err
	})
}

// memory is what the process and its children hold resident, in bytes; what they share counts once (PSS).
func (p *program) memory() (int64, error) {
	pids, err := p.pids()
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, pid := range pids {
		raw, err := os.ReadFile("/proc/" + pid + "/smaps_rollup")
		if err != nil {
			return 0, fmt.Errorf("read memory: %w", err)
		}
		_, rest, found := strings.Cut(string(raw), "\nPss:")
		if !found {
			return 0, errors.New("read memory: no Pss")
		}
		kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read memory: %w", err)
		}
		sum += kib << 10
	}
	return sum, nil
}

// client is a client of one server: of its API, and of its metrics.
type client struct{ process.Client }

// figures are the samples of /metrics by name and labels as written there.
func (c client) figures(ctx context.Context) (map[string]float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Base+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	found := map[string]float64{}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), " "); ok && !strings.HasPrefix(name, "#") {
			if n, err := strconv.ParseFloat(value, 64); err == nil {
				found[name] = n
			}
		}
	}
	return found, lines.Err()
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, length time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(length):
		return nil
	}
}

// until asks again and again, until the answer is yes.
func until(ctx context.Context, limit time.Duration, what string, ask func() (bool, error)) error {
	deadline := time.Now().Add(limit)
	for {
		yes, err := ask()
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if yes {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: not within %s", what, limit)
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}
