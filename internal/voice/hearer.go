package voice

import (
	"context"
	"log/slog"
	"time"

	"nacre/internal/call"
	"nacre/internal/hearing"
	"nacre/internal/turn"
)

// hearer holds the ear of one call. Its ear is opened in another goroutine, as a recogniser may be far away, and what it
// hears is polled once a frame. A nil hearer hears nothing.
type hearer struct {
	log    *slog.Logger
	opened chan Ear      // receives once; nil = it could not be opened
	ear    Ear           // nil = none yet, or not any more
	offset time.Duration // of the call's time to the ear's: it was opened later, and holds are not written
	frames int           // written
	words  bool          // the machine knows that words come
	spared bool          // the ear was told that partial results are of no use
}

func openEar(ctx context.Context, recognizer Recognizer, language string, log *slog.Logger) *hearer {
	h := &hearer{log: log, opened: make(chan Ear, 1)}
	go func() {
		defer survive(func(err error) {
			log.Error("open ear", "error", err)
			h.opened <- nil
		})
		ear, err := recognizer.Listen(ctx, language)
		if err != nil {
			log.Error("open ear: words are not understood in this call", "error", err)
			ear = nil
		}
		h.opened <- ear
	}()
	return h
}

// write gives the ear a frame that ends at now, and what the voice activity detector says of it.
func (h *hearer) write(frame *call.Frame, change hearing.Event, speaking bool, now time.Duration) {
	if h == nil {
		return
	}
	begins := false
	if h.ear == nil && h.opened != nil {
		select {
		case h.ear = <-h.opened:
			h.opened, begins = nil, true
		default:
		}
	}
	if h.ear == nil {
		return
	}
	h.ear.Write(frame)
	h.frames++
	h.offset = now - time.Duration(h.frames)*call.FrameTime
	switch {
	case change == hearing.Started, begins && speaking:
		h.ear.Speech(true)
	case change == hearing.Ended:
		h.ear.Speech(false)
	}
}

// want tells the ear whether partial results are of use, where it can leave them out.
func (h *hearer) want(partial bool) {
	if h == nil || h.ear == nil || h.spared != partial {
		return
	}
	if ear, ok := h.ear.(Sparing); ok {
		ear.WantPartial(partial)
		h.spared = !partial
	}
}

// poll returns the next event of the ear, if there is one.
func (h *hearer) poll() (event turn.Event, ok bool) {
	if h == nil || h.ear == nil {
		return turn.Event{}, false
	}
	if !h.words {
		h.words = true
		return turn.Event{Kind: turn.Ears, Active: true}, true
	}
	select {
	case heard, open := <-h.ear.Results():
		return h.event(heard, open), true
	default:
		return turn.Event{}, false
	}
}

// event is the event of a result.
func (h *hearer) event(heard Heard, open bool) turn.Event {
	if !open {
		h.ear = nil
		return turn.Event{Kind: turn.Ears}
	}
	if heard.Err != nil {
		h.log.Warn("speech was not recognised", "error", heard.Err)
	}
	return turn.Event{
		Kind: turn.Heard, Text: heard.Text, Final: heard.Final, EndOfTurn: heard.EndOfTurn, Failed: heard.Err != nil,
		From: heard.From + h.offset, To: heard.To + h.offset,
	}
}

// How long the end of a call waits for the words that were said last: while an ear is at them, of one that does not tell, and of
// one that is not.
const (
	lastWordsWait   = 4 * time.Second
	lastWordsMoment = time.Second
	lastWordsPassed = 50 * time.Millisecond
)

// lastWords brings what was said last, after the end of the call. all reports whether the words of all that was said are there.
func (h *hearer) lastWords(step func(turn.Event), all func() bool) {
	if h == nil || h.ear == nil || !h.words {
		return
	}
	h.ear.Speech(false)
	began := time.Now()
	for h.ear != nil {
		pending, tells := h.pending()
		for event, more := h.poll(); more; event, more = h.poll() {
			step(event)
		}
		left := lastWordsWait
		switch {
		case !pending && all():
			return
		case !pending && tells: // nothing comes, or is on its way from one channel to another
			left = lastWordsPassed
		case !tells:
			left = lastWordsMoment
		}
		late := time.NewTimer(max(left-time.Since(began), 0))
		select {
		case heard, open := <-h.ear.Results():
			step(h.event(heard, open))
		case <-late.C:
			return
		}
		late.Stop()
	}
}

func (h *hearer) close() {
	if h != nil && h.ear != nil {
		h.ear.Close()
	}
}
