// Package amd measures answering machine detection over labelled recordings: the hearing, the ears and the turn rules of calls in
// virtual time, beside the rules of Asterisk's AMD application.
package amd

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"nacre/internal/call"
	"nacre/internal/hearing"
	"nacre/internal/turn"
	"nacre/internal/voice"
)

// Label is who truly picks up in a recording.
type Label = call.Answerer

// Labels returns those that a recording can have.
func Labels() []Label {
	return []Label{call.Human, call.MachineAnswerer, call.Screening, call.Menu, call.Announcement}
}

// Recording is the other side of a call, from its answer on.
type Recording struct {
	Name    string
	Label   Label
	Samples []int16       // 8 kHz, mono
	Beep    time.Duration // end of the beep after which a machine records; 0 = none is known
}

// Config configures Judge.
type Config struct {
	Recognizer *Ears                // nil = no words are known
	Model      *hearing.SpeechModel // nil = speech is told by its level
	Log        *slog.Logger         // nil = none
}

// Judgement is what the agent made of a recording. Instants are since the answer; 0 = it did not happen.
type Judgement struct {
	Answerer call.Answerer
	Decided  time.Duration // the evidence was enough
	Hello    time.Duration // end of the first utterance
	Opening  time.Duration // the agent's first word
	Message  time.Duration // the first word of the voicemail text
	Left     time.Duration // the agent hung up
	Evidence []call.Evidence
	Heard    []call.Line
}

// ByItself reports whether the agent treated whoever picked up as no person.
func (j Judgement) ByItself() bool {
	return j.Message > 0 || j.Answerer != call.Human && j.Answerer != call.UnknownAnswerer
}

// Found reports whether a machine was known for one before its beep was over, or left its message after it.
func (j Judgement) Found(r Recording) bool {
	if j.Message > 0 {
		return r.Beep == 0 || j.Message >= r.Beep
	}
	return j.ByItself() && (r.Beep == 0 || j.Decided <= r.Beep)
}

// What the agent says: its length counts, nobody hears it.
const (
	opening   = "Hello, this is Anna, the automated assistant of Example Corporation."
	voicemail = "This is Anna of Example Corporation. Please call us back at your convenience. Thank you, and goodbye."
	question  = "Would you like an offer?"
)

// after is how long the line stays open, and quiet, after the end of a recording.
const after = 15 * time.Second

// lettersASecond is how quickly the agent speaks.
const lettersASecond = 15

// Judge has the agent answer a recording, as fast as it can be computed. An error is of the ears.
func Judge(ctx context.Context, r Recording, config Config) (Judgement, error) {
	log := config.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	script := call.Script{
		AgentName: "Anna", Opening: opening, VoiceMail: voicemail, SuccessDefined: true,
		Brief:     call.Brief{Company: "Example Corporation"},
		Questions: []call.Question{{ID: "offer", Name: "offer", Type: call.Boolean, Ask: question}},
	}
	form := turn.NewForm(script)
	var ear voice.Ear
	if config.Recognizer != nil {
		form.Listen()
		var err error
		if ear, err = config.Recognizer.listen(ctx); err != nil {
			return Judgement{}, fmt.Errorf("open ear: %w", err)
		}
	}
	j := &judging{
		machine: turn.New(turn.Config{Rules: form, Voicemail: voicemail, Timing: turn.Defaults(), Opening: []string{opening}, Questions: script.Questions}),
		senses:  voice.NewSenses(ear, config.Model, log),
	}
	defer j.senses.Close()
	var frame call.Frame
	end := voice.LengthOf(r.Samples) + after
	for rest := r.Samples; j.now < end && !j.over; rest = rest[min(len(rest), len(frame)):] {
		if err := ctx.Err(); err != nil {
			return Judgement{}, err
		}
		clear(frame[copy(frame[:], rest):])
		j.now += call.FrameTime
		j.senses.Hear(&frame, j.now, j.step)
		j.play()
	}
	if !j.over {
		j.step(turn.Event{Kind: turn.PeerHungUp})
	}
	talk := j.machine.Talk()
	j.out.Answerer, j.out.Evidence, j.out.Heard = talk.Answerer, talk.Evidence, talk.Transcript
	j.out.Decided = decided(talk.Evidence)
	for _, line := range talk.Transcript {
		if line.Role == call.Client {
			j.out.Hello = time.Duration(line.End * float64(time.Second))
			break
		}
	}
	return j.out, nil
}

// decided returns when the evidence first spoke for whom it speaks in the end.
func decided(evidence []call.Evidence) time.Duration {
	verdict, at := turn.Verdict(evidence), time.Duration(0)
	for n := range evidence {
		if turn.Verdict(evidence[:n+1]) != verdict {
			at = 0
		} else if at == 0 {
			at = time.Duration(evidence[n].At * float64(time.Second))
		}
	}
	return at
}

// judging is one recording being answered.
type judging struct {
	machine *turn.Machine
	senses  *voice.Senses
	now     time.Duration
	over    bool
	out     Judgement
	events  []turn.Event
	playing *saying
}

// saying is what the agent is saying.
type saying struct {
	id    int
	parts []string
	at    time.Duration
	begun bool
}

// step passes an event to the machine, and then those that its actions cause.
func (j *judging) step(event turn.Event) {
	j.events = append(j.events, event)
	if len(j.events) > 1 {
		return
	}
	for n := 0; n < len(j.events); n++ {
		for _, action := range j.machine.Step(j.now, j.events[n]) {
			j.do(action)
		}
	}
	j.events = j.events[:0]
}

func (j *judging) do(action turn.Action) {
	switch action.Do {
	case turn.Speak:
		j.playing = &saying{id: action.Utterance, parts: action.Parts}
	case turn.StopSpeaking:
		if p := j.playing; p != nil && p.id == action.Utterance {
			j.end(p)
		}
	case turn.OptOut:
		j.events = append(j.events, turn.Event{Kind: turn.OptOutDone})
	case turn.HangUp:
		j.over, j.out.Left = true, j.now
	}
}

// play plays one frame of what the agent says.
func (j *judging) play() {
	p := j.playing
	if p == nil || j.over {
		return
	}
	if !p.begun {
		p.begun = true
		switch {
		case strings.Join(p.parts, " ") == voicemail:
			j.out.Message = j.now
		case j.out.Opening == 0:
			j.out.Opening = j.now
		}
		j.step(turn.Event{Kind: turn.PlayoutStarted, Utterance: p.id})
		if j.playing != p {
			return
		}
	}
	before, _ := p.played()
	p.at += call.FrameTime
	part, _ := p.played()
	switch {
	case part == len(p.parts):
		j.end(p)
	case part > before:
		j.step(turn.Event{Kind: turn.PlayoutPart, Utterance: p.id, Part: part})
	}
}

func (j *judging) end(p *saying) {
	part, fraction := p.played()
	j.playing = nil
	j.step(turn.Event{Kind: turn.PlayoutFinished, Utterance: p.id, Part: part, Fraction: fraction})
}

// played returns how many parts were played, and the fraction of the next.
func (p *saying) played() (part int, fraction float64) {
	at := p.at
	for n, text := range p.parts {
		length := time.Duration(utf8.RuneCountInString(text)) * time.Second / lettersASecond
		if at < length {
			return n, float64(at) / float64(length)
		}
		at -= length
	}
	return len(p.parts), 0
}
