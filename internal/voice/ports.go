package voice

import (
	"context"
	"errors"
	"iter"
	"time"

	"nacre/internal/call"
)

// The ports to speech synthesis and recognition. A provider is one package below this one that implements them; it imports
// this package and no other provider.

// Speaker synthesises speech: 8 kHz mono samples without silence at either end, which must not be modified. voiceID "" is
// its default voice. Text with nothing to say has no samples. It should cache, because the same sentences come in every
// call, and must be safe for concurrent use.
type Speaker interface {
	// Speak returns the speech of a text as a whole.
	Speak(ctx context.Context, voiceID, text string) ([]int16, error)
	// Stream yields the same in pieces as they are made. A Speaker that is slower than speech yields nothing before it can
	// keep ahead of whoever listens. An error is yielded last, and ends the text where it is.
	Stream(ctx context.Context, voiceID, text string) iter.Seq2[[]int16, error]
	// Length returns how long the speech of a text is, where that is known; it does not block.
	Length(voiceID, text string) (time.Duration, bool)
}

// Voices is a Speaker that tells which voices it has.
type Voices interface {
	Speaker
	// Voices returns them, the default one first; at least one.
	Voices() []Info
	// Close waits for what is being spoken, at most some seconds. Speak fails from then on.
	Close() error
}

// Info describes one voice of a Speaker.
type Info struct {
	ID       string
	Name     string
	Language string // BCP 47
	Tags     []string
}

// Whole yields speech that was made as a whole: the Stream of a Speaker that does not stream.
func Whole(speak func() ([]int16, error)) iter.Seq2[[]int16, error] {
	return func(yield func([]int16, error) bool) { yield(speak()) }
}

// LengthOf returns how long samples sound.
func LengthOf(samples []int16) time.Duration {
	return time.Duration(len(samples)) * time.Second / call.SampleRate
}

// Recognizer recognises speech. It is safe for concurrent use.
type Recognizer interface {
	// Listen opens the ear of one call; ctx ends it. language is a BCP 47 tag, "" = the recogniser's own.
	Listen(ctx context.Context, language string) (Ear, error)
	// Ready returns an error while it does not hear a language (BCP 47; "" = any at all), or cannot keep up.
	Ready(language string) error
}

// ErrLanguage is the error of a Recognizer for a language that it does not know: words that are misheard are worse than keys.
var ErrLanguage = errors.New("the recogniser does not know the language")

// Ear hears one side of one call. Its time is stream time: 20 ms a Write. Write, Speech and Close are called by one
// goroutine and never block.
type Ear interface {
	// Write takes the next frame, silence included; it does not retain it.
	Write(frame *call.Frame)
	// Speech says what the voice activity detector found in the frame written last, for recognisers that do not find it by
	// themselves. The start comes some frames late, the end after some silence.
	Speech(started bool)
	// Results brings what was heard, in order. It is closed when the ear ends. A receiver that does not keep up loses partial
	// results.
	Results() <-chan Heard
	// Close ends the ear; what is being recognised is lost.
	Close()
}

// Pending is an Ear that knows whether results of what was written are still to come. tells is false where it does not now.
type Pending interface {
	Pending() (pending, tells bool)
}

// Sparing is an Ear that can leave out partial results, which cost as much as others: WantPartial says whether any are of use from
// now on. Until it is told they are brought. It is called by the goroutine that writes.
type Sparing interface {
	WantPartial(wanted bool)
}

// Heard is a result of an Ear. For each utterance come any number of partial results, each replacing the one before, and
// one that is final; Text is "" for sound without words. While somebody speaks a partial result is due every half second, where any is wanted: a
// recogniser of which nothing is heard for long is taken for deaf, and sound alone counts.
type Heard struct {
	Text      string
	Words     []Word // with times, where the recogniser knows them
	Final     bool
	EndOfTurn bool          // the recogniser itself judges the turn to be over
	From, To  time.Duration // stream time of the sound it covers, from its first to its last
	Err       error         // this utterance is lost, and the ear goes on; Final is set
}

// Word is one word of a Heard, in stream time.
type Word struct {
	Text     string
	From, To time.Duration
}
