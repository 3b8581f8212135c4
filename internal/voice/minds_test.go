package voice

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/turn"
)

// mind is a brain whose replies are functions, one a turn.
type mind struct {
	replies []func(ctx context.Context, in turn.Input, t turn.Turn) (turn.Reply, error)

	mu       sync.Mutex
	asked    []turn.Input
	thinking int
	both     bool // it was asked while it was thinking
	ended    []error
}

func (m *mind) Answer(ctx context.Context, in turn.Input, t turn.Turn) (turn.Reply, error) {
	m.mu.Lock()
	n := len(m.asked)
	m.asked = append(m.asked, in)
	m.both = m.both || m.thinking > 0
	m.thinking++
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		m.thinking--
		m.ended = append(m.ended, ctx.Err())
		m.mu.Unlock()
	}()
	if n >= len(m.replies) {
		return turn.Reply{Parts: []string{"Goodbye."}, End: true}, nil
	}
	return m.replies[n](ctx, in, t)
}

func after(d time.Duration, parts ...string) func(context.Context, turn.Input, turn.Turn) (turn.Reply, error) {
	return func(ctx context.Context, _ turn.Input, t turn.Turn) (turn.Reply, error) {
		for _, part := range parts {
			select {
			case <-time.After(d):
			case <-ctx.Done():
				return turn.Reply{}, ctx.Err()
			}
			if err := t.Say(part); err != nil {
				return turn.Reply{}, err
			}
		}
		return turn.Reply{}, nil
	}
}

func thinking(brains ...turn.Brain) *Agent {
	return New(Config{Speaker: &tones{}, Brains: func(call.Script) []turn.Brain { return brains }})
}

func lines(talk call.Talk, role call.Role) (all []string) {
	for _, l := range talk.Transcript {
		if l.Role == role {
			all = append(all, l.Content)
		}
	}
	return all
}

// A brain's parts are spoken as they come, its tools have effect before it goes on, and it hears what was said.
func TestBrainTalks(t *testing.T) {
	t.Parallel()
	var results []string
	m := &mind{replies: []func(context.Context, turn.Input, turn.Turn) (turn.Reply, error){
		after(300*time.Millisecond, "First.", "Second."),
		func(_ context.Context, _ turn.Input, t turn.Turn) (turn.Reply, error) {
			for _, tool := range []turn.Tool{
				{Kind: turn.ToolCollect, Value: call.Value{ID: "offer", Value: true}}, {Kind: turn.ToolCollect, Value: call.Value{ID: "offer", Value: "x"}},
				{Kind: turn.ToolOptOut},
			} {
				result, failed, err := t.Use(tool)
				if err != nil {
					return turn.Reply{}, err
				}
				results = append(results, result+map[bool]string{true: " (failed)"}[failed])
			}
			return turn.Reply{Parts: []string{"Never again. Goodbye."}, End: true}, nil
		},
	}}
	d := &desk{}
	talk, ending := hold(t, thinking(m), offer(), newLine("say 0.5; hear; say 1; hear; say 1"), d)
	said := strings.Join(lines(talk, call.Pearl), " | ")
	if want := offer().Opening + " | First. Second. | Never again. Goodbye."; said != want || ending != call.PartyHungUp {
		t.Errorf("%s, said %q", ending, said)
	}
	if want := []string{"noted", "the value is not of the type boolean (failed)", "they will not be called again"}; !slices.Equal(results, want) {
		t.Errorf("results %q", results)
	}
	if d.calls.Load() != 1 || !talk.OptOut || len(talk.Collected) != 1 || talk.Collected[0].Value != true {
		t.Errorf("%d opt-outs, %+v", d.calls.Load(), talk)
	}
	if len(m.asked) != 2 || len(m.asked[1].Transcript) != 5 || m.asked[1].Transcript[3].Content != "First. Second." {
		t.Errorf("asked %+v", m.asked)
	}
}

// What a brain does wrong costs its reply: the next one goes on, and after the last the rules do.
func TestBrainsFail(t *testing.T) {
	t.Parallel()
	one := func(reply func(context.Context, turn.Input, turn.Turn) (turn.Reply, error)) *mind {
		return &mind{replies: []func(context.Context, turn.Input, turn.Turn) (turn.Reply, error){reply}}
	}
	fails := func(context.Context, turn.Input, turn.Turn) (turn.Reply, error) {
		return turn.Reply{}, errors.New("429")
	}
	panics := func(context.Context, turn.Input, turn.Turn) (turn.Reply, error) { panic("no such token") }
	hangs := func(ctx context.Context, _ turn.Input, _ turn.Turn) (turn.Reply, error) {
		<-ctx.Done()
		return turn.Reply{}, ctx.Err()
	}
	deaf := func(context.Context, turn.Input, turn.Turn) (turn.Reply, error) { // it does not even see that it was cancelled
		time.Sleep(15 * time.Second)
		return turn.Reply{Parts: []string{"Too late."}}, nil
	}
	for _, c := range []struct {
		name   string
		brains []turn.Brain
		party  string
		says   string
	}{
		{"the next replies", []turn.Brain{one(fails), one(panics), one(after(time.Second, "Here I am."))}, "say 0.5; hear; say 1; hear; wait 1; hang up", "Here I am."},
		{"the rules reply", []turn.Brain{one(fails), one(hangs), one(deaf)}, "say 0.5; hear; say 1; hear; hear; keys 1", "Would you like an offer?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			talk, _ := hold(t, thinking(c.brains...), offer(), newLine(c.party), &desk{})
			said := strings.Join(lines(talk, call.Pearl), " | ")
			if !strings.Contains(said, c.says) || strings.Contains(said, "Too late") || talk.Broke != "" {
				t.Errorf("said %q, broke %q", said, talk.Broke)
			}
			if strings.Contains(c.party, "keys") && !talk.Success {
				t.Errorf("the rules did not take the answer: %+v", talk)
			}
		})
	}
}

// An interrupted reply is cancelled, and the brain is asked about the words that interrupted it once it has stopped.
func TestBrainInterrupted(t *testing.T) {
	t.Parallel()
	m := &mind{replies: []func(context.Context, turn.Input, turn.Turn) (turn.Reply, error){
		after(400*time.Millisecond, "One of many things.", "Two of many things.", "Three of many things.", "Four of many things.", "Five of many things.", "Six of many things."),
		after(300*time.Millisecond, "I see."),
	}}
	talk, _ := hold(t, thinking(m), offer(), newLine("say 0.5; hear; say 1; start; wait 1; say 1.5; wait 4; hang up"), &desk{})
	if len(m.asked) != 2 || m.both {
		t.Fatalf("asked %d times, at once %v", len(m.asked), m.both)
	}
	said := strings.Join(lines(talk, call.Pearl), " | ")
	if !strings.HasSuffix(said, "I see.") || strings.Contains(said, "Two of") {
		t.Errorf("said %q", said)
	}
	if !errors.Is(m.ended[0], context.Canceled) {
		t.Error("the reply was not cancelled")
	}
	last := m.asked[1].Transcript
	if heard := last[len(last)-2].Content; !strings.HasPrefix("One of many things.", heard) {
		t.Errorf("the brain is told that %q was heard", heard)
	}
}

// A call that ends while a brain thinks leaves no goroutine behind: the bubble would not end.
func TestHangUpWhileThinking(t *testing.T) {
	t.Parallel()
	m := &mind{replies: []func(context.Context, turn.Input, turn.Turn) (turn.Reply, error){
		func(ctx context.Context, _ turn.Input, t turn.Turn) (turn.Reply, error) {
			<-ctx.Done()
			_, _, err := t.Use(turn.Tool{Kind: turn.ToolTag, Text: "late"})
			return turn.Reply{}, err
		},
	}}
	talk, ending := hold(t, thinking(m), offer(), newLine("say 0.5; hear; say 1; wait 2; hang up"), &desk{})
	if ending != call.PeerHungUp || len(talk.Tags) > 0 || len(m.ended) != 1 {
		t.Errorf("%s, %+v", ending, talk)
	}
}
