package studio

import (
	"context"
	"errors"
	"iter"
	"math"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
	"nacre/internal/scenario"
	"nacre/internal/turn"
	"nacre/internal/voice"
	"nacre/internal/voice/utterance"
	"nacre/internal/voice/wav"
)

// hum is sound of a loudness that is taken for speech.
func hum(length time.Duration) []int16 {
	out := make([]int16, int(length*call.SampleRate/time.Second))
	for n := range out {
		out[n] = int16(6000 * math.Sin(2*math.Pi*150*float64(n)/call.SampleRate))
	}
	return out
}

// humming speaks by humming, 50 ms a letter, and takes a while for that.
type humming struct{ takes time.Duration }

func (h humming) Speak(_ context.Context, _, text string) ([]int16, error) {
	<-time.After(h.takes)
	return hum(time.Duration(len(text)) * 50 * time.Millisecond), nil
}

func (h humming) Stream(ctx context.Context, voiceID, text string) iter.Seq2[[]int16, error] {
	return voice.Whole(func() ([]int16, error) { return h.Speak(ctx, voiceID, text) })
}

func (humming) Length(string, string) (time.Duration, bool) { return 0, false }

// hears returns a recogniser that takes a while, by the clock, and hears these words one after another.
func hears(takes time.Duration, words ...string) voice.Recognizer {
	var next atomic.Int32
	return utterance.New(utterance.Config{FirstPartial: -1, Recognize: func(context.Context, utterance.Utterance) (string, error) {
		<-time.After(takes)
		return words[min(int(next.Add(1))-1, len(words)-1)], nil
	}})
}

func script() call.Script {
	return call.Script{
		Call: "64f0c0ffee64f0c0ffee6400", SuccessDefined: true, Opening: "Hello, this is Anna.", Answered: time.Date(2026, 11, 26, 15, 15, 0, 0, time.UTC),
		Questions: []call.Question{{ID: "offer", Name: "offer", Type: call.Boolean, Ask: "Do you want it?"}},
	}
}

// A recording is heard and answered as a caller is. However long words and speech take to be made, in the call they take no
// time; both sides are written, each into its channel.
func TestRecordingIsAnswered(t *testing.T) {
	t.Parallel()
	var caller []int16
	at := func(when, length time.Duration) {
		caller = append(caller, make([]int16, int(when*call.SampleRate/time.Second)-len(caller))...)
		caller = append(caller, hum(length)...)
	}
	at(500*time.Millisecond, 500*time.Millisecond) // hello
	at(20*time.Second, 600*time.Millisecond)       // yes, long after the question
	path := filepath.Join(t.TempDir(), "call.wav")
	out, err := wav.Create(path, 2)
	if err != nil {
		t.Fatal(err)
	}
	agent := voice.New(voice.Config{Speaker: humming{50 * time.Millisecond}, Recognizer: hears(700*time.Millisecond, "Hello?", "Yes, please."), ByFrames: true})
	o, err := Hold(t.Context(), Config{Agent: agent, Script: script(), Out: out, Caller: func(func(string)) call.Party { return &Recording{Samples: caller} }})
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
	if o.By != scenario.ByAgent || !o.Talk.Success || o.After < 20*time.Second || o.After > 30*time.Second {
		t.Errorf("ended by the %s after %s, success %t: %+v", o.By, o.After, o.Talk.Success, o.Talk.Transcript)
	}
	for _, latency := range o.Talk.TurnLatencyMS {
		if latency > 600 {
			t.Errorf("answered after %v ms: the time of the recogniser has passed in the call", o.Talk.TurnLatencyMS)
		}
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	audio, err := wav.Read(file)
	if err != nil || audio.Channels != 2 || math.Abs(audio.Seconds()-o.After.Seconds()) > 0.1 {
		t.Fatalf("%d channels, %.1f s of %s: %v", audio.Channels, audio.Seconds(), o.After, err)
	}
	loud := func(channel int, from, to time.Duration) (sum float64) {
		for _, sample := range audio.Channel(channel)[from*call.SampleRate/time.Second : to*call.SampleRate/time.Second] {
			sum += math.Abs(float64(sample))
		}
		return sum
	}
	if hello := 900 * time.Millisecond; loud(0, 0, hello) == 0 || loud(1, 0, hello) != 0 || loud(0, 2*time.Second, 19*time.Second) != 0 || loud(1, 2*time.Second, 19*time.Second) == 0 {
		t.Error("the caller is not in the first channel, or the agent not in the second")
	}
}

// caller is a party who does one thing after a while.
type caller struct {
	frames int
	after  time.Duration
	does   func() (more bool)
}

func (c *caller) Exchange(_, say *call.Frame) bool {
	*say = call.Frame{}
	if c.frames++; time.Duration(c.frames)*call.FrameTime == c.after {
		return c.does()
	}
	return true
}
func (c *caller) Key(rune)  {}
func (c *caller) Held(bool) {}

func TestEndings(t *testing.T) {
	t.Parallel()
	agent := voice.New(voice.Config{Speaker: humming{}, ByFrames: true})
	for _, c := range []struct {
		name    string
		keys    string
		hangsUp bool
		timeout time.Duration
		by      scenario.By
		after   time.Duration
		success bool
	}{
		{name: "the caller hangs up", hangsUp: true, by: scenario.ByPerson, after: 15 * time.Second},
		{name: "keys answer", keys: "1", by: scenario.ByAgent, success: true},
		{name: "time is up", timeout: 10 * time.Second, by: scenario.ByTimeout, after: 10 * time.Second},
		{name: "silence", by: scenario.ByAgent},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			script := script()
			script.Timeout = c.timeout
			o, err := Hold(t.Context(), Config{Agent: agent, Script: script, Caller: func(press func(string)) call.Party {
				return &caller{after: 15 * time.Second, does: func() bool {
					if c.keys != "" {
						press(c.keys)
					}
					return !c.hangsUp
				}}
			}})
			if err != nil || o.By != c.by || c.after != 0 && o.After != c.after || o.Talk.Success != c.success {
				t.Errorf("ended by the %s after %s, success %t, %v", o.By, o.After, o.Talk.Success, o.Talk.Transcript)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Hold(ctx, Config{Agent: agent, Script: script(), Caller: func(func(string)) call.Party {
		return &caller{after: time.Second, does: func() bool { cancel(); return true }}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("an end of ctx: %v", err)
	}
}

// slow is a brain that replies once its filler is being said.
type slow struct{ filled chan struct{} }

func (s slow) Answer(ctx context.Context, _ turn.Input, say turn.Turn) (turn.Reply, error) {
	select {
	case <-s.filled:
	case <-ctx.Done():
	}
	return turn.Reply{End: true}, say.Say("So be it. Goodbye.")
}

// While a model thinks the time goes on, with the clock: whoever waits for it hears the filler, and the reply.
func TestModelsTakeTheirTime(t *testing.T) {
	t.Parallel()
	var said []string
	s := slow{make(chan struct{})}
	agent := voice.New(voice.Config{
		Speaker: humming{}, Recognizer: hears(0, "What is it about?"), ByFrames: true,
		Brains: func(call.Script) []turn.Brain { return []turn.Brain{s} },
		Said: func(id.ID, string) {
			if said = append(said, ""); len(said) == 2 {
				close(s.filled)
			}
		},
	})
	words := append(make([]int16, 8*call.SampleRate), hum(time.Second)...)
	o, err := Hold(t.Context(), Config{Agent: agent, Script: script(), Caller: func(func(string)) call.Party { return &Recording{Samples: words} }})
	if last := o.Talk.Transcript[len(o.Talk.Transcript)-1]; err != nil || len(said) != 3 || last.Content != "So be it. Goodbye." {
		t.Errorf("%+v after %s, %v", o.Talk.Transcript, o.After, err)
	}
}

// A file that cannot be written ends the call with its error.
func TestOutFails(t *testing.T) {
	t.Parallel()
	out, err := wav.Create(filepath.Join(t.TempDir(), "call.wav"), 1) // of one channel: both sides do not fit
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	_, err = Hold(t.Context(), Config{Agent: voice.New(voice.Config{Speaker: humming{}, ByFrames: true}), Script: script(), Out: out, Caller: func(func(string)) call.Party { return &Recording{} }})
	if err == nil {
		t.Error("no error")
	}
}
