// Package hearing classifies telephone audio: speech, beeps, DTMF keys. Its detectors take one frame of 20 ms after another
// and allocate nothing. They do not know words and clocks: time is stream time, frames since the first Push.
package hearing

import (
	"math"
	"math/bits"
	"time"

	"nacre/internal/call"
)

// Event is the change that a frame caused.
type Event int

const (
	None    Event = iota
	Started       // speech started
	Ended         // speech ended
)

// VADConfig configures a VAD. A zero field takes its default.
type VADConfig struct {
	Onset    time.Duration // sound that long is speech; default 60 ms, at most 600 ms
	Hangover time.Duration // silence that long ends it; default 400 ms
	Margin   float64       // dB that speech lies above the noise; default 10
	Quietest float64       // dBFS below which nothing is speech; default −48
	// Model tells speech from other sounds that are loud enough; nil = all of them are speech.
	Model *SpeechModel
}

const (
	silentLevel = -90.0 // dBFS; the level of digital silence
	quietFloor  = -65.0 // dBFS; the initial noise floor

	floorBuckets = 8  // the floor is the quietest frame of the last 4 s …
	bucketFrames = 25 // … kept in pieces of half a second

	steadyFrames = 35  // sound that keeps its level for 0.7 s
	steadyRange  = 4.0 // within so many dB is noise, a tone or music on hold, not speech
)

// VAD is a voice activity detector by energy and, with a model, by the kind of sound. Its noise floor is the minimum of the last four seconds (Martin 2001, minimum
// statistics), and rises at once to sound whose level is steady for 0.7 s. Use NewVAD.
type VAD struct {
	onset, hangover  int // frames
	margin, quietest float64

	frames   int // pushed so far
	level    float64
	buckets  [floorBuckets]float64
	recent   [steadyFrames]float64
	active   uint32 // the last 32 frames, newest lowest: sound or not
	speaking bool
	quiet    int // frames without sound
	start    int // first frame of the latest utterance
	end      int // frame after its last sound

	listener *listener // nil without a model
	idle     int       // frames since there was something to hear
	before   [modelBefore]call.Frame
}

const (
	modelStarts = 0.5  // probability of the model that starts speech …
	modelGoesOn = 0.35 // … and that goes on with it
	modelMargin = 4.0  // dB above the noise from which on the model is asked
	modelLinger = 25   // frames that it is asked on after that: it knows pauses, and forgets what was before longer ones
	modelBefore = 16   // frames before, which it is told then: of single words of people it misses none so, and one in fifteen without
)

// NewVAD returns a detector in its initial state.
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
	if cfg.Model != nil {
		v.listener = newListener(cfg.Model)
		v.idle = modelLinger + 1
	}
	return v
}

func frames(d, standard time.Duration) int {
	if d <= 0 {
		d = standard
	}
	return max(1, int((d+call.FrameTime-1)/call.FrameTime))
}

// Push analyses the next frame.
func (v *VAD) Push(frame *call.Frame) Event {
	v.level = Level(frame)
	v.learn()
	v.frames++

	v.active <<= 1
	sound := v.level > max(v.quietest, v.Floor()+v.margin)
	if sound {
		v.active |= 1
	}
	probability := v.ask(frame)
	if !v.speaking {
		// One weak frame in between does not break an onset.
		window := uint32(1)<<(v.onset+1) - 1
		if bits.OnesCount32(v.active&window) < v.onset || probability < modelStarts {
			return None
		}
		v.speaking, v.quiet = true, 0
		v.start, v.end = v.frames-bits.Len32(v.active&window), v.frames
		return Started
	}
	if sound && probability >= modelGoesOn {
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

// ask returns the model's probability that the sound of the last 32 ms is speech; 1 without a model. It is asked only while
// there is something to hear, a third of a call; then first about what came before, since it knows speech by how it begins.
func (v *VAD) ask(frame *call.Frame) float32 {
	l := v.listener
	if l == nil {
		return 1
	}
	v.idle++
	if v.level > max(v.quietest, v.Floor()+modelMargin) {
		if v.idle > modelLinger {
			l.reset()
			for n := range v.before {
				l.push(&v.before[(v.frames+n)%modelBefore])
			}
		}
		v.idle = 0
	}
	v.before[v.frames%modelBefore] = *frame
	if v.idle > modelLinger {
		return 0
	}
	l.push(frame)
	return l.probability
}

// learn updates the noise floor by the level of the frame.
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

// Floor returns the noise floor in dBFS, at least −65.
func (v *VAD) Floor() float64 {
	low := v.buckets[0]
	for _, b := range v.buckets[1:] {
		low = min(low, b)
	}
	return max(low, quietFloor)
}

// Speaking reports whether speech has started and not ended.
func (v *VAD) Speaking() bool { return v.speaking }

// Level returns the level of the last frame in dBFS.
func (v *VAD) Level() float64 { return v.level }

// Heard returns the duration of the audio pushed so far.
func (v *VAD) Heard() time.Duration { return time.Duration(v.frames) * call.FrameTime }

// Start returns when the latest utterance started, in stream time: before Started, by the onset.
func (v *VAD) Start() time.Duration { return time.Duration(v.start) * call.FrameTime }

// End returns when the latest utterance ended, in stream time: before Ended, by the hangover.
func (v *VAD) End() time.Duration { return time.Duration(v.end) * call.FrameTime }

// Level returns the mean power of a frame in dBFS (0 = a constant at full scale); −90 for digital silence.
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
