package fallback

import (
	"context"
	"errors"
	"iter"
	"time"

	"nacre/internal/provider"
	"nacre/internal/voice"
)

// Voices implements voice.Voices by those of several providers. A text whose voice fails before its first sound is spoken by
// the default voice of the next provider: a call that goes on in another voice is better than one that is silent.
type Voices struct {
	order *provider.Order[voice.Voices]
	names []string // in order
	list  []voice.Info
	owner map[string]string // provider's name, by the id of its voice
	items map[string]voice.Voices
}

var (
	_ voice.Voices = (*Voices)(nil)
	_ voice.Caster = (*Voices)(nil)
)

// Rest is that of a provider in the order (provider.Order).
func (v *Voices) Rest(name string) (time.Duration, error) { return v.order.Rest(name) }

// Named is a provider with the name that it has in the order.
type Named struct {
	Name   string
	Voices voice.Voices
	Local  bool // part of this machine
}

// NewVoices returns the voices of the providers; those of the first come first. Of two with the same id the first is kept.
func NewVoices(order *provider.Order[voice.Voices], providers []Named) *Voices {
	v := &Voices{order: order, owner: map[string]string{}, items: map[string]voice.Voices{}}
	for _, p := range providers {
		if p.Local {
			order.AddLocal(p.Name, p.Voices)
		} else {
			order.Add(p.Name, p.Voices)
		}
		v.items[p.Name] = p.Voices
		v.names = append(v.names, p.Name)
		for _, info := range p.Voices.Voices() {
			if v.owner[info.ID] == "" {
				v.owner[info.ID] = p.Name
				v.list = append(v.list, info)
			}
		}
	}
	return v
}

// Voices returns all of them (voice.Voices).
func (v *Voices) Voices() []voice.Info { return v.list }

// Close closes the providers (voice.Voices).
func (v *Voices) Close() error {
	var failures []error
	for _, p := range v.items {
		failures = append(failures, p.Close())
	}
	return errors.Join(failures...)
}

// Speak returns the speech of a text (voice.Speaker).
func (v *Voices) Speak(ctx context.Context, voiceID, text string) (samples []int16, err error) {
	err = v.try(ctx, voiceID, func(speaker voice.Voices, id string) (used bool, err error) {
		samples, err = speaker.Speak(ctx, id, text)
		return false, err
	})
	return samples, err
}

// Stream yields the speech of a text as it comes (voice.Speaker).
func (v *Voices) Stream(ctx context.Context, voiceID, text string) iter.Seq2[[]int16, error] {
	return func(yield func([]int16, error) bool) {
		stopped := false
		err := v.try(ctx, voiceID, func(speaker voice.Voices, id string) (used bool, err error) {
			for samples, err := range speaker.Stream(ctx, id, text) {
				if err != nil {
					return used, err
				}
				used = true
				if stopped = !yield(samples, nil); stopped {
					return true, nil
				}
			}
			return used, nil
		})
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
}

// Cast chooses the default voice of the next provider where that of a voice rests, so that the call is spoken in one voice from
// its first word; and has the provider cast (voice.Caster).
func (v *Voices) Cast(voiceID string, texts []string, open bool) string {
	voiceID = v.id(voiceID)
	owner := v.owner[voiceID]
	if v.order.Rests(owner) {
		for _, name := range v.names {
			if !v.order.Rests(name) {
				owner, voiceID = name, v.items[name].Voices()[0].ID
				break
			}
		}
	}
	return voice.Cast(v.items[owner], voiceID, texts, open)
}

// Length returns how long a text is in its own voice (voice.Speaker).
func (v *Voices) Length(voiceID, text string) (time.Duration, bool) {
	voiceID = v.id(voiceID)
	return v.items[v.owner[voiceID]].Length(voiceID, text)
}

func (v *Voices) id(voiceID string) string {
	if v.owner[voiceID] == "" {
		return v.list[0].ID
	}
	return voiceID
}

func (v *Voices) try(ctx context.Context, voiceID string, speak func(speaker voice.Voices, id string) (used bool, err error)) error {
	voiceID = v.id(voiceID)
	owner := v.owner[voiceID]
	return v.order.First(owner).Try(ctx, func(speaker voice.Voices) (bool, error) {
		if speaker == v.items[owner] {
			return speak(speaker, voiceID)
		}
		return speak(speaker, "")
	})
}
