package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/test/process"
)

// level is one campaign of so many calls at once.
type level struct {
	calls int
	pearl id.ID
}

// calls measures conversations over SIP and RTP with a sandbox carrier in a process of its own: the processor time of
// each, and how many packets left more than 5 ms late, beside how often a probe on the same core was late. Where there are
// two cores the server has one to itself.
func (b *bench) calls(ctx context.Context) (err error) {
	sizes, window := []int{20, 100, 300}, 20*time.Second
	if b.quick {
		sizes, window = []int{20, 100}, 5*time.Second
	}
	if err := stepAside(); err != nil {
		return err
	}
	ours, theirs := cores()
	carrier, err := start(ctx, theirs, filepath.Join(b.dir, "sandbox.log"), nil, b.nacre, "sandbox", "--listen", "127.0.0.1:0", "--log-level", "error",
		"--cache", filepath.Join(b.dir, "voices"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, carrier.stop()) }()
	f, err := openFolder(ctx, filepath.Join(b.dir, "calls"))
	if err != nil {
		return err
	}
	defer f.store.Close()
	key, levels, err := f.campaigns(ctx, carrier.address, sizes)
	if err != nil {
		return err
	}
	server, err := start(ctx, ours, filepath.Join(b.dir, "calls.log"), []string{"GOMAXPROCS=2"}, b.nacre, "serve", "--data", f.dir, "--listen", "127.0.0.1:0",
		"--sip-listen", "127.0.0.1:0", "--allow-networks", "127.0.0.0/8", "--log-level", "warn")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	if err := errors.Join(server.settle(ctx), carrier.settle(ctx)); err != nil {
		return err
	}
	for _, l := range levels {
		if err := b.level(ctx, f, server, client{process.Client{Base: server.address, Key: key}}, l, window); err != nil {
			written, _ := os.ReadFile(server.errs.Name())
			return fmt.Errorf("%d calls at once: %w\n%s", l.calls, err, written)
		}
	}
	return nil
}

// campaigns prepares one campaign for each level, over a trunk to the carrier, with leads who like to talk.
func (f *folder) campaigns(ctx context.Context, carrier string, sizes []int) (key string, levels []level, err error) {
	host, portText, err := net.SplitHostPort(carrier)
	if err != nil {
		return "", nil, err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return "", nil, err
	}
	if _, err := f.engine.UpdateAccount(ctx, f.actor, func(a *account.Account) error { a.TotalAgents = 1000; return nil }); err != nil {
		return "", nil, err
	}
	trunk, err := f.engine.CreateTrunk(ctx, f.actor, account.Trunk{
		Name: "bench", Active: true,
		Trunk: call.Trunk{Host: host, Port: port, Transport: "udp", Codecs: []string{"PCMU"}, MaxCalls: 1000, CallsPerSecond: 15},
	}, nil)
	if err != nil {
		return "", nil, err
	}
	number, err := f.engine.CreateNumber(ctx, f.actor, account.Number{Number: "+14155550100", Direction: account.Outbound, Trunk: trunk, Active: true}, nil)
	if err != nil {
		return "", nil, err
	}
	next := 0
	for _, size := range sizes {
		l := level{calls: size}
		if l.pearl, err = f.newPearl(ctx, fmt.Sprintf("%d calls", size), number, size); err != nil {
			return "", nil, err
		}
		leads := make([]engine.NewLead, size)
		for n := range leads {
			leads[n] = engine.NewLead{Phone: talker(next), CallData: callData(next, 0)}
			next++
		}
		if _, err := f.engine.AddLeads(ctx, f.actor, l.pearl, leads, nil); err != nil {
			return "", nil, err
		}
		levels = append(levels, l)
	}
	_, key, err = f.engine.CreateKey(ctx, f.actor, "bench", account.ScopeFull, time.Time{})
	return key, levels, err
}

// talker is the n-th number kept for fiction whose callee in the sandbox talks for more than a minute.
func talker(n int) string { return fmt.Sprintf("+1%03d55501%02d", 200+n/5, 85+n%5) }

const inAir = "nacre_calls_in_the_air"

func packets(what string) string { return fmt.Sprintf("nacre_rtp_packets_total{what=%q}", what) }

// level runs one campaign until all its calls talk, measures, and hangs up one after another.
func (b *bench) level(ctx context.Context, f *folder, server *program, c client, l level, window time.Duration) error {
	before, err := c.figures(ctx)
	if err != nil {
		return err
	}
	ours, _ := cores()
	probed, err := startProbe(ctx, ours)
	if err != nil {
		return err
	}
	defer probed() //nolint:errcheck // it is asked below, where nothing failed before
	active := "/v2/Pearl/" + string(l.pearl) + "/Active"
	if err := c.Do(ctx, "PUT", active, map[string]any{"isActive": true}, nil); err != nil {
		return err
	}
	up := func(want int) func() (bool, error) {
		return func() (bool, error) {
			live, err := f.store.UnfinishedCalls(ctx, "")
			talking := 0
			for _, current := range live {
				if !current.Answered.IsZero() && current.Ended.IsZero() {
					talking++
				}
			}
			return talking >= want, err
		}
	}
	if err := until(ctx, 60*time.Second, "wait for the calls to be up", up(l.calls)); err != nil {
		return err
	}
	if err := pause(ctx, time.Second); err != nil {
		return err
	}
	used, err := server.cpu()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := pause(ctx, window); err != nil {
		return err
	}
	now, err := server.cpu()
	if err != nil {
		return err
	}
	share := (now - used).Seconds() / time.Since(began).Seconds()
	if still, err := up(l.calls)(); err != nil || !still {
		return errors.Join(err, errors.New("calls ended while they were measured"))
	}
	live, err := f.store.UnfinishedCalls(ctx, "")
	if err != nil {
		return err
	}
	for _, current := range live { // paced: nobody ends hundreds of calls in one instant
		if err := c.Do(ctx, "POST", "/v2/Call/"+string(current.ID)+"/HangUp", nil, nil); err != nil {
			return err
		}
		if err := pause(ctx, 15*time.Millisecond); err != nil {
			return err
		}
	}
	var after map[string]float64
	err = until(ctx, 40*time.Second, "wait for the calls to end", func() (bool, error) {
		var err error
		after, err = c.figures(ctx)
		return after[inAir] == 0, err
	})
	if err != nil {
		return err
	}
	if err := c.Do(ctx, "PUT", active, map[string]any{"isActive": false}, nil); err != nil {
		return err
	}
	machine, permitted, err := probed()
	if err != nil {
		return err
	}
	moved := func(what string) float64 { return after[packets(what)] - before[packets(what)] }
	late := moved("late") / moved("sent")
	r := result{
		name:   fmt.Sprintf("%d calls at once", l.calls),
		figure: fmt.Sprintf("%.0f%% of a core, %.2f%% a call; late %.3f%%, lost %.3f%%", 100*share, 100*share/float64(l.calls), 100*late, 100*moved("lost")/moved("received")),
	}
	if permitted {
		r.raw = fmt.Sprintf("late %.3f%%", 100*machine.share())
	}
	if l.calls >= 300 {
		r.goal, r.missed = "one core, late < 0.1% besides raw", share > 0.98 || late-machine.share() >= 0.001
	}
	b.add(r)
	return nil
}
