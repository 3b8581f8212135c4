package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// calls holds 20, 100 and 300 calls at once: the server on one core, the simulated people (a process of their own) on the
// other. Long talks keep them up together. Figures are taken over a steady window while all of them talk.
func (b *bench) calls(ctx context.Context) error {
	steps := []int{20, 100, 300}
	if b.quick {
		steps = []int{20}
	}
	for _, n := range steps {
		if err := b.callsAtOnce(ctx, n); err != nil {
			return fmt.Errorf("%d calls: %w", n, err)
		}
	}
	return nil
}

const callsWindow = 20 * time.Second

func (b *bench) callsAtOnce(ctx context.Context, n int) error {
	folder, err := os.MkdirTemp(b.dir, "calls-")
	if err != nil {
		return err
	}
	data := filepath.Join(folder, "data")
	carrier, address, err := b.process(ctx, "1", "sandbox on ", "sandbox", "--listen", "127.0.0.1:0", "--log-level", "error")
	if err != nil {
		return err
	}
	defer end(carrier)
	server, base, err := b.process(ctx, "0", "listening on ", "serve", "--data", data, "--listen", "127.0.0.1:0", "--sip-listen", "127.0.0.1:0", "--log-level", "error", "--grace", "0s")
	if err != nil {
		return err
	}
	defer end(server)
	key, err := exec.CommandContext(ctx, b.nacre, "key", "create", "--data", data, "--name", "bench").Output()
	if err != nil {
		return fmt.Errorf("create key: %w", err)
	}
	c := apiClient{base: base, key: strings.TrimSpace(string(key))}
	pearl, err := c.campaign(ctx, address, n)
	if err != nil {
		return err
	}
	if err := c.until(ctx, pearl, n); err != nil {
		return err
	}
	before, err := cpuTime(server.Process.Pid)
	if err != nil {
		return err
	}
	began := time.Now()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(callsWindow):
	}
	window := time.Since(began)
	after, err := cpuTime(server.Process.Pid)
	if err != nil {
		return err
	}
	// Late packets are counted when calls end: a pause that hangs up ends them all.
	var paused int
	if err := c.do(ctx, "PUT", "/v2/Pearl/"+pearl+"/Active?hangUp=true", map[string]any{"isActive": false}, &paused); err != nil {
		return err
	}
	if err := c.until(ctx, pearl, 0); err != nil {
		return err
	}
	sent, late, err := c.packets(ctx)
	if err != nil {
		return err
	}
	core := (after - before).Seconds() / window.Seconds()
	share := float64(late) / float64(max(sent, 1))
	b.add(result{
		name: fmt.Sprintf("%d calls at once, CPU", n), figure: fmt.Sprintf("%.0f%% of a core, %.2f%% a call", core*100, core*100/float64(n)),
		raw: "one core", ratio: fmt.Sprintf("%.2f", core), goal: "below 1", missed: core >= 1,
	})
	b.add(result{
		name: fmt.Sprintf("%d calls at once, packets over 5 ms late", n), figure: fmt.Sprintf("%d of %d", late, sent), raw: "every 20 ms", ratio: fmt.Sprintf("%.3f%%", share*100),
		goal: "below 0.1%", missed: share >= 0.001,
	})
	return nil
}

// process starts the binary on one core and waits for the line that says where it listens.
func (b *bench) process(ctx context.Context, core, ready string, args ...string) (*exec.Cmd, string, error) {
	command := exec.CommandContext(ctx, "taskset", append([]string{"-c", core, b.nacre}, args...)...)
	command.Env = append(os.Environ(), "GOMAXPROCS=2") // one core is one core, but a garbage collection must not stop the writer
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := command.Start(); err != nil {
		return nil, "", fmt.Errorf("start %s: %w", args[0], err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	address, found := strings.CutPrefix(strings.TrimSpace(line), ready)
	if err != nil || !found {
		end(command)
		return nil, "", fmt.Errorf("%s said %q: %w", args[0], line, err)
	}
	return command, address, nil
}

func end(command *exec.Cmd) {
	_ = command.Process.Signal(syscall.SIGTERM)
	_ = command.Wait()
}

// cpuTime is what a process has used, user and system (proc(5), fields 14 and 15, in hundredths of a second).
func cpuTime(pid int) (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	if err != nil {
		return 0, err
	}
	return time.Duration(user+system) * 10 * time.Millisecond, nil
}

// apiClient uses a server like any client.
type apiClient struct{ base, key string }

func (c apiClient) do(ctx context.Context, method, path string, body, into any) error {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, reader)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s %s", method, path, answer.Status, raw)
	}
	if text, ok := into.(*string); ok {
		*text = string(raw)
		return nil
	}
	return json.Unmarshal(raw, into)
}

// campaign makes trunk, number, campaign and n leads whose people talk for long, and runs it.
func (c apiClient) campaign(ctx context.Context, carrier string, n int) (pearl string, err error) {
	host, port, _ := strings.Cut(carrier, ":")
	number, err := strconv.Atoi(port)
	if err != nil {
		return "", err
	}
	var trunk, phone struct{ ID string }
	if err := c.do(ctx, "POST", "/v2/Account/Trunks", map[string]any{"name": "sandbox", "host": host, "port": number, "callsPerSecond": 30, "maxCalls": 1000}, &trunk); err != nil {
		return "", err
	}
	if err := c.do(ctx, "POST", "/v2/Account/PhoneNumbers", map[string]any{"number": "+12025550101", "direction": 3, "trunkId": trunk.ID}, &phone); err != nil {
		return "", err
	}
	var hours, leads []any
	for day := range 7 {
		hours = append(hours, map[string]any{"day": day, "start": "00:00", "end": "24:00"})
	}
	for k := range n {
		leads = append(leads, map[string]any{"phoneNumber": fmt.Sprintf("+1%d55501%d", 201+k/5, 85+k%5)})
	}
	err = c.do(ctx, "POST", "/v2/Pearl", map[string]any{
		"name": "bench", "pearl": map[string]any{"companyDescription": "x", "timeZone": "UTC", "openingSentence": "Hello, this is a call.", "successDescription": "agrees"},
		"variables": []any{map[string]any{"id": "agrees", "name": "agreement", "group": 2, "type": "boolean", "description": "Do you agree?"}},
		"outbound":  map[string]any{"phoneNumberId": phone.ID, "totalAgents": n, "ringDuration": 50, "callingHours": hours},
	}, &pearl)
	if err != nil {
		return "", err
	}
	var added, active json.RawMessage
	if err := c.do(ctx, "POST", "/v2/Outbound/"+pearl+"/Leads/Add", map[string]any{"leads": leads}, &added); err != nil {
		return "", err
	}
	return pearl, c.do(ctx, "PUT", "/v2/Pearl/"+pearl+"/Active", map[string]any{"isActive": true}, &active)
}

// until waits until so many calls are in the air and, above zero, five seconds more: the last ones have been answered then.
func (c apiClient) until(ctx context.Context, pearl string, n int) error {
	account := struct{ TotalOngoingCalls int }{-1}
	for deadline := time.Now().Add(90 * time.Second); account.TotalOngoingCalls != n; {
		if time.Now().After(deadline) {
			return fmt.Errorf("%d calls in the air, waited for %d", account.TotalOngoingCalls, n)
		}
		if err := c.do(ctx, "GET", "/v2/Pearl/"+pearl+"/OngoingCalls", nil, &account); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	if n > 0 {
		time.Sleep(5 * time.Second)
	}
	return nil
}

var packetLine = regexp.MustCompile(`(?m)^nacre_rtp_packets_total\{what="(\w+)"\} (\S+)$`)

// packets are those of ended calls: sent, and sent more than 5 ms after they were due.
func (c apiClient) packets(ctx context.Context) (sent, late int, err error) {
	var text string
	for deadline := time.Now().Add(30 * time.Second); ; {
		if err := c.do(ctx, "GET", "/metrics", nil, &text); err != nil {
			return 0, 0, err
		}
		// The figures of a call are added after it has left the air.
		if strings.Contains(text, "nacre_calls_in_the_air 0\n") || time.Now().After(deadline) {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	for _, match := range packetLine.FindAllStringSubmatch(text, -1) {
		value, err := strconv.ParseFloat(match[2], 64)
		if err != nil {
			return 0, 0, err
		}
		switch match[1] {
		case "sent":
			sent = int(value)
		case "late":
			late = int(value)
		}
	}
	return sent, late, nil
}
