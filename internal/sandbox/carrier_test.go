package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nacre/internal/call"
	"nacre/internal/sandbox"
	"nacre/internal/voice/flite"
)

const (
	opening  = "Hello, this is the clinic. You have an appointment next Tuesday at ten. Will you come? Press 1 for yes, 2 for no."
	question = "How many people will come with you? Type the number, then press the hash key."
)

func number(digits int) string { return fmt.Sprintf("+141555501%02d", digits) }

// at once: nobody lets it ring.
func newCarrier(t *testing.T, speaker sandbox.Speaker) *sandbox.Carrier {
	c := sandbox.New(speaker, sandbox.Options{Ring: -1})
	t.Cleanup(c.Close)
	return c
}

func TestRejectedNumbers(t *testing.T) {
	t.Parallel()
	c := newCarrier(t, nil)
	for digits := range 100 {
		code, rings := 0, 0
		switch {
		case digits >= 20 && digits < 25, digits >= 60 && digits < 65:
			code = 486
		case digits >= 40 && digits < 45:
			code = 404
		case digits >= 45 && digits < 50:
			code = 503
		case digits >= 75 && digits < 80:
			code, rings = 603, 1
		default:
			continue
		}
		in := dial(t, c, number(digits), newAgent(opening))
		if in.code != code || in.reason == "" || in.answered || len(in.rings) != rings {
			t.Errorf("%02d: %d %q, answered %v, %d rings; want %d and %d rings", digits, in.code, in.reason, in.answered, len(in.rings), code, rings)
		}
	}
	for _, to := range []string{"", "+", "7", "+1415555010x", "anonymous"} {
		if in := dial(t, c, to, newAgent(opening)); in.code != 404 {
			t.Errorf("call to %q: %d", to, in.code)
		}
	}
}

// talks checks every number that is answered against what its row of the table promises.
func talks(t *testing.T, speaker sandbox.Speaker) {
	yes := func(t *testing.T, in *incoming) { wantAnswers(t, in, "1", "1#") }
	rows := []struct {
		from, to int
		check    func(*testing.T, *incoming)
	}{
		{0, 19, yes},
		{35, 39, func(t *testing.T, in *incoming) { wantAnswers(t, in, "2", "2#") }},
		{50, 54, func(t *testing.T, in *incoming) { wantAnswers(t, in, "*21#", "*21#") }},
		{55, 59, func(t *testing.T, in *incoming) { wantAnswers(t, in, "*9", "*9") }},
		{60, 64, yes},
		{80, 84, yes},
		{85, 89, func(t *testing.T, in *incoming) {
			yes(t, in)
			if in.line.pressed[0].at < 60 {
				t.Errorf("the long talk comes to its answer after %.1f s", in.line.pressed[0].at)
			}
			if len(in.line.person) < 7 {
				t.Errorf("only %d utterances", len(in.line.person))
			}
		}},
		{90, 99, func(t *testing.T, in *incoming) {
			yes(t, in)
			if in.agent.stopped == 0 {
				t.Error("the agent was not interrupted")
			}
		}},
	}
	for _, row := range rows {
		for digits := row.from; digits <= row.to; digits++ {
			t.Run(fmt.Sprintf("%02d", digits), func(t *testing.T) {
				t.Parallel()
				c := newCarrier(t, speaker)
				a := newAgent(opening, question)
				a.speaker = speaker
				if digits >= 60 && digits < 65 {
					if in := dial(t, c, number(digits), newAgent(opening)); in.code != 486 {
						t.Fatalf("first attempt: %d", in.code)
					}
				}
				in := dial(t, c, number(digits), a)
				if !in.answered || len(in.rings) != 1 || in.rings[0] != 180 {
					t.Fatalf("answered %v, rings %v, rejected with %d", in.answered, in.rings, in.code)
				}
				if in.line.ending != call.PeerHungUp {
					t.Errorf("%v after %v: the agent was to end the call", in.line.ending, in.line.length)
				}
				row.check(t, in)
				wantManners(t, in)
			})
		}
	}
}

func wantAnswers(t *testing.T, in *incoming, want ...string) {
	t.Helper()
	if got := fmt.Sprint(in.agent.answers); got != fmt.Sprint(want) {
		t.Fatalf("answers %v, want %v (keys %s)", got, want, in.line.keysPressed())
	}
}

// wantManners: a hello first; keys only after the agent has spoken and stopped, and only while speaking or right after.
func wantManners(t *testing.T, in *incoming) {
	t.Helper()
	if len(in.line.person) == 0 || in.line.person[0].from > 1.1 {
		t.Errorf("said nothing at the pick-up: %v", in.line.person)
	}
	for _, p := range in.line.pressed {
		if p.key == '#' || p.key != '*' && len(in.agent.answers[0]) > 2 {
			continue // follows another key
		}
		asked, spoke := false, false
		for _, s := range in.agent.stretchs {
			if s.to < p.at {
				asked = asked || p.at-s.to > 0.5
			} else if s.from < p.at {
				t.Errorf("key %c at %.2f s while the agent speaks from %.2f to %.2f", p.key, p.at, s.from, s.to)
			}
		}
		for _, s := range in.line.person {
			spoke = spoke || s.from < p.at && p.at < s.to+1
		}
		if !asked || !spoke {
			t.Errorf("key %c at %.2f s: after the agent %v, while speaking %v", p.key, p.at, asked, spoke)
		}
	}
	// 0.6 to 0.8 s after the first question that was heard to its end, and the reflex.
	first := in.agent.stretchs[0]
	for _, s := range in.line.person {
		if s.from > first.to && s.from-first.to > 1.1 && in.agent.stopped == 0 {
			t.Errorf("answered %.2f s after the question", s.from-first.to)
		}
		if s.from > first.to {
			break
		}
	}
}

func TestTalks(t *testing.T) {
	t.Parallel()
	talks(t, sandbox.Murmur{})
}

func TestTalksByTheEmbeddedVoice(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("needs the embedded voice")
	}
	voice, err := flite.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := voice.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("talks", func(t *testing.T) { talks(t, voice) })
	t.Run("endings", func(t *testing.T) { endings(t, voice, false) })
	t.Run("endings in words", func(t *testing.T) { endings(t, voice, true) })
}

func TestAnsweringMachine(t *testing.T) {
	t.Parallel()
	c := newCarrier(t, nil)
	for digits := 30; digits < 35; digits++ {
		a := newAgent("We called about your appointment. Please call us back.")
		in := dial(t, c, number(digits), a)
		greeting := in.line.person[0]
		if length := greeting.to - greeting.from; length < 3 || length > 6.5 {
			t.Errorf("%d: greeting of %.1f s", digits, length)
		}
		if in.line.beeps != 1 {
			t.Errorf("%d: %d beeps", digits, in.line.beeps)
		}
		if len(in.line.pressed) != 0 || len(in.line.person) > 2 {
			t.Errorf("%d: the machine goes on: keys %q, sounds %v", digits, in.line.keysPressed(), in.line.person)
		}
		if in.line.ending != call.PeerHungUp {
			t.Errorf("%d: %v", digits, in.line.ending)
		}
	}
}

func TestThoseWhoSayNothing(t *testing.T) {
	t.Parallel()
	c := newCarrier(t, nil)
	for digits := 65; digits < 70; digits++ {
		in := dial(t, c, number(digits), newAgent(opening))
		if !in.answered || in.line.ending != call.PartyHungUp || in.line.length > time.Second {
			t.Errorf("%d: answered %v, %v after %v", digits, in.answered, in.line.ending, in.line.length)
		}
	}
	for digits := 70; digits < 74; digits++ {
		in := dial(t, c, number(digits), newAgent(opening))
		if in.line.ending != call.PeerHungUp || len(in.line.person) != 0 || len(in.line.pressed) != 0 || in.line.length < 15*time.Second {
			t.Errorf("%d: %v after %v, sounds %v", digits, in.line.ending, in.line.length, in.line.person)
		}
	}
}

func TestCallWithoutAudioEnds(t *testing.T) {
	t.Parallel()
	c := newCarrier(t, nil)
	for _, digits := range []int{0, 32, 70, 95} {
		a := newAgent(opening)
		a.mute = true
		in := dial(t, c, number(digits), a)
		last := 0.0
		for _, s := range in.line.person {
			last = max(last, s.to)
		}
		if in.line.ending != call.PartyHungUp || in.line.length.Seconds()-last < 14.5 || in.line.length.Seconds()-last > 16 {
			t.Errorf("%02d: %v, %.1f s after the last sound", digits, in.line.ending, in.line.length.Seconds()-last)
		}
	}
}

func TestNobodyStaysForEver(t *testing.T) {
	t.Parallel()
	c := sandbox.New(nil, sandbox.Options{Ring: -1, Longest: 90 * time.Second})
	defer c.Close()
	a := newAgent()
	for range 100 { // a form without end
		a.questions = append(a.questions, question)
	}
	in := dial(t, c, number(3), a)
	if in.line.ending != call.PartyHungUp || in.line.length < 89*time.Second || in.line.length > 91*time.Second {
		t.Errorf("%v after %v", in.line.ending, in.line.length)
	}
}

func TestSameCallTwice(t *testing.T) {
	t.Parallel()
	c := newCarrier(t, nil)
	for _, digits := range []int{7, 51, 82, 87, 93} {
		var first string
		for round := range 2 {
			in := dial(t, c, number(digits), newAgent(opening, question))
			got := fmt.Sprint(in.line.length, in.line.person, in.line.pressed)
			if round > 0 && got != first {
				t.Errorf("%02d differs:\n%s\n%s", digits, first, got)
			}
			first = got
		}
	}
}

func TestRinging(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := sandbox.New(nil, sandbox.Options{})
		defer c.Close()
		for digits := range 100 {
			began := time.Now()
			in := newIncoming(number(digits), newAgent(opening))
			c.Handle(in)
			took, rang := time.Since(began), len(in.rings) > 0
			switch {
			case digits >= 25 && digits < 30:
				if took != time.Minute || in.code != 480 || !rang {
					t.Errorf("%02d rang %v and ended with %d", digits, took, in.code)
				}
			case in.answered:
				if took < time.Second || took > 2*time.Second || !rang {
					t.Errorf("%02d answered after %v", digits, took)
				}
			case in.code == 603:
				if took != time.Second {
					t.Errorf("%02d declined after %v", digits, took)
				}
			case took != 0 || rang:
				t.Errorf("%02d took %v to be rejected with %d", digits, took, in.code)
			}
		}
	})
}

func TestCancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := sandbox.New(nil, sandbox.Options{})
		defer c.Close()
		for _, digits := range []int{5, 27, 31, 76} {
			in := newIncoming(number(digits), newAgent(opening))
			time.AfterFunc(700*time.Millisecond, func() { close(in.cancelled) })
			began := time.Now()
			c.Handle(in)
			if took := time.Since(began); took != 700*time.Millisecond || in.answered || in.code != 0 {
				t.Errorf("%02d: %v, answered %v, code %d", digits, took, in.answered, in.code)
			}
		}
		crossed := newIncoming(number(5), newAgent(opening))
		crossed.answerErr = errors.New("cancelled")
		c.Handle(crossed)
		if crossed.answered || crossed.code != 0 {
			t.Errorf("crossed: answered %v, code %d", crossed.answered, crossed.code)
		}
	})
}

func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := sandbox.New(nil, sandbox.Options{})
		ringing, talking := newIncoming(number(26), newAgent(opening)), &waiting{incoming: newIncoming(number(1), nil)}
		var calls sync.WaitGroup
		calls.Go(func() { c.Handle(ringing) })
		calls.Go(func() { c.Handle(talking) })
		time.Sleep(5 * time.Second) // virtual
		c.Close()
		if ringing.code != 480 || !talking.served || !talking.ended {
			t.Errorf("ringing %d; talking: served %v, ended %v", ringing.code, talking.served, talking.ended)
		}
		calls.Wait()
		late := newIncoming(number(1), newAgent(opening))
		c.Handle(late)
		if late.code != 503 {
			t.Errorf("after the close: %d", late.code)
		}
	})
}

// waiting answers with a leg that stays up until its context ends.
type waiting struct {
	*incoming
	served, ended bool
}

func (w *waiting) Answer() (call.Leg, error) { return w, nil }
func (w *waiting) Serve(ctx context.Context, _ call.Party) call.Ending {
	w.served = true
	<-ctx.Done()
	w.ended = true
	return call.ContextEnded
}
func (w *waiting) Transfer(context.Context, string) error { return nil }
func (w *waiting) SendKeys(string)                        {}
func (w *waiting) HangUp()                                {}
func (w *waiting) Stats() call.LegStats                   { return call.LegStats{} }

func TestReport(t *testing.T) {
	t.Parallel()
	c := newCarrier(t, nil)
	for _, to := range []string{"+14155550120", "14155550120", "+14155550140", "+14155550120"} {
		dial(t, c, to, newAgent(opening))
	}
	want := map[string]int{"+14155550120": 3, "+14155550140": 1}
	got := c.Report()
	if !maps.Equal(got, want) {
		t.Errorf("report %v, want %v", got, want)
	}
	got["+14155550120"] = 0 // a copy
	if !maps.Equal(c.Report(), want) {
		t.Error("the report can be changed from outside")
	}
}

// dumb has no voice at all.
type dumb struct{}

func (dumb) Speak(context.Context, string, string) ([]int16, error) {
	return nil, errors.New("no such voice")
}

func TestPeopleMurmurWithoutVoice(t *testing.T) {
	t.Parallel()
	in := dial(t, newCarrier(t, dumb{}), number(4), newAgent(opening))
	if in.line == nil || len(in.line.person) == 0 || in.line.keysPressed() != "1" {
		t.Errorf("without a voice: %+v", in.line)
	}
}
