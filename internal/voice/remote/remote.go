// Package remote makes a voice.Voices of a service that speaks a text in answer to an HTTP request: it decodes what comes as it
// comes, takes silence away, and keeps what was spoken, because the same sentences come in every call and cost each time. A
// provider says how it is asked.
package remote

import (
	"container/list"
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"nacre/internal/provider"
	"nacre/internal/voice"
)

// Config configures New.
type Config struct {
	Voices []voice.Info // the default one first; at least one
	// Ask asks for the speech of a text. voiceID is one of Voices.
	Ask    func(ctx context.Context, voiceID, text string) (*provider.Answer, error)
	Format Format
	// Spoke is told how many characters were asked for, once the speech has begun: they are paid for then. ctx is that of the
	// call. nil = nobody is told.
	Spoke func(ctx context.Context, characters int)
}

// Voices implements voice.Voices.
type Voices struct {
	config Config

	mu     sync.Mutex
	cache  map[key]*list.Element // of spoken
	recent *list.List            // the one used last first
	size   int                   // samples
	closed bool
}

type key struct{ voiceID, text string }

type spoken struct {
	key     key
	samples []int16
}

// cacheLimit bounds what is kept, in samples: half an hour of speech, 29 MB.
const cacheLimit = 30 * 60 * 8000

var _ voice.Voices = (*Voices)(nil)

// New returns the voices.
func New(config Config) *Voices {
	return &Voices{config: config, cache: map[key]*list.Element{}, recent: list.New()}
}

// Voices returns them (voice.Voices).
func (v *Voices) Voices() []voice.Info { return v.config.Voices }

var errClosed = errors.New("the voices are closed")

// Close ends the voices (voice.Voices). What is being spoken ends by its context.
func (v *Voices) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closed = true
	return nil
}

// Speak returns the speech of a text (voice.Speaker).
func (v *Voices) Speak(ctx context.Context, voiceID, text string) ([]int16, error) {
	var all []int16
	for samples, err := range v.Stream(ctx, voiceID, text) {
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = samples[:len(samples):len(samples)]
			continue
		}
		all = append(all, samples...)
	}
	return all, nil
}

// Stream yields the speech of a text as it comes (voice.Speaker).
func (v *Voices) Stream(ctx context.Context, voiceID, text string) iter.Seq2[[]int16, error] {
	return func(yield func([]int16, error) bool) {
		k := v.key(voiceID, text)
		if k.text == "" {
			return
		}
		if samples, known, err := v.find(k); known || err != nil {
			yield(samples, err)
			return
		}
		answer, err := v.config.Ask(ctx, k.voiceID, k.text)
		if err != nil {
			yield(nil, err)
			return
		}
		defer answer.Close()
		if kind := answer.Header.Get("Content-Type"); !audible(kind) {
			yield(nil, answer.Broken("the answer is no audio"))
			return
		}
		var all []int16
		for samples, err := range audio(answer, v.config.Format) {
			if err != nil {
				yield(nil, err)
				return
			}
			if all == nil && v.config.Spoke != nil {
				v.config.Spoke(ctx, utf8.RuneCountInString(k.text))
			}
			all = append(all, samples...)
			if !yield(samples, nil) {
				return
			}
		}
		if len(all) == 0 {
			yield(nil, answer.Broken("nothing but silence"))
			return
		}
		v.keep(k, all)
	}
}

// audible reports whether a type of media can be audio: errors that come with status 200 are text.
func audible(contentType string) bool {
	kind := strings.ToLower(contentType)
	return !strings.HasPrefix(kind, "text/") && !strings.Contains(kind, "json") && !strings.Contains(kind, "xml")
}

// Length returns how long a text that was spoken before is (voice.Speaker).
func (v *Voices) Length(voiceID, text string) (time.Duration, bool) {
	k := v.key(voiceID, text)
	if k.text == "" {
		return 0, true
	}
	samples, known, _ := v.find(k)
	return voice.LengthOf(samples), known
}

// key returns the key of a text, whose text is "" where nothing is to be said.
func (v *Voices) key(voiceID, text string) key {
	if voiceID == "" {
		voiceID = v.config.Voices[0].ID
	}
	text = strings.Join(strings.Fields(text), " ")
	if strings.IndexFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) < 0 {
		return key{}
	}
	return key{voiceID, text}
}

func (v *Voices) find(k key) (samples []int16, known bool, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil, false, errClosed
	}
	element, known := v.cache[k]
	if !known {
		return nil, false, nil
	}
	v.recent.MoveToFront(element)
	return element.Value.(*spoken).samples, true, nil
}

func (v *Voices) keep(k key, samples []int16) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, known := v.cache[k]; known || len(samples) > cacheLimit/4 {
		return
	}
	v.cache[k] = v.recent.PushFront(&spoken{k, samples})
	v.size += len(samples)
	for v.size > cacheLimit {
		oldest := v.recent.Back()
		gone := v.recent.Remove(oldest).(*spoken)
		delete(v.cache, gone.key)
		v.size -= len(gone.samples)
	}
}
