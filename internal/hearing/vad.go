// Package hearing decides what a stretch of telephone audio is: speech or not, a beep or not, and how speech and
// silence alternate. State machines fed with one frame of 20 ms after another; they allocate nothing and refuse to
// know words, clocks and what anyone makes of what was heard. Time is stream time: frames since the first Push.
package hearing

import (
	"math"
	"math/bits"
	"time"

	"nacre/internal/call"
)

// Event is what a frame changed.
type Event int

const (
	None    Event = iota
	Started       // somebody began to speak
	Ended         // they have stopped
)

// VADConfig tunes a voice activity detector. A zero field takes its default.
type VADConfig struct {
	Onset    time.Duration // sound that long is speech; default 60 ms, at most 600 ms
	Hangover time.Duration // silence that long ends it; default 400 ms
	Margin   float64       // dB that speech lies above the noise; default 10
	Quietest float64       // dBFS below which nothing is speech; default −48
}

const (
	silentLevel = -90.0 // dBFS; the level of digital silence
	quietFloor  = -65.0 // the noise assumed before any was heard

	floorBuckets = 8  // the floor is the quietest frame of the last 4 s …
	bucketFrames = 25 // … kept in pieces of half a second

	steadyFrames = 35  // sound that keeps its level for 0.7 s
	steadyRange  = 4.0 // within so many dB is noise, a tone or music on hold, not speech
)

// VAD tells speech from silence and steady noise by its energy. Its noise floor is the quietest moment of the last
// four seconds (Martin 2001, minimum statistics), and rises at once to sound whose level does not move for 0.7 s.
// Made by NewVAD.
type VAD struct {
	onset, hangover  int // frames
	margin, quietest float64

	frames   int // heard so far
	level    float64
	buckets  [floorBuckets]float64
	recent   [steadyFrames]float64
	active   uint32 // the last 32 frames, newest lowest: sound or not
	speaking bool
	quiet    int // frames without sound
	start    int // first frame of the latest utterance
	end      int // frame after its last sound
}

// NewVAD makes a detector that has heard nothing yet.
func NewVAD(cfg VADConfig) *VAD {
	v := &VAD{
		onset:    min(30, frames(cfg.Onset, 60*time.Millisecond)),
		hangover: frames(cfg.Hangover, 400*time.Millisecond),
		margin:   cfg.Margin, quietest: cfg.Quietest,
	}
	if v.margin == 0 {
		v.margin = 10
	}
	if v.quietest == 0 {
		v.quietest = -48
	}
	for i := range v.buckets {
		v.buckets[i] = quietFloor
	}
	return v
}

func frames(d, standard time.Duration) int {
	if d <= 0 {
		d = standard
	}
	return max(1, int((d+call.FrameTime-1)/call.FrameTime))
}

// Push hears the next frame.
func (v *VAD) Push(frame *call.Frame) Event {
	v.level = Level(frame)
	v.learn()
	v.frames++

	v.active <<= 1
	sound := v.level > max(v.quietest, v.Floor()+v.margin)
	if sound {
		v.active |= 1
	}
	if !v.speaking {
		// One weak frame in between does not break an onset.
		window := uint32(1)<<(v.onset+1) - 1
		if bits.OnesCount32(v.active&window) < v.onset {
			return None
		}
		v.speaking, v.quiet = true, 0
		v.start, v.end = v.frames-bits.Len32(v.active&window), v.frames
		return Started
	}
	if sound {
		v.quiet, v.end = 0, v.frames
		return None
	}
	v.quiet++
	if v.quiet < v.hangover {
		return None
	}
	v.speaking, v.active = false, 0 // the frame that ends an utterance is a quiet one
	return Ended
}

// learn takes the level of the frame into the noise floor.
func (v *VAD) learn() {
	bucket := v.frames / bucketFrames % floorBuckets
	if v.frames%bucketFrames == 0 {
		if v.frames > 0 || v.level < quietFloor {
			v.buckets[bucket] = v.level
		}
	} else {
		v.buckets[bucket] = min(v.buckets[bucket], v.level)
	}

	v.recent[v.frames%steadyFrames] = v.level
	if v.frames < steadyFrames {
		return
	}
	low, high := v.recent[0], v.recent[0]
	for _, level := range v.recent {
		low, high = min(low, level), max(high, level)
	}
	if high-low < steadyRange {
		for i := range v.buckets {
			v.buckets[i] = max(v.buckets[i], low)
		}
	}
}

// Floor is the level of the noise, in dBFS, at least −65.
func (v *VAD) Floor() float64 {
	low := v.buckets[0]
	for _, b := range v.buckets[1:] {
		low = min(low, b)
	}
	return max(low, quietFloor)
}

// Speaking tells whether speech has started and not ended.
func (v *VAD) Speaking() bool { return v.speaking }

// Active tells whether the last frame held sound above the noise, speech or not.
func (v *VAD) Active() bool { return v.active&1 != 0 }

// Level is the level of the last frame, in dBFS.
func (v *VAD) Level() float64 { return v.level }

// Heard is how much audio was pushed.
func (v *VAD) Heard() time.Duration { return time.Duration(v.frames) * call.FrameTime }

// Start is when the latest utterance began: before Started told of it, by the onset.
func (v *VAD) Start() time.Duration { return time.Duration(v.start) * call.FrameTime }

// End is when the latest utterance was last heard: before Ended told of it, by the hangover.
func (v *VAD) End() time.Duration { return time.Duration(v.end) * call.FrameTime }

// Level is the mean power of a frame, in dB relative to a full-scale constant; −90 for digital silence.
func Level(frame *call.Frame) float64 {
	sum := int64(0)
	for _, s := range frame {
		sum += int64(s) * int64(s)
	}
	if sum == 0 {
		return silentLevel
	}
	return max(silentLevel, 10*math.Log10(float64(sum)/call.FrameSamples/(1<<30)))
}
