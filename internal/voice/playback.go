package voice

import (
	"errors"
	"time"

	"nacre/internal/call"
)

const (
	// partGap is the silence between two sentences in samples: shorter than the pause that ends a turn.
	partGap = call.SampleRate / 4
	// fadeSamples is how long a stopped sound fades out, so that it does not click: 10 ms.
	fadeSamples = call.SampleRate / 100
	// speechDeadline is how long an utterance waits for its speech.
	speechDeadline = 8 * time.Second
)

var errLate = errors.New("speech was not ready in time")

// playback plays one utterance. The zero value is silence.
type playback struct {
	utterance int // 0 = none
	parts     []*phrase
	more      bool // further parts may come
	asked     time.Duration
	begun     bool

	part int // being played
	at   int // its next sample
	gap  int // samples of silence before it
	// waits counts frames in a row for which no speech was made in time.
	waits int

	fade    [fadeSamples]int16 // of what was stopped, still to be played
	fadeLen int
}

// start starts an utterance; it retains the slice.
func (p *playback) start(utterance int, parts []*phrase, more bool, now time.Duration) {
	p.utterance, p.parts, p.more, p.asked = utterance, parts, more, now
	p.begun, p.part, p.at, p.gap, p.waits = false, 0, 0, 0, 0
}

// ready reports whether the first part has something to play, or returns the error of one that failed.
func (p *playback) ready() (bool, error) {
	for _, part := range p.parts {
		samples, all, err := part.made()
		switch {
		case err != nil:
			return false, err
		case len(samples) > 0:
			return true, nil
		case !all:
			return false, nil
		}
	}
	return true, nil
}

// position returns how many parts were played to their end, and the fraction of the next.
func (p *playback) position() (part int, fraction float64) {
	if p.part < len(p.parts) && p.at > 0 {
		fraction = float64(p.at) / float64(p.parts[p.part].total())
	}
	return p.part, fraction
}

// fill plays into the frame. It returns true when the utterance ends with it, and the error of a part that cannot be played
// on. Speech that is not made yet is silence: waits has how many frames that has lasted.
func (p *playback) fill(say *call.Frame) (ended bool, err error) {
	n := 0
	for n < len(say) && p.part < len(p.parts) {
		if p.gap > 0 {
			quiet := min(p.gap, len(say)-n)
			clear(say[n : n+quiet])
			p.gap -= quiet
			n += quiet
			continue
		}
		samples, all, failed := p.parts[p.part].made()
		copied := copy(say[n:], samples[p.at:])
		p.at += copied
		n += copied
		if p.at < len(samples) {
			break // the frame is full
		}
		if !all {
			break
		}
		if failed != nil {
			err = failed
			break
		}
		p.part++
		p.at = 0
		if len(samples) > 0 && p.part < len(p.parts) {
			p.gap = partGap
		}
	}
	if n == 0 && p.part < len(p.parts) {
		p.waits++
	} else {
		p.waits = 0
	}
	clear(say[n:])
	return p.part == len(p.parts) && !p.more, err
}

// add adds parts to the utterance.
func (p *playback) add(parts []*phrase, more bool) {
	p.parts, p.more = append(p.parts, parts...), more
}

// stop ends the utterance; it fades out within the next frame.
func (p *playback) stop() {
	if p.begun && p.part < len(p.parts) && p.gap == 0 {
		samples, _, _ := p.parts[p.part].made()
		p.fadeLen = copy(p.fade[:], samples[p.at:])
		for i := range p.fade[:p.fadeLen] {
			p.fade[i] = int16(int(p.fade[i]) * (fadeSamples - i) / fadeSamples)
		}
	}
	p.utterance, p.parts = 0, nil
}

// drain plays the rest of a fade-out.
func (p *playback) drain(say *call.Frame) {
	clear(say[copy(say[:], p.fade[:p.fadeLen]):])
	p.fadeLen = 0
}
