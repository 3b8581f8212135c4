package voice

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// phrase is a sentence that is being synthesised. samples and err are set when done is closed.
type phrase struct {
	done    chan struct{}
	samples []int16
	err     error
}

// ready reports, without waiting, whether the phrase is done.
func (p *phrase) ready() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// book holds the phrases of one call. They are synthesised in other goroutines than that of the audio.
type book struct {
	ctx     context.Context
	speaker Speaker
	voice   string
	log     *slog.Logger

	mu      sync.Mutex
	phrases map[string]*phrase
}

// get returns the phrase of a text, and starts to synthesise it if that has not begun.
func (b *book) get(text string) *phrase {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.phrases[text]
	if !ok {
		p = &phrase{done: make(chan struct{})}
		b.phrases[text] = p
		go b.speak(text, p)
	}
	return p
}

// fetch synthesises texts one after another, in the order in which the call needs them.
func (b *book) fetch(texts []string) {
	for _, text := range texts {
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

const retryAfter = 100 * time.Millisecond

// speak tries the voice twice, then the default voice.
func (b *book) speak(text string, p *phrase) {
	defer close(p.done)
	defer survive(func(err error) { p.samples, p.err = nil, err })
	voices := []string{b.voice, b.voice}
	if b.voice != "" {
		voices = append(voices, "")
	}
	for i, voice := range voices {
		if i > 0 {
			b.log.Warn("speech failed and is tried again", "voice", voice, "error", p.err)
			select {
			case <-time.After(retryAfter):
			case <-b.ctx.Done():
				return
			}
		}
		if p.samples, p.err = b.speaker.Speak(b.ctx, voice, text); p.err == nil {
			return
		}
	}
	p.err = fmt.Errorf("make speech: %w", p.err)
}
