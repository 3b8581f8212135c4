// Package fallback puts several recognisers, or voices, in the place of one: where one fails, the next goes on.
package fallback

import (
	"context"
	"errors"
	"sync"
	"time"

	"nacre/internal/call"
	"nacre/internal/provider"
	"nacre/internal/voice"
)

// Recognizer implements voice.Recognizer by the first of an order that serves. An ear that ends in the middle of a call is
// followed by one of the next recogniser, or, where there is none, of the first again.
type Recognizer struct {
	order *provider.Order[voice.Recognizer]
	again time.Duration
}

var _ voice.Recognizer = (*Recognizer)(nil)

// again is how long an ear is deaf when all have failed.
const again = 2 * time.Second

// kept is how many frames are kept while no ear is open: 5 s.
const kept = 5 * 50

// NewRecognizer returns a Recognizer.
func NewRecognizer(order *provider.Order[voice.Recognizer]) *Recognizer {
	return &Recognizer{order: order, again: again}
}

// Ready returns why none of them hears a language (voice.Recognizer).
func (r *Recognizer) Ready(language string) error {
	return r.order.Ready(func(of voice.Recognizer) error { return of.Ready(language) })
}

// Rest is that of a recogniser in the order (provider.Order).
func (r *Recognizer) Rest(name string) (time.Duration, error) { return r.order.Rest(name) }

// Listen opens the ear of a call; it does not wait for the connection of one (voice.Recognizer).
func (r *Recognizer) Listen(ctx context.Context, language string) (voice.Ear, error) {
	ctx, cancel := context.WithCancel(ctx)
	e := &ear{r: r, ctx: ctx, cancel: cancel, language: language, results: make(chan voice.Heard, 64), wake: make(chan struct{}, 1)}
	go e.run()
	return e, nil
}

// ear implements voice.Ear over one ear after another.
type ear struct {
	r        *Recognizer
	ctx      context.Context
	cancel   context.CancelFunc
	language string
	results  chan voice.Heard
	wake     chan struct{} // a frame waits for an ear

	mu       sync.Mutex
	inner    voice.Ear // nil = none is open
	frames   int       // written
	waiting  []frame   // while none is open
	speaking bool      // as Speech said last
	begun    bool      // they spoke before the first frame that waits
	spares   bool      // partial results are of no use
}

// frame is a frame and what Speech said after it.
type frame struct {
	samples call.Frame
	speech  []bool
}

// Results returns the channel of what is heard (voice.Ear).
func (e *ear) Results() <-chan voice.Heard { return e.results }

// Pending passes on what the ear that is open tells (voice.Pending).
func (e *ear) Pending() (pending, tells bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	inner, ok := e.inner.(voice.Pending)
	if !ok {
		return false, false
	}
	pending, tells = inner.Pending()
	return pending || len(e.inner.Results()) > 0, tells
}

// Close ends the ear (voice.Ear).
func (e *ear) Close() { e.cancel() }

// Write passes a frame on, or keeps it for the ear to come (voice.Ear).
func (e *ear) Write(samples *call.Frame) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.frames++
	if e.inner != nil {
		e.inner.Write(samples)
		return
	}
	if len(e.waiting) == kept {
		if lost := e.waiting[0].speech; len(lost) > 0 {
			e.begun = lost[len(lost)-1]
		}
		e.waiting = append(e.waiting[:0], e.waiting[1:]...)
	}
	e.waiting = append(e.waiting, frame{samples: *samples})
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Speech passes on what the detector says (voice.Ear).
func (e *ear) Speech(started bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.speaking = started
	if e.inner != nil {
		e.inner.Speech(started)
	} else if n := len(e.waiting); n > 0 {
		e.waiting[n-1].speech = append(e.waiting[n-1].speech, started)
	} else {
		e.begun = started
	}
}

// WantPartial passes on whether partial results are of use (voice.Sparing).
func (e *ear) WantPartial(wanted bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.spares = !wanted
	if inner, ok := e.inner.(voice.Sparing); ok {
		inner.WantPartial(wanted)
	}
}

var errEnded = errors.New("the ear has ended")

func (e *ear) run() {
	defer close(e.results)
	defer e.cancel()
	for {
		select { // a call on hold needs none
		case <-e.ctx.Done():
			return
		case <-e.wake:
		}
		_ = e.r.order.Try(e.ctx, func(r voice.Recognizer) (bool, error) { return false, e.hear(r) }) // it is in the log
		select {
		case <-e.ctx.Done():
			return
		case <-time.After(e.r.again):
		}
	}
}

// hear hears by one recogniser until its ear, or the call, ends.
func (e *ear) hear(r voice.Recognizer) error {
	inner, err := r.Listen(e.ctx, e.language)
	if err != nil {
		return err
	}
	defer inner.Close()
	base := e.open(inner)
	err = errEnded
	for h := range inner.Results() {
		if h.Err != nil {
			err = h.Err
		}
		offset := time.Duration(base) * call.FrameTime
		h.From, h.To = h.From+offset, h.To+offset
		for n := range h.Words {
			h.Words[n].From, h.Words[n].To = h.Words[n].From+offset, h.Words[n].To+offset
		}
		if h.Final || len(e.results) < cap(e.results)/2 {
			select {
			case e.results <- h:
			case <-e.ctx.Done():
			}
		}
	}
	e.mu.Lock()
	e.inner = nil
	e.begun = e.speaking
	e.mu.Unlock()
	if e.ctx.Err() != nil {
		return nil
	}
	return err
}

// open gives an ear what waits for it, and returns how many frames came before that.
func (e *ear) open(inner voice.Ear) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	base := e.frames - len(e.waiting)
	if inner, ok := inner.(voice.Sparing); ok && e.spares {
		inner.WantPartial(false)
	}
	if e.begun {
		inner.Speech(true) // it hears the rest
	}
	for n := range e.waiting {
		inner.Write(&e.waiting[n].samples)
		for _, started := range e.waiting[n].speech {
			inner.Speech(started)
		}
	}
	e.inner, e.waiting, e.begun = inner, nil, false
	return base
}
