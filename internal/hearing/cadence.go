package hearing

import "time"

// Cadence measures how speech and silence alternate from the first frame on: it distinguishes "Hello?" from a recorded
// greeting. Use NewCadence.
type Cadence struct {
	vad        *VAD
	utterances int
	before     time.Duration
	first      time.Duration // length of the first utterance, once it has ended
	past       time.Duration // length of all utterances that have ended
}

// Rhythm is the result of a Cadence so far.
type Rhythm struct {
	Before     time.Duration // silence before the first utterance
	First      time.Duration // the first utterance; grows while it lasts
	Speech     time.Duration // all utterances together, pauses between them not counted
	Silence    time.Duration // since the latest utterance was last heard; 0 while one lasts and before the first
	Utterances int           // begun so far
}

// NewCadence returns a Cadence of the speech that vad detects.
func NewCadence(vad *VAD) *Cadence { return &Cadence{vad: vad} }

// Push takes the result of the VAD's Push, once for every frame.
func (c *Cadence) Push(event Event) Rhythm {
	switch event {
	case Started:
		if c.utterances++; c.utterances == 1 {
			c.before = c.vad.Start()
		}
	case Ended:
		length := c.vad.End() - c.vad.Start()
		c.past += length
		if c.utterances == 1 {
			c.first = length
		}
	}
	return c.Rhythm()
}

// Rhythm returns the cadence so far.
func (c *Cadence) Rhythm() Rhythm {
	r := Rhythm{Before: c.before, First: c.first, Speech: c.past, Utterances: c.utterances}
	if c.utterances == 0 {
		r.Before = c.vad.Heard()
		return r
	}
	if !c.vad.Speaking() {
		r.Silence = c.vad.Heard() - c.vad.End()
		return r
	}
	running := c.vad.End() - c.vad.Start()
	r.Speech += running
	if c.utterances == 1 {
		r.First = running
	}
	return r
}
