package utterance

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"nacre/internal/call"
	"nacre/internal/hearing"
	"nacre/internal/voice"
)

const (
	before    = 300 * time.Millisecond // kept of what came before speech was reported: its first sounds are weak
	lead      = 200 * time.Millisecond // left before the first sound …
	trail     = 160 * time.Millisecond // … and after the last: a recogniser cuts closer as its model needs it
	softer    = 6.0                    // dB above the noise that make a sound: less than speech needs, for weak consonants
	quietest  = -60.0                  // dBFS below which nothing is a sound
	pause     = 160 * time.Millisecond // quiet of this length may be the end: its words are asked for before that is known
	longest   = 20 * time.Second       // recognisers drift in longer ones: they are cut, at a pause where there is one
	longSpeak = 12 * time.Second       // from here on a pause cuts
)

// ear implements voice.Ear.
type ear struct {
	r        *Recognizer
	ctx      context.Context
	cancel   context.CancelFunc
	language string
	vad      *hearing.VAD // for the noise floor

	// Of the goroutine that writes.
	frames      int       // written so far
	samples     []int16   // of the utterance, or of the time before it
	levels      []float64 // of the frames of samples, in dBFS
	floors      []float64 // the noise at that time
	speaking    bool
	lastPartial time.Duration // into the utterance
	quiet       int           // frames without sound at its end
	spares      bool          // partial results are of no use but at a pause

	mu      sync.Mutex
	number  int      // of the utterance
	current *request // the latest partial one that has not been answered
	covers  time.Duration
	partial string // the words of the latest partial result, which covers what was said up to covers; "" with covers 0 = none
	order   []*slot
	results chan voice.Heard
	closed  bool
}

// slot keeps the place of a final result: finals are brought in the order of speech.
type slot struct {
	heard voice.Heard
	done  bool
}

func (e *ear) reset() {
	if e.vad == nil {
		e.vad = hearing.NewVAD(hearing.VADConfig{Quietest: quietest, Margin: softer})
	}
	e.speaking, e.lastPartial, e.quiet = false, 0, 0
	e.samples, e.levels, e.floors = e.samples[:0], e.levels[:0], e.floors[:0]
}

// Results returns the channel of what is heard (voice.Ear).
func (e *ear) Results() <-chan voice.Heard { return e.results }

// Pending reports whether words that were asked for are still to come (voice.Pending).
func (e *ear) Pending() (pending, tells bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.closed && (e.current != nil || len(e.order) > 0), true
}

// Close ends the ear (voice.Ear).
func (e *ear) Close() { e.cancel() }

func (e *ear) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.closed = true
		close(e.results)
	}
}

// WantPartial says whether partial results are of use where there is no pause (voice.Sparing).
func (e *ear) WantPartial(wanted bool) { e.spares = !wanted }

// Write takes the next frame (voice.Ear).
func (e *ear) Write(frame *call.Frame) {
	if e.ctx.Err() != nil {
		return
	}
	e.vad.Push(frame)
	e.frames++
	e.samples = append(e.samples, frame[:]...)
	e.levels = append(e.levels, e.vad.Level())
	e.floors = append(e.floors, e.vad.Floor())
	if !e.speaking {
		if surplus := len(e.levels) - int(before/call.FrameTime); surplus > 0 {
			e.samples = slices.Delete(e.samples, 0, surplus*call.FrameSamples)
			e.levels = slices.Delete(e.levels, 0, surplus)
			e.floors = slices.Delete(e.floors, 0, surplus)
		}
		return
	}
	if e.sound(len(e.levels) - 1) {
		e.quiet = 0
	} else {
		e.quiet++
	}
	length := time.Duration(len(e.levels)) * call.FrameTime
	paused := e.quiet == int(pause/call.FrameTime)
	switch {
	case length >= longest || length >= longSpeak && paused:
		e.finish()
		e.reset()
		e.speaking = true
	case e.r.config.FirstPartial < 0:
	case paused:
		e.guess(likely)
	case e.spares:
	case e.lastPartial == 0 && length-before >= e.r.config.FirstPartial, e.lastPartial > 0 && length-e.lastPartial >= e.r.config.NextPartial:
		if e.quiet < int(pause/call.FrameTime) { // else the words are asked for already
			e.guess(partial)
			e.lastPartial = length
		}
	}
}

func (e *ear) sound(n int) bool { return e.levels[n] > max(quietest, e.floors[n]+softer) }

// Speech begins or ends an utterance (voice.Ear).
func (e *ear) Speech(started bool) {
	if started == e.speaking {
		return
	}
	if started {
		e.speaking = true
		return
	}
	e.finish()
	e.reset()
}

// cut returns the utterance without silence at either end; ok is false if nothing is left.
func (e *ear) cut() (samples []int16, from, to time.Duration, ok bool) {
	first, last := -1, -1
	for n := range e.levels {
		if e.sound(n) {
			if first < 0 {
				first = n
			}
			last = n
		}
	}
	if first < 0 {
		return nil, 0, 0, false
	}
	began := time.Duration(e.frames-len(e.levels)) * call.FrameTime
	from, to = began+time.Duration(first)*call.FrameTime, began+time.Duration(last+1)*call.FrameTime
	first = max(first-int(lead/call.FrameTime), 0)
	last = min(last+int(trail/call.FrameTime), len(e.levels)-1)
	return slices.Clone(e.samples[first*call.FrameSamples : (last+1)*call.FrameSamples]), from, to, true
}

func (e *ear) request(u urgency) (q *request, ok bool) {
	samples, from, to, ok := e.cut()
	if !ok {
		return nil, false
	}
	q = &request{ear: e, urgency: u, from: from, to: to, u: Utterance{Samples: samples, Language: e.language, Final: u != partial}}
	q.ctx, q.cancel = context.WithCancel(e.ctx)
	return q, true
}

// guess asks for the words so far. The one before gives way if it has not been begun.
func (e *ear) guess(u urgency) {
	q, ok := e.request(u)
	if !ok {
		return
	}
	e.mu.Lock()
	previous := e.current
	e.current, q.number = q, e.number
	e.mu.Unlock()
	if previous != nil {
		if u == partial && !e.r.waiting(previous) { // it is being recognised: its words will soon be there
			e.keep(previous)
			q.cancel()
			return
		}
		e.r.drop(previous)
	}
	if !e.r.ask(q) {
		e.keep(nil)
		q.cancel()
	}
}

// keep has a request be the latest one again, unless it was answered meanwhile.
func (e *ear) keep(q *request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if q != nil && q.answered {
		q = nil
	}
	e.current = q
}

// waiting reports whether a request is still in its queue.
func (r *Recognizer) waiting(q *request) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !q.begun && !q.gone
}

// finish asks for the words of the whole utterance, or takes those of a guess that turns out to be whole.
func (e *ear) finish() {
	q, ok := e.request(final)
	e.mu.Lock()
	current := e.current
	e.current = nil
	e.number++
	place := &slot{heard: voice.Heard{Final: true}}
	e.order = append(e.order, place)
	covers, words := e.covers, e.partial
	e.covers, e.partial = 0, ""
	if !ok { // a click, or noise that has become the floor
		place.heard.From = time.Duration(e.frames) * call.FrameTime
		place.heard.To, place.done = place.heard.From, true
		e.deliver()
		e.mu.Unlock()
		if current != nil {
			e.r.drop(current)
		}
		return
	}
	place.heard.From, place.heard.To = q.from, q.to
	if covers == q.to { // nothing more was said
		place.heard.Text, place.done = words, true
		e.deliver()
		e.mu.Unlock()
		q.cancel()
		return
	}
	if current != nil && current.urgency != partial && current.to == q.to {
		current.place = place
		e.mu.Unlock()
		q.cancel()
		e.r.promote(current)
		return
	}
	q.place = place
	e.mu.Unlock()
	if current != nil {
		e.r.drop(current)
	}
	e.r.ask(q)
}

// answer takes the result of a request.
func (e *ear) answer(q *request, text string, err error) {
	text = strings.TrimSpace(text)
	e.mu.Lock()
	defer e.mu.Unlock()
	q.answered = true
	if e.current == q {
		e.current = nil
	}
	if q.place != nil {
		q.place.heard.Text, q.place.heard.Err, q.place.done = text, err, true
		e.deliver()
		return
	}
	if err != nil || e.closed || q.number != e.number {
		return // the final one tells, or has told
	}
	if q.u.Final {
		e.covers, e.partial = q.to, text
	}
	if len(e.results) < cap(e.results)/2 {
		e.results <- voice.Heard{Text: text, From: q.from, To: q.to}
	}
}

// deliver brings the final results that are next in order. e.mu is held.
func (e *ear) deliver() {
	for len(e.order) > 0 && e.order[0].done {
		if !e.closed && len(e.results) < cap(e.results) {
			e.results <- e.order[0].heard
		}
		e.order = e.order[1:]
	}
}
