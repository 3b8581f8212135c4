package voice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
	"unicode/utf8"

	"nacre/internal/call"
)

// phrase is a sentence that is being synthesised. done is closed when it is whole, or has failed.
type phrase struct {
	done chan struct{}

	mu      sync.Mutex
	samples []int16 // made so far; what has been added is not changed any more
	length  int     // of all samples, as it is known or guessed before they are made
	err     error
	ended   bool
}

// made returns the samples so far, and whether these are all; err, with all, is why they are not the whole sentence.
func (p *phrase) made() (samples []int16, all bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.samples, p.ended, p.err
}

// total returns the number of all samples, where they are not made yet as it is expected.
func (p *phrase) total() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended && p.err == nil {
		return len(p.samples)
	}
	return max(p.length, len(p.samples))
}

// expect sets how long the speech will be.
func (p *phrase) expect(length time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.length = int(length * call.SampleRate / time.Second)
}

func (p *phrase) add(samples []int16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.samples) == 0 {
		p.samples = samples[:len(samples):len(samples)] // the speaker's own, which is not written to
		return
	}
	p.samples = append(p.samples, samples...)
}

func (p *phrase) end(err error) {
	p.mu.Lock()
	p.ended, p.err = true, err
	p.mu.Unlock()
	close(p.done)
}

// book holds the phrases of one call. They are synthesised in other goroutines than that of the audio.
type book struct {
	ctx     context.Context
	speaker Speaker
	log     *slog.Logger

	mu      sync.Mutex
	voice   string // that speaks the call; it changes only while there is nothing in it
	made    bool   // there is something in it
	phrases map[string]*phrase
}

// get returns the phrase of a text, and starts to synthesise it if that has not begun.
func (b *book) get(text string) *phrase {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.phrases[text]
	if !ok {
		p = &phrase{done: make(chan struct{}), length: utf8.RuneCountInString(text) * call.SampleRate / lettersASecond}
		b.phrases[text] = p
		go b.speak(text, p)
	}
	return p
}

// fetch has texts synthesised one after another, in the order in which the call needs them, but after what anybody waits for.
func (b *book) fetch(texts []string) {
	defer survive(func(err error) { b.log.Error("make speech ahead", "error", err) })
	for n, text := range texts {
		if n > 0 && b.ctx.Err() == nil {
			b.mu.Lock()
			voice := b.voice
			b.mu.Unlock()
			_, _ = b.speaker.Speak(b.ctx, voice, text) // what fails is told of when it is needed
		}
		select {
		case <-b.get(text).done:
		case <-b.ctx.Done():
			return
		}
	}
}

// survive turns a panic in a goroutine of one call into that call's fault: the others go on. To be deferred.
func survive(fault func(error)) {
	if reason := recover(); reason != nil {
		fault(fmt.Errorf("panic: %v\n%s", reason, debug.Stack()))
	}
}

// lettersASecond is how quickly people, and voices, speak.
const lettersASecond = 15

const retryAfter = 100 * time.Millisecond

// errCut is the error of speech that broke off after some of it was made, and perhaps heard: it is not begun anew.
var errCut = errors.New("the speech broke off")

// tries is how often a text is given to a voice.
const tries = 2

// speak tries the voice twice, and then the default voice, which speaks the whole call from then on: unless something of it
// was made in the other, since no call mixes two voices.
func (b *book) speak(text string, p *phrase) {
	var err error
	defer func() { p.end(err) }()
	defer survive(func(fault error) { err = fault })
	b.mu.Lock()
	voice := b.voice
	b.mu.Unlock()
	if length, known := b.speaker.Length(voice, text); known {
		p.expect(length)
	}
	for try := 1; ; try++ {
		if err = b.stream(voice, text, p); err == nil || errors.Is(err, errCut) || b.ctx.Err() != nil {
			break
		}
		if try == tries {
			var other bool
			if voice, other = b.instead(voice); !other {
				break
			}
		}
		if try > tries {
			break
		}
		b.log.Warn("speech failed and is tried again", "voice", voice, "error", err)
		select {
		case <-time.After(retryAfter):
		case <-b.ctx.Done():
			return
		}
	}
	if err != nil {
		err = fmt.Errorf("make speech: %w", err)
	}
}

// instead returns the voice that speaks the call after one has failed; false if there is none.
func (b *book) instead(failed string) (voice string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.voice == failed && (b.made || failed == "") {
		return failed, false
	}
	if b.voice == failed {
		b.voice = ""
	}
	return b.voice, true
}

// claim reports whether the voice speaks the call, which it does to its end from then on.
func (b *book) claim(voice string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.voice != voice {
		return false
	}
	b.made = true
	return true
}

// errOther is the error of speech in a voice that does not speak the call any more.
var errOther = errors.New("another voice speaks this call")

func (b *book) stream(voice, text string, p *phrase) error {
	heard := false
	for samples, err := range b.speaker.Stream(b.ctx, voice, text) {
		if err != nil && heard {
			return fmt.Errorf("%w: %w", errCut, err)
		}
		if err != nil {
			return err
		}
		if len(samples) > 0 {
			if !heard && !b.claim(voice) {
				return errOther
			}
			p.add(samples)
			heard = true
		}
	}
	return nil
}
