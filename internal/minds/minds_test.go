package minds

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nacre/internal/turn"
)

// thinks is a brain that answers by a function.
type thinks func(ctx context.Context, in turn.Input, t turn.Turn) (turn.Reply, error)

func (f thinks) Answer(ctx context.Context, in turn.Input, t turn.Turn) (turn.Reply, error) {
	return f(ctx, in, t)
}

func open(t *testing.T, brains ...turn.Brain) *Minds {
	return New(t.Context(), brains, nil, slog.New(slog.DiscardHandler))
}

// all returns what is to be polled once nothing moves any more.
func all(m *Minds) (events []turn.Event) {
	synctest.Wait()
	for {
		event, ok := m.Poll()
		if !ok {
			return events
		}
		events = append(events, event)
		synctest.Wait()
	}
}

func kinds(events []turn.Event) (kinds []turn.Kind) {
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// What a brain says comes part by part and in order, with the ask that it answers; then its reply.
func TestPartsComeInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := open(t, thinks(func(_ context.Context, in turn.Input, say turn.Turn) (turn.Reply, error) {
			return turn.Reply{End: true}, errors.Join(say.Say("You said "+in.Words), say.Say("Goodbye."))
		}))
		m.Ask(turn.Action{Ask: 7, Input: turn.Input{Words: "yes"}})
		events := all(m)
		if !slices.Equal(kinds(events), []turn.Kind{turn.ReplyPart, turn.ReplyPart, turn.ReplyEnd}) {
			t.Fatalf("%+v", events)
		}
		if events[0].Text != "You said yes" || events[1].Text != "Goodbye." || !events[2].Reply.End {
			t.Errorf("%+v", events)
		}
		for _, e := range events {
			if e.Ask != 7 {
				t.Errorf("%+v is of ask %d", e, e.Ask)
			}
		}
	})
}

// The brain that is named is asked; one that fails, or panics, says so and the next ask is served.
func TestFailuresAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		m := open(t,
			thinks(func(context.Context, turn.Input, turn.Turn) (turn.Reply, error) {
				return turn.Reply{}, errors.New("no model")
			}),
			thinks(func(context.Context, turn.Input, turn.Turn) (turn.Reply, error) {
				if calls++; calls == 1 {
					panic("out of its mind")
				}
				return turn.Reply{Parts: []string{"Hello."}}, nil
			}))
		for ask, want := range []struct {
			brain int
			kind  turn.Kind
			says  string
		}{{0, turn.AskFailed, "no model"}, {1, turn.AskFailed, "out of its mind"}, {1, turn.ReplyEnd, ""}} {
			m.Ask(turn.Action{Ask: ask, Brain: want.brain})
			events := all(m)
			if len(events) != 1 || events[0].Kind != want.kind || events[0].Ask != ask || !strings.Contains(events[0].Text, want.says) {
				t.Errorf("ask %d: %+v", ask, events)
			}
		}
	})
}

// A reply that is not wanted any more ends, and nothing of it comes; its Say and Use tell the brain so.
func TestCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said, used, ended error
		m := open(t, thinks(func(ctx context.Context, _ turn.Input, say turn.Turn) (turn.Reply, error) {
			<-ctx.Done()
			ended = ctx.Err()
			said = say.Say("Too late.")
			_, _, used = say.Use(turn.Tool{Kind: turn.ToolTag, Text: "late"})
			return turn.Reply{Parts: []string{"Too late."}}, nil
		}))
		m.Ask(turn.Action{Ask: 1})
		synctest.Wait()
		m.Cancel()
		if events := all(m); len(events) != 0 {
			t.Errorf("%+v", events)
		}
		if ended == nil || said == nil || used == nil {
			t.Errorf("ended %v, said %v, used %v", ended, said, used)
		}
	})
}

// A use of a tool waits for its result, and gets no other's.
func TestToolsAreAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		got := map[string]string{}
		use := func(say turn.Turn, tag string) {
			text, failed, err := say.Use(turn.Tool{Kind: turn.ToolTag, Text: tag})
			mu.Lock()
			defer mu.Unlock()
			if got[tag] = text; failed {
				got[tag] += ", failed"
			}
			if err != nil {
				got[tag] = err.Error()
			}
		}
		m := open(t, thinks(func(_ context.Context, _ turn.Input, say turn.Turn) (turn.Reply, error) {
			var both sync.WaitGroup
			for _, tag := range []string{"a", "b"} {
				both.Go(func() { use(say, tag) })
			}
			both.Wait()
			use(say, "c")
			return turn.Reply{}, nil
		}))
		m.Ask(turn.Action{Ask: 3})
		events := all(m)
		if !slices.Equal(kinds(events), []turn.Kind{turn.ToolUsed, turn.ToolUsed}) || events[0].Use == events[1].Use {
			t.Fatalf("%+v", events)
		}
		for _, e := range slices.Backward(events) { // in another order than they came
			m.Answer(turn.Action{Use: e.Use, Text: "did " + e.Tool.Text, Failed: e.Tool.Text == "b"})
			m.Answer(turn.Action{Use: e.Use, Text: "twice"})
		}
		if events = all(m); len(events) != 1 || events[0].Tool.Text != "c" {
			t.Fatalf("%+v", events)
		}
		m.Cancel() // nobody answers c any more
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if got["a"] != "did a" || got["b"] != "did b, failed" || got["c"] != errUnwanted.Error() {
			t.Errorf("%v", got)
		}
	})
}

// A brain thinks of one turn at a time: the next ask waits until a cancelled one has ended, and another brain does not.
func TestOneTurnAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var thought []string
		busy, most := 0, 0
		slow := thinks(func(ctx context.Context, in turn.Input, _ turn.Turn) (turn.Reply, error) {
			mu.Lock()
			busy++
			most = max(most, busy)
			thought = append(thought, in.Words)
			mu.Unlock()
			<-ctx.Done()
			time.Sleep(time.Second) // of the bubble: it takes a moment to end
			mu.Lock()
			defer mu.Unlock()
			busy--
			return turn.Reply{}, nil
		})
		quick := thinks(func(context.Context, turn.Input, turn.Turn) (turn.Reply, error) { return turn.Reply{}, nil })
		m := open(t, slow, quick)
		for ask, words := range []string{"one", "two", "three"} {
			m.Ask(turn.Action{Ask: ask, Input: turn.Input{Words: words}})
			synctest.Wait()
		}
		m.Ask(turn.Action{Ask: 9, Brain: 1})
		if events := all(m); len(events) != 1 || events[0].Ask != 9 {
			t.Errorf("the other brain: %+v", events)
		}
		m.Ask(turn.Action{Ask: 10, Input: turn.Input{Words: "four"}})
		time.Sleep(5 * time.Second)
		m.Cancel()
		time.Sleep(5 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		// Of two and three nobody wanted a reply by the time the brain was free.
		if most != 1 || !slices.Equal(thought, []string{"one", "four"}) {
			t.Errorf("%d at once, thought of %v", most, thought)
		}
	})
}

// Wait returns what comes, or nothing after its limit.
func TestWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := open(t, thinks(func(ctx context.Context, _ turn.Input, _ turn.Turn) (turn.Reply, error) {
			select {
			case <-time.After(3 * time.Second):
			case <-ctx.Done():
			}
			return turn.Reply{}, ctx.Err()
		}))
		began := time.Now()
		m.Ask(turn.Action{Ask: 1})
		if _, ok := m.Wait(2 * time.Second); ok || time.Since(began) != 2*time.Second {
			t.Errorf("something after %s", time.Since(began))
		}
		if event, ok := m.Wait(2 * time.Second); !ok || event.Kind != turn.ReplyEnd || time.Since(began) != 3*time.Second {
			t.Errorf("%+v, %v after %s", event, ok, time.Since(began))
		}
	})
}

// The end of the conversation ends what is thought and used, whoever has cancelled nothing.
func TestEndOfTheConversation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		var err error
		m := New(ctx, []turn.Brain{thinks(func(_ context.Context, _ turn.Input, say turn.Turn) (turn.Reply, error) {
			_, _, err = say.Use(turn.Tool{Kind: turn.ToolNote})
			return turn.Reply{}, nil
		})}, nil, slog.New(slog.DiscardHandler))
		m.Ask(turn.Action{Ask: 1})
		if events := all(m); len(events) != 1 {
			t.Fatalf("%+v", events)
		}
		end()
		if events := all(m); len(events) != 0 || err == nil {
			t.Errorf("%+v, %v", events, err)
		}
	})
}

// Parts are told as they come, before anybody polls, so that their speech is begun; none of a reply that is not wanted.
func TestPartsAreToldBeforeTheyArePolled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []string
		m := New(t.Context(), []turn.Brain{thinks(func(ctx context.Context, _ turn.Input, say turn.Turn) (turn.Reply, error) {
			err := errors.Join(say.Say(" Thank you. "), say.Say(" "))
			<-ctx.Done()
			return turn.Reply{}, errors.Join(err, say.Say("Goodbye."))
		})}, func(part string) { told = append(told, part) }, slog.New(slog.DiscardHandler))
		m.Ask(turn.Action{Ask: 1})
		synctest.Wait()
		if !slices.Equal(told, []string{"Thank you."}) {
			t.Errorf("told %q", told)
		}
		m.Cancel()
		if synctest.Wait(); len(told) != 1 {
			t.Errorf("told %q of a reply that is not wanted", told)
		}
	})
}
