package voice

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
)

// drips is a speaker that makes the opening sentence in pieces of 200 ms, each after a while; other texts come at once.
type drips struct {
	tones
	after  time.Duration
	pieces int   // of the opening that come; then err
	err    error // nil: all of them come
}

func (d *drips) Stream(ctx context.Context, voiceID, text string) iter.Seq2[[]int16, error] {
	return func(yield func([]int16, error) bool) {
		samples, err := d.Speak(ctx, voiceID, text)
		if !strings.HasPrefix(text, "Hello") {
			yield(samples, err)
			return
		}
		for n := 0; len(samples) > 0; n++ {
			if d.err != nil && n == d.pieces {
				yield(nil, d.err)
				return
			}
			select {
			case <-time.After(d.after):
			case <-ctx.Done():
				yield(nil, ctx.Err())
				return
			}
			piece := samples[:min(len(samples), call.SampleRate/5)]
			samples = samples[len(piece):]
			if !yield(piece, nil) {
				return
			}
		}
	}
}

// The first piece of a stream is heard when it is made, long before the last one is.
func TestStreamIsPlayedAsItIsMade(t *testing.T) {
	t.Parallel()
	l := newLine("start; wait 12; hang up")
	talk, _ := hold(t, New(Config{Speaker: &drips{after: 150 * time.Millisecond}}), offer(), l, &desk{})
	whole := time.Duration(len(offer().Opening)) * 60 * time.Millisecond
	if first := time.Duration(l.marks[0]) * call.FrameTime; first > 1800*time.Millisecond { // 1.2 s of waiting for a hello
		t.Errorf("first word after %s", first)
	}
	if talk.Broke != "" || !strings.HasPrefix(talk.Transcript[0].Content, offer().Opening) {
		t.Errorf("%+v", talk)
	}
	gaps := 0
	for n := l.marks[0]; n < l.marks[0]+int(whole/call.FrameTime)-2; n++ {
		if !l.said[n] {
			gaps++
		}
	}
	if gaps > 2 {
		t.Errorf("%d frames of silence in the opening, which was made faster than it is spoken", gaps)
	}
}

// Speech that breaks off is not begun anew; what was heard of it is in the transcript, and the call ends by other words.
func TestStreamBreaksOff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		voice *drips
		broke string
	}{
		{"fails", &drips{after: 350 * time.Millisecond, pieces: 5, err: errors.New("the line to the voice was cut")}, "was cut"},
		{"hangs", &drips{after: time.Hour}, "not ready in time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLine("")
			talk, ending := hold(t, New(Config{Speaker: c.voice}), offer(), l, &desk{})
			if !strings.Contains(talk.Broke, c.broke) || ending != call.PartyHungUp || l.elapsed() > 30*time.Second {
				t.Errorf("%s after %s: %+v", ending, l.elapsed(), talk)
			}
			last := talk.Transcript[len(talk.Transcript)-1].Content
			if !strings.Contains(last, "I cannot go on") {
				t.Errorf("ended by %q", last)
			}
			if first := talk.Transcript[0].Content; c.voice.pieces > 0 && (!strings.HasPrefix(offer().Opening, first) || len(first) > 20) {
				t.Errorf("a second of the opening was played, the transcript has %q", first)
			}
		})
	}
}
