//go:build unix

package media

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"nacre/internal/call"
)

// talker fills every frame, as an agent does.
type talker struct{ level int16 }

func (t *talker) Exchange(_, say *call.Frame) bool {
	for i := range say {
		t.level += 731
		say[i] = t.level / 2
	}
	return true
}
func (*talker) Key(rune)  {}
func (*talker) Held(bool) {}

// BenchmarkCalls holds calls among ourselves on loopback for three seconds and prints what one leg costs: run it with
// -benchtime 1x. Both ends of a call are legs; the kernel's share is in it.
func BenchmarkCalls(b *testing.B) {
	for _, calls := range []int{50, 150, 300, 500} {
		b.Run(fmt.Sprintf("legs=%d", 2*calls), func(b *testing.B) {
			for b.Loop() {
				holdCalls(b, calls, 3*time.Second)
			}
		})
	}
}

func holdCalls(b *testing.B, calls int, duration time.Duration) {
	ports := NewPorts(loopback, 0, 0)
	open := func() *Session {
		s, err := NewSession(ports, Config{Advertise: loopback})
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	var legs []*Session
	for range calls {
		caller, callee := open(), open()
		answer, err := callee.Answer(caller.Offer())
		if err == nil {
			err = caller.Accept(answer)
		}
		if err != nil {
			b.Fatal(err)
		}
		legs = append(legs, caller, callee)
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var ended sync.WaitGroup
	stagger := time.NewTicker(500 * time.Millisecond / time.Duration(len(legs))) // calls do not begin in one instant
	for _, leg := range legs {
		<-stagger.C
		ended.Go(func() { leg.Serve(ctx, &talker{}) })
	}
	stagger.Stop()

	var memory, memoryAfter runtime.MemStats
	runtime.ReadMemStats(&memory)
	before, started := cpuTime(b), time.Now()
	sentBefore, lateBefore := sums(legs)
	<-time.After(duration)
	used, elapsed := cpuTime(b)-before, time.Since(started)
	sent, late := sums(legs)
	runtime.ReadMemStats(&memoryAfter)
	cancel()
	ended.Wait()
	var lost uint64
	for _, leg := range legs {
		lost += leg.Stats().Lost
		if err := leg.Close(); err != nil {
			b.Error(err)
		}
	}
	frames := float64(sent - sentBefore)
	if frames == 0 {
		b.Fatal("nothing was sent")
	}
	b.ReportMetric(100*used.Seconds()/elapsed.Seconds()/float64(len(legs)), "%core/leg")
	b.ReportMetric(100*used.Seconds()/elapsed.Seconds(), "%core")
	b.ReportMetric(100*float64(late-lateBefore)/frames, "%late")
	b.ReportMetric(float64(lost), "lost")
	b.ReportMetric(float64(memoryAfter.Mallocs-memory.Mallocs)/frames, "allocs/frame")
	b.ReportMetric(float64(memory.HeapInuse+memory.StackInuse)/1024/float64(len(legs)), "KB/leg")
	b.ReportMetric(0, "ns/op")
}

func sums(legs []*Session) (sent, late uint64) {
	for _, leg := range legs {
		stats := leg.Stats()
		sent += stats.Sent
		late += stats.Late
	}
	return sent, late
}

// cpuTime of this process, user and system.
func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
