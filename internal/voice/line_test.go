package voice

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"nacre/internal/call"
)

// tones is a speaker whose sentences are tones, 60 ms a letter, kept like those of a real one.
type tones struct {
	mu     sync.Mutex
	spoken []string
	fail   func(voice, text string) error
	slow   func(text string) time.Duration
}

func (s *tones) Speak(ctx context.Context, voice, text string) ([]int16, error) {
	s.mu.Lock()
	s.spoken = append(s.spoken, text)
	fail, slow := s.fail, s.slow
	s.mu.Unlock()
	if slow != nil {
		select {
		case <-time.After(slow(text)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if fail != nil {
		if err := fail(voice, text); err != nil {
			return nil, err
		}
	}
	samples := make([]int16, len(text)*call.SampleRate*60/1000)
	for i := range samples {
		samples[i] = int16(6000 * math.Sin(float64(i)*2*math.Pi*330/call.SampleRate))
	}
	return samples, nil
}

func (s *tones) Stream(ctx context.Context, voiceID, text string) iter.Seq2[[]int16, error] {
	return Whole(func() ([]int16, error) { return s.Speak(ctx, voiceID, text) })
}

func (s *tones) Length(string, string) (time.Duration, bool) { return 0, false }

// babble is sound with the rhythm of speech: pulses of a voice that ring, in syllables of a quarter second.
func babble(length time.Duration) []int16 {
	samples := make([]int16, int(length)*call.SampleRate/int(time.Second))
	for i := range samples {
		t := float64(i) / call.SampleRate
		_, pulse := math.Modf(t * (120 + 15*math.Sin(t*9)))
		syllable := 0.25 + 0.75*math.Abs(math.Sin(math.Pi*4*t+0.8))
		samples[i] = int16(9000 * syllable * math.Exp(-pulse*4) * math.Sin(pulse*2*math.Pi*5))
	}
	return samples
}

func beepSound(length time.Duration) []int16 {
	samples := make([]int16, int(length)*call.SampleRate/int(time.Second))
	for i := range samples {
		samples[i] = int16(9000 * math.Sin(float64(i)*2*math.Pi*1000/call.SampleRate))
	}
	return samples
}

// desk notes opt-outs, and refuses transfers to refuses.
type desk struct {
	refuses string
	calls   atomic.Int32
	do      func(ctx context.Context, attempt int) error
	told    []string // what was said, by whom
}

func (d *desk) Said(by call.Role, words string) {
	d.told = append(d.told, map[call.Role]string{call.Pearl: "agent: ", call.Client: "person: "}[by]+words)
}

func (d *desk) MayTransfer(_ context.Context, number string) error {
	if number == d.refuses {
		return errors.New("not allowed")
	}
	return nil
}

func (d *desk) Act(context.Context, call.Action, []call.Value) (call.Done, error) {
	return call.Done{Text: "done"}, nil
}

func (d *desk) OptOut(ctx context.Context) error {
	attempt := int(d.calls.Add(1))
	if d.do != nil {
		return d.do(ctx, attempt)
	}
	return nil
}

// line is a leg without a network: its clock is the bubble's, and the other side is a list of what it does (see
// party), separated by semicolons:
//
//	wait S · say S · say+ S (and go on at once) · beep S · keys K · hang up
//	hear: the agent has spoken, and has been quiet for 0.6 s · start: the agent is speaking · hold S
type line struct {
	todo      []string
	now       time.Duration
	until     time.Duration
	sound     []int16 // still to be sent
	agentLast time.Duration
	agentTurn bool
	speaking  bool // the agent, in the last frame
	held      time.Duration
	said      []bool // by frame: whether the agent made a sound
	marks     []int  // frames in which the other side began something
	frames    int
	hungUp    bool
	keysSent  string
	transfers func(ctx context.Context, to string) error // nil = they come about at once
	referred  []string
}

func newLine(script string) *line {
	l := &line{}
	for act := range strings.SplitSeq(script, ";") {
		if act = strings.TrimSpace(act); act != "" {
			l.todo = append(l.todo, act)
		}
	}
	return l
}

func (l *line) Transfer(ctx context.Context, to string) error {
	l.referred = append(l.referred, to)
	if l.transfers == nil {
		return nil
	}
	return l.transfers(ctx, to)
}

func (l *line) SendKeys(keys string)   { l.keysSent += keys }
func (l *line) HangUp()                { l.hungUp = true }
func (l *line) Stats() call.LegStats   { return call.LegStats{} }
func (l *line) elapsed() time.Duration { return l.now }

func (l *line) Serve(ctx context.Context, party call.Party) call.Ending {
	var heard, say call.Frame
	for {
		time.Sleep(call.FrameTime)
		synctest.Wait()
		if ctx.Err() != nil {
			return call.ContextEnded
		}
		l.now += call.FrameTime
		if l.held > 0 {
			if l.held -= call.FrameTime; l.held <= 0 {
				party.Held(false)
			}
			continue
		}
		if l.act(party) {
			return call.PeerHungUp
		}
		if l.held > 0 {
			continue
		}
		clear(heard[copy(heard[:], l.sound):])
		l.sound = l.sound[min(len(l.sound), len(heard)):]
		more := party.Exchange(&heard, &say)
		l.listen(&say)
		if !more {
			return call.PartyHungUp
		}
		synctest.Wait()
	}
}

func (l *line) listen(say *call.Frame) {
	l.frames++
	loud := false
	for _, s := range say[call.FrameSamples/2:] { // a sound that dies in the first half does not count
		loud = loud || s != 0
	}
	l.said = append(l.said, loud)
	l.speaking = loud
	if loud {
		l.agentLast, l.agentTurn = l.now, true
	}
}

func (l *line) act(party call.Party) (hungUp bool) {
	for l.now >= l.until && len(l.todo) > 0 {
		word, rest, _ := strings.Cut(l.todo[0], " ")
		seconds, _ := strconv.ParseFloat(rest, 64)
		length := time.Duration(seconds * float64(time.Second))
		l.marks = append(l.marks, l.frames)
		switch word {
		case "wait":
			l.until = l.now + length
		case "say":
			l.sound, l.until = babble(length), l.now+length
		case "say+":
			l.sound = babble(length)
		case "beep":
			l.sound, l.until = beepSound(length), l.now+length
		case "keys":
			party.Key(rune(rest[0]))
			l.until = l.now + 160*time.Millisecond
			if len(rest) > 1 {
				l.todo[0] = "keys " + rest[1:]
				continue
			}
		case "hear":
			l.marks = l.marks[:len(l.marks)-1]
			if !l.agentTurn || l.now-l.agentLast < 600*time.Millisecond {
				return false
			}
			l.agentTurn = false
		case "start":
			l.marks = l.marks[:len(l.marks)-1]
			if !l.speaking {
				return false
			}
		case "hold":
			party.Held(true)
			l.held = length
		case "hang":
			l.todo = l.todo[1:]
			return true
		default:
			panic(fmt.Sprintf("line: %q is nothing to do", l.todo[0]))
		}
		l.todo = l.todo[1:]
	}
	return false
}

const callID = "64f0c0ffee64f0c0ffee6400"

func offer() call.Script {
	return call.Script{
		Call: callID, Opening: "Hello, this is Anna of Example Corporation.", SuccessDefined: true,
		Questions: []call.Question{{ID: "offer", Name: "Offer", Type: call.Boolean, Ask: "Would you like an offer?"}},
		VoiceMail: "This is Anna. Please call us back.", Recording: call.TrackBoth, Timeout: 10 * time.Minute,
	}
}

// hold plays one call in a bubble of its own, as fast as the processor can.
func hold(t *testing.T, a *Agent, script call.Script, l *line, d *desk) (talk call.Talk, ending call.Ending) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		talk, ending = a.Hold(t.Context(), l, script, d)
		if talk.Recording != nil {
			name, bytes := talk.Recording.Saved() // in the bubble
			talk.Recording.Saved = func() (string, int64) { return name, bytes }
		}
		time.Sleep(20 * time.Second) // of the bubble: an opt-out may outlive its call
	})
	return talk, ending
}

var errSpeech = errors.New("no speech today")
