package hearing

import "time"

// Cadence is how speech and silence have alternated since the first frame: what tells "Hello?" from a recorded
// greeting. Made by NewCadence.
type Cadence struct {
	vad        *VAD
	utterances int
	before     time.Duration
	first      time.Duration // length of the first utterance, once it has ended
	past       time.Duration // length of all utterances that have ended
}

// Rhythm is a cadence so far.
type Rhythm struct {
	Before     time.Duration // silence before the first utterance
	First      time.Duration // the first utterance; grows while it lasts
	Speech     time.Duration // all utterances together, pauses between them not counted
	Silence    time.Duration // since the latest utterance was last heard; 0 while one lasts and before the first
	Utterances int           // begun so far
}

// NewCadence makes a cadence that follows what vad hears.
func NewCadence(vad *VAD) *Cadence { return &Cadence{vad: vad} }

// Push takes what the detector's Push answered, once for every frame.
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

// Rhythm is the cadence so far.
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
