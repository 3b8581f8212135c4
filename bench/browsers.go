package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"nacre/internal/id"
)

// The row of open pages: so many streams, while so many leads change in a second.
const (
	openBrowsers     = 200
	changesPerSecond = 100
)

// browsers measures updates, and stops from PUT 130 to CANCEL, while leads change at a steady rate: without anybody who watches, and
// with 200 streams of the account open, each of which must get every change.
func (b *bench) browsers(ctx context.Context) (err error) {
	samples, rounds := 40, 3
	if b.quick {
		samples, rounds = 20, 1
	}
	var changed []id.ID
	var pearl id.ID
	r, err := b.ringing(ctx, "browsers", samples*rounds*2, func(f *folder) (err error) {
		if pearl, err = f.newPearl(ctx, "changed", f.sandbox, 1); err != nil {
			return err
		}
		changed, err = f.addLeads(ctx, pearl, 10_000, 5000)
		return err
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.end()) }()
	w := &watching{r: r, pearl: pearl, leads: changed}
	var alone, watched phase
	for range rounds {
		if err := w.phase(ctx, samples, &alone); err != nil {
			return err
		}
		end, err := w.open(ctx)
		if err != nil {
			return err
		}
		err = w.phase(ctx, samples, &watched)
		if err == nil {
			err = until(ctx, 10*time.Second, "wait for every stream to have every change", w.caughtUp)
		}
		end()
		if err != nil {
			return err
		}
	}
	updates := float64(watched.updates().p99) / float64(alone.updates().p99)
	stops := float64(watched.stops().p99) / float64(alone.stops().p99)
	beside := fmt.Sprintf("%d changes/s, %d browsers", changesPerSecond, openBrowsers)
	b.add(result{
		name: "PUT lead at " + beside, figure: watched.updates().latencies() + ", " + watched.used(), raw: "none: " + alone.updates().latencies() + ", " + alone.used(),
		ratio: times(updates), goal: "≤ 2×", missed: updates > 2,
	})
	b.add(result{
		name: "PUT 130 to CANCEL at " + beside, figure: watched.stops().latencies(), raw: "none: " + alone.stops().latencies(),
		ratio: times(stops), goal: "≤ 2×", missed: stops > 2,
	})
	b.add(result{name: "… from the answer to the event", figure: measured(w.arrivals(), time.Second, 0).latencies()})
	return nil
}

func (m measure) latencies() string {
	return fmt.Sprintf("p50 %s, p99 %s", milliseconds(m.p50), milliseconds(m.p99))
}

// phase is what was measured in one manner, over all rounds.
type phase struct {
	put, stopped []time.Duration
	cpu, over    time.Duration
}

func (p *phase) updates() measure { return measured(p.put, time.Second, 0) }
func (p *phase) stops() measure   { return measured(p.stopped, time.Second, 0) }

// used is the part of a core that the server took.
func (p *phase) used() string {
	return fmt.Sprintf("%.0f %% of a core", 100*p.cpu.Seconds()/p.over.Seconds())
}

// watching changes leads, and has others watch.
type watching struct {
	r     *ringing
	pearl id.ID
	leads []id.ID
	turn  int

	expected atomic.Int64 // changes since the streams were opened
	got      [openBrowsers]atomic.Int64

	mu      sync.Mutex
	changed map[string]time.Time // when an update was answered, by lead
	late    []time.Duration
}

// phase changes leads at the rate while it stops those that ring.
func (w *watching) phase(ctx context.Context, samples int, into *phase) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	before, err := w.r.server.cpu()
	if err != nil {
		return err
	}
	began := time.Now()
	var put []time.Duration
	failed := make(chan error, 1)
	var changing sync.WaitGroup
	changing.Go(func() {
		ticks := time.NewTicker(time.Second / changesPerSecond)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				failed <- nil
				return
			case <-ticks.C:
			}
			took, err := w.change(ctx)
			if err != nil && ctx.Err() == nil {
				failed <- err
				return
			}
			if err == nil {
				put = append(put, took)
			}
		}
	})
	stopped, err := w.r.stop(ctx, samples)
	if err == nil {
		err = pause(ctx, max(0, 5*time.Second-time.Since(began)))
	}
	end()
	changing.Wait()
	if err := errors.Join(err, <-failed); err != nil {
		return err
	}
	after, err := w.r.server.cpu()
	into.put, into.stopped = append(into.put, put...), append(into.stopped, stopped...)
	into.cpu, into.over = into.cpu+after-before, into.over+time.Since(began)
	return err
}

// change changes the next lead.
func (w *watching) change(ctx context.Context) (took time.Duration, err error) {
	leadID, status := w.leads[w.turn%len(w.leads)], statuses[w.turn/len(w.leads)%len(statuses)]
	w.turn++
	began := time.Now()
	if err := w.r.Do(context.WithoutCancel(ctx), "PUT", "/v2/Outbound/"+string(w.pearl)+"/Lead/"+string(leadID), map[string]any{"status": status}, nil); err != nil {
		return 0, err
	}
	answered := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed != nil {
		w.changed[string(leadID)] = answered
		w.expected.Add(1)
	}
	return answered.Sub(began), nil
}

// open opens the streams; end closes them.
func (w *watching) open(ctx context.Context) (end func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	var reading sync.WaitGroup
	end = func() {
		cancel()
		reading.Wait()
		w.mu.Lock()
		w.changed = nil
		w.mu.Unlock()
	}
	w.mu.Lock()
	w.changed = map[string]time.Time{}
	w.mu.Unlock()
	w.expected.Store(0)
	for n := range openBrowsers {
		w.got[n].Store(0)
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.r.Base+"/v2/Events/Stream", nil)
		if err != nil {
			end()
			return nil, err
		}
		request.Header.Set("Authorization", "Bearer "+w.r.Key)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			end()
			return nil, fmt.Errorf("open a stream: %w", err)
		}
		if answer.StatusCode != http.StatusOK {
			answer.Body.Close()
			end()
			return nil, fmt.Errorf("open a stream: %s", answer.Status)
		}
		opened := make(chan struct{})
		reading.Go(func() {
			defer answer.Body.Close()
			w.read(n, answer, opened)
		})
		<-opened
	}
	return end, nil
}

// read counts the changes of leads of the campaign that is changed, and notes when the first stream gets them. opened is closed when the
// first event has come, or none will.
func (w *watching) read(n int, answer *http.Response, opened chan struct{}) {
	open := sync.OnceFunc(func() { close(opened) })
	defer open()
	lines := bufio.NewReaderSize(answer.Body, 1<<16)
	mark, lead := []byte(`"kind":"lead"`), []byte(`"leadId":"`)
	ours := []byte(`"pearlId":"` + string(w.pearl) + `"`)
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return
		}
		open()
		if !bytes.Contains(line, mark) || !bytes.Contains(line, ours) {
			continue
		}
		w.got[n].Add(1)
		if _, rest, found := bytes.Cut(line, lead); n == 0 && found {
			now := time.Now()
			w.mu.Lock()
			if answered, known := w.changed[string(rest[:24])]; known {
				w.late = append(w.late, max(0, now.Sub(answered)))
			}
			w.mu.Unlock()
		}
	}
}

// caughtUp reports whether every stream has every change.
func (w *watching) caughtUp() (bool, error) {
	want := w.expected.Load()
	for n := range w.got {
		if got := w.got[n].Load(); got > want {
			return false, fmt.Errorf("stream %d has %d changes of %d", n, got, want)
		} else if got < want {
			return false, nil
		}
	}
	return true, nil
}

func (w *watching) arrivals() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.late
}
