package sandbox

import (
	"time"

	"nacre/internal/call"
	"nacre/internal/hearing"
)

const (
	// reflex is how long after the start of a line its keys are pressed.
	reflex = 300 * time.Millisecond
	// utterance is the least speech that counts as the agent having spoken; less may be the end of an earlier sentence.
	utterance = 300 * time.Millisecond
)

// scene is a step with its audio.
type scene struct {
	step
	sound []int16
}

// person plays the callee's end of a call by a list of scenes (call.Party). Its time is stream time, so that a call can run
// faster than real time.
type person struct {
	number   string
	scenes   []scene
	sendKeys func(string)
	opts     Options
	noise    noise
	random   uint32 // state of the noise, which is the same in every call

	ear       *hearing.VAD
	next      int  // scene to come
	playing   bool // scene next is being spoken
	at        int  // its next sample
	keysSent  bool
	lineEnd   time.Duration // when our last line ended, or the call began
	heard     bool          // the agent has spoken since then
	lastSound time.Duration // of either side
}

func newPerson(scenes []scene, sendKeys func(string), opts Options) *person {
	return &person{scenes: scenes, sendKeys: sendKeys, opts: opts, ear: hearing.NewVAD(hearing.VADConfig{})}
}

// Exchange processes 20 ms of received audio and fills 20 ms to send (call.Party).
func (p *person) Exchange(heard, say *call.Frame) bool {
	p.listen(heard)
	*say = call.Frame{}
	if !p.playing && p.cued() {
		if p.scenes[p.next].hangUp {
			return false
		}
		p.playing, p.at, p.keysSent = true, 0, false
		if s := p.scenes[p.next]; p.opts.Said != nil && s.say != "" {
			p.opts.Said(p.number, s.say, s.keys)
		}
	}
	if p.playing {
		p.play(say)
	}
	p.random = p.noise.add(say, p.random)
	now := p.ear.Heard()
	return now-p.lastSound < p.opts.Silence && now < p.opts.Longest
}

// Key and Held do nothing (call.Party).
func (p *person) Key(rune)  {}
func (p *person) Held(bool) {}

func (p *person) listen(frame *call.Frame) {
	p.ear.Push(frame)
	now := p.ear.Heard()
	if p.playing || p.ear.Speaking() {
		p.lastSound = now
	}
	if !p.playing && p.ear.End()-max(p.ear.Start(), p.lineEnd) >= utterance {
		p.heard = true
	}
}

// cued reports whether the next scene starts now.
func (p *person) cued() bool {
	if p.next >= len(p.scenes) {
		return false
	}
	s, now := p.scenes[p.next], p.ear.Heard()
	switch s.cue {
	case afterAgent:
		return p.heard && !p.ear.Speaking() && now-p.ear.End() >= s.after
	case whileAgent:
		return p.heard && p.ear.Speaking() && now-p.ear.Start() >= s.after
	default:
		return now-p.lineEnd >= s.after
	}
}

func (p *person) play(say *call.Frame) {
	s := p.scenes[p.next]
	p.at += copy(say[:], s.sound[min(p.at, len(s.sound)):])
	done := p.at >= len(s.sound)
	if !p.keysSent && s.keys != "" && (done || p.at >= int(reflex/time.Millisecond)*call.SampleRate/1000) {
		p.sendKeys(s.keys)
		p.keysSent = true
	}
	if !done {
		return
	}
	p.playing, p.heard, p.lineEnd = false, false, p.ear.Heard()
	if !s.forever {
		p.next++
	}
}
