package followup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/provider"
)

// queue is Jobs with a claim for each account's jobs, as the engine's.
type queue struct {
	mu      sync.Mutex
	waiting []engine.FollowUpJob
	settled map[id.ID]engine.AnalysisResult
	acts    []engine.ActResult
}

func (q *queue) NextFollowUps(_ context.Context, lease time.Duration, free int, running map[id.ID]int) ([]engine.FollowUpJob, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if lease <= askFor {
		return nil, errors.New("the lease ends before the try")
	}
	n := min(free, len(q.waiting))
	taken := q.waiting[:n]
	q.waiting = q.waiting[n:]
	return taken, nil
}

func (q *queue) NextFollowUpTime(context.Context) (time.Time, error) { return time.Time{}, nil }

func (q *queue) SettleAnalysis(_ context.Context, job engine.FollowUpJob, result engine.AnalysisResult) (call.AnalysisState, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settled[job.Call] = result
	if result.Failed != "" || result.Stopped {
		return call.AnalysisPending, nil
	}
	return call.AnalysisDone, nil
}

func (q *queue) SettleAct(_ context.Context, job engine.FollowUpJob, result engine.ActResult) (call.ActState, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.acts = append(q.acts, result)
	return call.ActDone, nil
}

func (q *queue) count() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.settled)
}

func jobs(names ...string) (all []engine.FollowUpJob) {
	for _, name := range names {
		job := engine.FollowUpJob{FollowUp: engine.FollowUp{Call: id.ID(name), Account: "a", Tries: 1}}
		job.Record.Transcript = []call.Line{{Role: call.Client, Content: name}}
		all = append(all, job)
	}
	return all
}

// TestTries: what is found is settled with its charges; failures, panics and models that hang are tries that failed, and hold up
// nobody beyond their time.
func TestTries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &queue{settled: map[id.ID]engine.AnalysisResult{}}
		var log strings.Builder
		tried := map[call.AnalysisState]int{}
		var mu sync.Mutex
		a := New(Config{
			Jobs: q, Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil)), Places: 2,
			Tried: func(state call.AnalysisState) { mu.Lock(); tried[state]++; mu.Unlock() },
			Ask: func(ctx context.Context, _ call.AnalysisTask, transcript []call.Line) (call.Findings, error) {
				call.MeterOf(ctx).Add(call.Charge{Kind: call.ChargeModel, Provider: "m", Cost: 1})
				switch text := transcript[0].Content; text {
				case "hangs":
					<-ctx.Done()
					return call.Findings{}, ctx.Err()
				case "limited":
					return call.Findings{}, fmt.Errorf("analyse: %w", &provider.Error{Provider: "m", Kind: provider.Limited, Status: 429, RetryAfter: 7 * time.Second})
				case "panics":
					panic("a fault of ours")
				default:
					return call.Findings{Summary: text}, nil
				}
			},
		})
		a.Start()
		synctest.Wait()
		q.mu.Lock()
		q.waiting = jobs("hangs", "good", "limited", "panics", "better")
		q.mu.Unlock()
		a.Committed(engine.Signals{})
		synctest.Wait()
		if q.count() != 0 {
			t.Error("it looked without having been told")
		}
		a.Committed(engine.Signals{FollowUps: true})
		synctest.Wait()
		if settled := q.count(); settled != 4 {
			t.Errorf("%d were settled beside the one that hangs", settled)
		}
		time.Sleep(askFor)
		synctest.Wait()
		want := map[id.ID]string{"good": "good  0s", "better": "better  0s", "limited": " analyse: m: limited (429) 7s", "panics": " internal error 0s", "hangs": " context deadline exceeded 0s"}
		for name, text := range want {
			r := q.settled[name]
			if got := fmt.Sprint(r.Findings.Summary, " ", r.Failed, " ", r.RetryAfter); got != text || len(r.Charges) != 1 || r.Stopped {
				t.Errorf("%s: %q, %+v", name, got, r.Charges)
			}
		}
		if tried[call.AnalysisDone] != 2 || tried[call.AnalysisPending] != 3 {
			t.Errorf("told: %v", tried)
		}
		if !strings.Contains(log.String(), "analyse call") || !strings.Contains(log.String(), "429") {
			t.Errorf("log: %s", log.String())
		}
		a.Stop()
	})
}

// TestStopEndsTries: what is under way at the end of the process costs no try.
func TestStopEndsTries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &queue{settled: map[id.ID]engine.AnalysisResult{}, waiting: jobs("one")}
		a := New(Config{Jobs: q, Now: time.Now, Log: slog.New(slog.DiscardHandler), Ask: func(ctx context.Context, _ call.AnalysisTask, _ []call.Line) (call.Findings, error) {
			<-ctx.Done()
			return call.Findings{}, ctx.Err()
		}})
		a.Start()
		synctest.Wait()
		a.Stop()
		if r := q.settled["one"]; !r.Stopped || r.Failed != "" {
			t.Errorf("%+v", r)
		}
	})
}

// TestActs: an action without a trigger is done, one with a trigger if it applies, and by whom it cannot be judged it is not.
func TestActs(t *testing.T) {
	t.Parallel()
	brought := []call.Value{{ID: "ticket", Value: "T-7"}}
	said := []call.Line{{Role: call.Client, Content: "yes"}}
	for _, c := range []struct {
		name       string
		trigger    string
		transcript []call.Line
		model      string // applies, not, fails, "" = none
		fails      bool
		want       engine.ActResult
		done       int
	}{
		{"always", "", nil, "", false, engine.ActResult{Values: brought}, 1},
		{"fails", "", nil, "", true, engine.ActResult{Failed: "the API answered 500"}, 1},
		{"no model", "They agree.", said, "", false, engine.ActResult{Unneeded: noJudge}, 0},
		{"no transcript", "They agree.", nil, "applies", false, engine.ActResult{Unneeded: noTranscript}, 0},
		{"applies", "They agree.", said, "applies", false, engine.ActResult{Judged: true, Values: brought}, 1},
		{"does not apply", "They agree.", said, "not", false, engine.ActResult{Unneeded: notApplied}, 0},
		{"model fails", "They agree.", said, "fails", false, engine.ActResult{Failed: "no model"}, 0},
		{"applies and fails", "They agree.", said, "applies", true, engine.ActResult{Judged: true, Failed: "the API answered 500"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				job := engine.FollowUpJob{FollowUp: engine.FollowUp{Call: "c1", Number: 1, Account: "a", Tries: 1, Act: call.ActTask{
					Trigger: c.trigger, Known: []byte(`{"order":12345678901234567890,"name":"Ada"}`), Action: call.Action{Kind: call.ActRequest, Name: "tell", Request: &call.Request{}},
				}}}
				job.Record.To, job.Record.Transcript = "+12125550123", c.transcript
				job.Record.Collected = []call.Value{{ID: "name", Value: "Eve"}, {ID: "none"}, {ID: "mood", Value: "good"}}
				job.Act.Brought = []byte(`{"mood":"better"}`)
				q := &queue{settled: map[id.ID]engine.AnalysisResult{}, waiting: []engine.FollowUpJob{job}}
				done := 0
				config := Config{Jobs: q, Now: time.Now, Log: slog.New(slog.DiscardHandler), Act: func(_ context.Context, action call.Action, to string, values map[string]any) (call.Done, error) {
					done++
					if got := fmt.Sprint(to, values["order"], values["name"], values["mood"], action.Request.Headers["Idempotency-Key"]); got != "+1212555012312345678901234567890Evebetterc1-1" {
						t.Error(got)
					}
					if c.fails {
						return call.Done{}, errors.New("the API answered 500")
					}
					return call.Done{Text: "done", Values: brought}, nil
				}}
				if c.model != "" {
					config.Applies = func(context.Context, call.ActTask, []call.Line) (bool, error) {
						if c.model == "fails" {
							return false, errors.New("no model")
						}
						return c.model == "applies", nil
					}
				}
				a := New(config)
				a.Start()
				synctest.Wait()
				a.Stop()
				if len(q.acts) != 1 || fmt.Sprint(q.acts[0]) != fmt.Sprint(c.want) || done != c.done {
					t.Errorf("%+v, done %d times", q.acts, done)
				}
			})
		})
	}
}
