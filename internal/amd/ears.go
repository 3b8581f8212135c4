package amd

import (
	"context"
	"fmt"
	"time"

	"nacre/internal/call"
	"nacre/internal/voice"
	"nacre/internal/voice/utterance"
)

// Ears are a recogniser of whole utterances in virtual time: the clock stands still while it works, and its words come as late as
// they would in a call.
type Ears struct {
	Recognize utterance.Recognize
}

// Delays of words on a machine that is not busy: what the recogniser takes besides, and for each second of speech.
const (
	wordsLate = 40 * time.Millisecond
	wordsPace = 45 * time.Millisecond
)

func (e *Ears) listen(ctx context.Context) (voice.Ear, error) {
	recognizer := utterance.New(utterance.Config{
		Recognize: e.Recognize, Deadline: time.Hour, // nobody waits
	})
	inner, err := recognizer.Listen(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return &ear{recognizer: recognizer, inner: inner, out: make(chan voice.Heard, 64)}, nil
}

// ear is a voice.Ear whose results wait for their instant of stream time.
type ear struct {
	recognizer *utterance.Recognizer
	inner      voice.Ear
	now        time.Duration
	waiting    []voice.Heard
	due        []time.Duration
	out        chan voice.Heard
}

// Write takes a frame once everything asked for before has been recognised (voice.Ear).
func (e *ear) Write(frame *call.Frame) {
	e.recognizer.Wait()
	e.collect()
	e.now += call.FrameTime
	e.inner.Write(frame)
	for len(e.due) > 0 && e.due[0] <= e.now {
		e.out <- e.waiting[0]
		e.waiting, e.due = e.waiting[1:], e.due[1:]
	}
}

func (e *ear) collect() {
	for {
		select {
		case heard, open := <-e.inner.Results():
			if !open {
				return
			}
			late := e.now + wordsLate + wordsPace*(heard.To-heard.From)/time.Second
			if n := len(e.due); n > 0 {
				late = max(late, e.due[n-1])
			}
			e.waiting, e.due = append(e.waiting, heard), append(e.due, late)
		default:
			return
		}
	}
}

func (e *ear) Speech(started bool)         { e.inner.Speech(started) }
func (e *ear) Results() <-chan voice.Heard { return e.out }
func (e *ear) Close()                      { e.inner.Close() }
