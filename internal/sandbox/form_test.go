package sandbox_test

import (
	"context"
	"fmt"
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

	utterance int
	parts     [][]int16
	part, at  int
	speaking  bool
	hungUp    bool
}

func newFormAgent(script call.Script, speaker sandbox.Speaker) *formAgent {
	return &formAgent{
		machine: turn.New(turn.Config{Rules: turn.NewForm(script, turn.English()), Voicemail: script.VoiceMail, Timing: turn.Defaults()}),
		speaker: speaker, ear: hearing.NewVAD(hearing.VADConfig{}), beep: hearing.NewBeep(),
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
	switch a.ear.Push(heard) {
	case hearing.Started:
		a.step(turn.Event{Kind: turn.SpeechStarted})
	case hearing.Ended:
		a.step(turn.Event{Kind: turn.SpeechEnded})
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
func endings(t *testing.T, speaker sandbox.Speaker) {
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
			c := newCarrier(t, speaker)
			if digits >= 60 && digits < 65 {
				dial(t, c, number(digits), newAgent(opening))
			}
			a := newFormAgent(script, speaker)
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
				got = "call-back in " + talk.Callback.After.String()
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
	endings(t, sandbox.Murmur{})
}
