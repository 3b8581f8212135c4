package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/store"
)

const callers = 64

// statuses are what one lead is set to, turn by turn: every update is a real change, out of the queue or back into it.
var statuses = [...]int{130, 10, 100, 1}

// stock is a folder with a hundred thousand leads, and a copy of it for the raw writer.
type stock struct {
	dir   string
	pearl campaign.Pearl
	ids   []id.ID
	raw   *rawUpdates
	used  turns // updates done so far: each lead's next status follows from it
}

func (s *stock) next() int { return int(s.used.n.Load()) }

// stocked makes the stock once.
func (b *bench) stocked(ctx context.Context) (s *stock, err error) {
	if b.stock != nil {
		return b.stock, nil
	}
	count := 100_000
	if b.quick {
		count = 20_000
	}
	s = &stock{dir: filepath.Join(b.dir, "stock")}
	f, err := openFolder(ctx, s.dir)
	if err != nil {
		return nil, err
	}
	defer f.store.Close()
	pearlID, err := f.newPearl(ctx, "stock", f.sandbox, 10)
	if err != nil {
		return nil, err
	}
	if s.ids, err = f.addLeads(ctx, pearlID, 0, count); err != nil {
		return nil, err
	}
	if s.pearl, err = f.store.ReadPearl(ctx, f.actor.Account, pearlID); err != nil {
		return nil, err
	}
	if err := f.store.Close(); err != nil { // copies the log into the file
		return nil, err
	}
	rawPath := filepath.Join(b.dir, "stock-raw.db")
	if err := copyFile(filepath.Join(s.dir, store.FileName), rawPath); err != nil {
		return nil, err
	}
	if s.raw, err = newRawUpdates(rawPath, s.pearl, s.ids, tuned); err != nil {
		return nil, err
	}
	b.stock = s
	return s, nil
}

func shuffled(count int) []int { return rand.New(rand.NewPCG(1, 2)).Perm(count) }

// updates measures Update Lead in process: lead, two history rows and a webhook delivery, on disk before it is answered.
func (b *bench) updates(ctx context.Context) error {
	length := 2500 * time.Millisecond
	if b.quick {
		length = time.Second
	}
	s, err := b.stocked(ctx)
	if err != nil {
		return err
	}
	f, err := openFolder(ctx, s.dir)
	if err != nil {
		return err
	}
	defer f.store.Close()
	order := shuffled(len(s.ids))
	update := func(turn int) error {
		n := order[turn%len(order)]
		status := statuses[turn/len(order)%len(statuses)]
		_, err := f.engine.UpdateLead(ctx, f.actor, s.pearl.ID, s.ids[n], engine.LeadUpdate{Status: &status, CallData: callData(n, turn+1)})
		return err
	}
	var figures, limits, singles []measure
	var ratios, each []float64
	for range 3 {
		limited, err := s.raw.run(length)
		if err != nil {
			return fmt.Errorf("raw updates: %w", err)
		}
		figure, err := hammer(callers, length, &s.used, update)
		if err != nil {
			return fmt.Errorf("update leads: %w", err)
		}
		single, err := hammer(1, length/2, &s.used, update)
		if err != nil {
			return fmt.Errorf("update leads: %w", err)
		}
		figures, limits, singles = append(figures, figure), append(limits, limited), append(singles, single)
		ratios, each = append(ratios, figure.rate/limited.rate), append(each, figure.rate/single.rate)
	}
	figure, limited, single := middle(figures), middle(limits), middle(singles)
	ratio, grouped := median(ratios), median(each)
	b.add(result{
		name: fmt.Sprintf("Update Lead, durable, %d callers", callers), figure: figure.String(), raw: limited.String(),
		ratio: share(ratio), goal: "≥ 0.70, p99 < 2×", missed: ratio < 0.7 || figure.p99 >= 2*limited.p99,
	})
	b.add(result{
		name: "… processor time of one", figure: microseconds(figure.cpu), raw: microseconds(limited.cpu), ratio: times(float64(figure.cpu) / float64(limited.cpu)),
	})
	b.add(result{
		name: "… against one commit a request", figure: perSecond(figure.rate), raw: single.String(), ratio: times(grouped), goal: "≥ 2.5×", missed: grouped < 2.5,
	})
	return nil
}

// turns hands out the next turn to whoever asks.
type turns struct{ n atomic.Int64 }

func (t *turns) next() int { return int(t.n.Add(1) - 1) }

// measure is a rate, how long each took, and the processor time of this process for each.
type measure struct {
	rate     float64
	p50, p99 time.Duration
	cpu      time.Duration
}

func (m measure) String() string {
	return fmt.Sprintf("%s, p50 %s, p99 %s", perSecond(m.rate), milliseconds(m.p50), milliseconds(m.p99))
}

func measured(taken []time.Duration, over, cpu time.Duration) measure {
	slices.Sort(taken)
	return measure{
		rate: float64(len(taken)) / over.Seconds(), p50: taken[len(taken)/2], p99: taken[len(taken)*99/100], cpu: cpu / time.Duration(len(taken)),
	}
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// middle is the measure with the median rate.
func middle(measures []measure) measure {
	sorted := slices.SortedFunc(slices.Values(measures), func(a, b measure) int { return int(a.rate - b.rate) })
	return sorted[len(sorted)/2]
}

// hammer runs act from many callers, each the next as soon as the last is done.
func hammer(callers int, length time.Duration, t *turns, act func(turn int) error) (measure, error) {
	taken := make([][]time.Duration, callers)
	errs := make([]error, callers)
	began, used := time.Now(), processorTime()
	var running sync.WaitGroup
	for caller := range callers {
		running.Go(func() {
			for time.Since(began) < length {
				started := time.Now()
				if err := act(t.next()); err != nil {
					errs[caller] = err
					return
				}
				taken[caller] = append(taken[caller], time.Since(started))
			}
		})
	}
	running.Wait()
	over := time.Since(began)
	used = processorTime() - used
	for _, err := range errs {
		if err != nil {
			return measure{}, err
		}
	}
	return measured(slices.Concat(taken...), over, used), nil
}
