package sandbox_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/hearing"
	"nacre/internal/sandbox"
	"nacre/internal/turn"
)

// formAgent is the product's own conversation, on the same line in virtual time.
type formAgent struct {
	machine *turn.Machine
	speaker sandbox.Speaker
	ear     *hearing.VAD
	beep    *hearing.Beep
	frames  int

	words *said // what the person says, where words are understood

	utterance int
	parts     [][]int16
	part, at  int
	speaking  bool
	hungUp    bool
}

func newFormAgent(script call.Script, speaker sandbox.Speaker, words *said) *formAgent {
	form := turn.NewForm(script)
	if words != nil {
		form.Listen()
	}
	a := &formAgent{
		machine: turn.New(turn.Config{Rules: form, Voicemail: script.VoiceMail, Timing: turn.Defaults()}),
		speaker: speaker, ear: hearing.NewVAD(hearing.VADConfig{}), beep: hearing.NewBeep(), words: words,
	}
	if words != nil {
		a.step(turn.Event{Kind: turn.Ears, Active: true})
	}
	return a
}

// said is what a person says, by which a test hears without an ear.
type said struct {
	mu    sync.Mutex
	lines []string
}

func (s *said) add(_, words, _ string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, words)
}

// next returns what was said since the last final next: the first words of it, or all.
func (s *said) next(words int, final bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := strings.Fields(strings.Join(s.lines, " "))
	if final {
		s.lines = nil
		return strings.Join(all, " ")
	}
	return strings.Join(all[:min(words, len(all))], " ")
}

// hear passes on words at the pace at which people speak, and all of them when they have finished.
func (a *formAgent) hear(event hearing.Event) {
	const pace = 3 // words a second
	from, to := a.ear.Start(), a.ear.End()
	switch {
	case event == hearing.Ended:
		if text := a.words.next(0, true); text != "" {
			a.step(turn.Event{Kind: turn.Heard, Text: text, Final: true, From: from, To: to})
		}
	case a.ear.Speaking() && a.frames%25 == 0:
		n := int(pace * (a.ear.Heard() - from) / time.Second)
		if text := a.words.next(n, false); text != "" {
			a.step(turn.Event{Kind: turn.Heard, Text: text, From: from, To: min(to, from+time.Duration(n)*time.Second/pace)}) // what follows was not heard yet
		}
	}
}

func (a *formAgent) step(e turn.Event) {
	for _, action := range append([]turn.Action(nil), a.machine.Step(time.Duration(a.frames)*call.FrameTime, e)...) {
		switch action.Do {
		case turn.Speak:
			a.utterance, a.parts, a.part, a.at, a.speaking = action.Utterance, nil, 0, 0, true
			for _, text := range action.Parts {
				sound, err := a.speaker.Speak(context.Background(), "kal", text)
				if err != nil {
					panic(err)
				}
				a.parts = append(a.parts, append(sound[:len(sound):len(sound)], make([]int16, 1200)...))
			}
			a.step(turn.Event{Kind: turn.PlayoutStarted, Utterance: a.utterance})
		case turn.StopSpeaking:
			a.finish()
		case turn.OptOut:
			a.step(turn.Event{Kind: turn.OptOutDone})
		case turn.HangUp:
			a.hungUp = true
		}
	}
}

func (a *formAgent) finish() {
	e := turn.Event{Kind: turn.PlayoutFinished, Utterance: a.utterance, Part: a.part}
	if a.part < len(a.parts) {
		e.Fraction = float64(a.at) / float64(len(a.parts[a.part]))
	}
	a.speaking = false
	a.step(e)
}

func (a *formAgent) key(key rune) { a.step(turn.Event{Kind: turn.KeyPressed, Key: key}) }

func (a *formAgent) exchange(heard, say *call.Frame) bool {
	a.frames++
	*say = call.Frame{}
	event := a.ear.Push(heard)
	switch event {
	case hearing.Started:
		a.step(turn.Event{Kind: turn.SpeechStarted})
	case hearing.Ended:
		a.step(turn.Event{Kind: turn.SpeechEnded})
	}
	if a.words != nil {
		a.hear(event)
	}
	if a.beep.Push(heard); a.beep.On() {
		a.step(turn.Event{Kind: turn.Beep})
	}
	a.step(turn.Event{Kind: turn.Tick, Active: a.ear.Level() > max(-48, a.ear.Floor()+10)})
	if a.speaking {
		a.at += copy(say[:], a.parts[a.part][a.at:])
		if a.at == len(a.parts[a.part]) {
			a.part, a.at = a.part+1, 0
			a.step(turn.Event{Kind: turn.PlayoutPart, Utterance: a.utterance, Part: a.part})
			if a.speaking && a.part == len(a.parts) {
				a.finish()
			}
		}
	}
	return !a.hungUp
}

// endings is the table of the sandbox as the agent sees it: every number that answers ends as it promises.
// It is so whether they answer in words or by keys.
func endings(t *testing.T, speaker sandbox.Speaker, inWords bool) {
	const (
		met      = "met"
		notMet   = "not met"
		left     = "message left"
		callback = "call-back in 1h0m0s"
		optOut   = "opted out"
	)
	want := func(digits int) string {
		switch {
		case digits < 20, digits >= 60 && digits < 65, digits >= 80:
			return met
		case digits >= 30 && digits < 35:
			return left
		case digits >= 50 && digits < 55:
			return callback
		case digits >= 55 && digits < 60:
			return optOut
		default:
			return notMet
		}
	}
	script := call.Script{
		Opening: "Hello, this is the clinic about your appointment next Tuesday at ten.", SuccessDefined: true,
		Questions: []call.Question{
			{ID: "a", Name: "Coming", Type: call.Boolean, Ask: "Will you come?"},
			{ID: "b", Name: "People", Type: call.Int, Ask: "How many of you will there be?"},
		},
		VoiceMail: "This is the clinic. Please call us about your appointment. Thank you.",
	}
	for digits := range 100 {
		t.Run(fmt.Sprintf("%02d", digits), func(t *testing.T) {
			t.Parallel()
			options := sandbox.Options{Ring: -1}
			var words *said
			if inWords {
				words = &said{}
				options.InWords, options.Said = true, words.add
			}
			c := sandbox.New(speaker, options)
			t.Cleanup(c.Close)
			if digits >= 60 && digits < 65 {
				dial(t, c, number(digits), newAgent(opening))
			}
			a := newFormAgent(script, speaker, words)
			in := newIncoming(number(digits), nil)
			in.caller = a
			if digits >= 25 && digits < 30 {
				close(in.cancelled)
			}
			c.Handle(in)
			if !in.answered {
				return // TestRejectedNumbers
			}
			talk, got := a.machine.Talk(), notMet
			switch {
			case talk.OptOut:
				got = optOut
			case talk.Callback != nil:
				got = "call-back in " + talk.Callback.After.Round(time.Minute).String() // "in an hour" is said before it is promised
			case talk.VoicemailLeft:
				got = left
			case talk.Success:
				got = met
			}
			if got != want(digits) {
				t.Errorf("ended %q after %v (%v), want %q; transcript:", got, in.line.length, in.line.ending, want(digits))
				for _, l := range talk.Transcript {
					t.Logf("%6.2f–%6.2f %d %s", l.Start, l.End, l.Role, l.Content)
				}
			}
			if got == met && len(talk.Collected) != 2 {
				t.Errorf("collected %v", talk.Collected)
			}
			machine := digits >= 30 && digits < 35
			if (talk.Answerer == call.MachineAnswerer) != machine {
				t.Errorf("judged %s", talk.Answerer)
			}
			if digits >= 85 && digits < 90 && in.line.length < time.Minute {
				t.Errorf("the long talk took %v", in.line.length)
			}
		})
	}
}

func TestEveryNumberEndsAsPromised(t *testing.T) {
	t.Parallel()
	for _, inWords := range []bool{false, true} {
		t.Run(fmt.Sprintf("InWords=%v", inWords), func(t *testing.T) { endings(t, sandbox.Murmur{}, inWords) })
	}
}
