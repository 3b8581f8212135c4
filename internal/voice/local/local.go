// Package local joins the voices of this machine: the neural ones, and the embedded ones, which stand in where a call could
// not be spoken by a neural one in time (docs/adr). It knows neither but by their ports.
package local

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"nacre/internal/voice"
)

// Neural is a voice that may be too slow to speak as a talk goes.
type Neural interface {
	voice.Voices
	// Ready reports, without blocking, whether a call that says all of the texts, and others where open is set, can be spoken
	// in time.
	Ready(voiceID string, texts []string, open bool) bool
}

// Voices implements voice.Voices and voice.Caster. The neural voices come first, so that theirs is the default one.
type Voices struct {
	neural   Neural
	embedded voice.Voices // nil = none
	list     []voice.Info
	plain    map[string]bool // ids of the embedded ones
}

var (
	_ voice.Voices = (*Voices)(nil)
	_ voice.Caster = (*Voices)(nil)
)

// New joins the voices; embedded may be nil. Of two with one id the neural one is kept.
func New(neural Neural, embedded voice.Voices) *Voices {
	v := &Voices{neural: neural, embedded: embedded, list: slices.Clone(neural.Voices()), plain: map[string]bool{}}
	if embedded == nil {
		return v
	}
	for _, info := range embedded.Voices() {
		if !slices.ContainsFunc(v.list, func(known voice.Info) bool { return known.ID == info.ID }) {
			v.list = append(v.list, info)
			v.plain[info.ID] = true
		}
	}
	return v
}

// Voices returns all of them, the neural ones first.
func (v *Voices) Voices() []voice.Info { return v.list }

// Cast returns voiceID, or the default embedded voice where that is a neural one which could not speak the call in time.
func (v *Voices) Cast(voiceID string, texts []string, open bool) string {
	if v.embedded == nil || v.plain[voiceID] || v.neural.Ready(voiceID, texts, open) {
		return voiceID
	}
	return v.embedded.Voices()[0].ID
}

// of returns whose a voice is; what is unknown is refused by the neural ones.
func (v *Voices) of(voiceID string) voice.Voices {
	if v.plain[voiceID] {
		return v.embedded
	}
	return v.neural
}

// Speak returns the speech of a text (voice.Speaker).
func (v *Voices) Speak(ctx context.Context, voiceID, text string) ([]int16, error) {
	return v.of(voiceID).Speak(ctx, voiceID, text)
}

// Stream yields the speech of a text (voice.Speaker).
func (v *Voices) Stream(ctx context.Context, voiceID, text string) iter.Seq2[[]int16, error] {
	return v.of(voiceID).Stream(ctx, voiceID, text)
}

// Length returns how long the speech of a text is (voice.Speaker).
func (v *Voices) Length(voiceID, text string) (time.Duration, bool) {
	return v.of(voiceID).Length(voiceID, text)
}

// Close closes both.
func (v *Voices) Close() error {
	err := v.neural.Close()
	if v.embedded != nil {
		err = errors.Join(err, v.embedded.Close())
	}
	return err
}
