package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"nacre/internal/api/route"
	"nacre/internal/voice/flite"
)

// voices are the embedded voices under the ids that the API gives them: 24 hex digits, the same in every installation.
type voices struct {
	speaker *flite.Voice // nil = none
	names   map[string]string
}

func newVoices(speaker *flite.Voice) voices {
	v := voices{speaker: speaker, names: map[string]string{}}
	if speaker != nil {
		for _, known := range speaker.Voices() {
			v.names[voiceID(known.ID)] = known.ID
		}
	}
	return v
}

// voiceID returns the id of an embedded voice.
func voiceID(name string) string {
	sum := sha256.Sum256([]byte("nacre voice " + name))
	return hex.EncodeToString(sum[:12])
}

// Speak implements voice.Speaker. An unknown voice is replaced by the default one.
func (v voices) Speak(ctx context.Context, voiceID, text string) ([]int16, error) {
	return v.speaker.Speak(ctx, v.names[voiceID], text)
}

// list returns the voices that the API offers.
func (v voices) list() []route.Voice {
	if v.speaker == nil {
		return nil
	}
	var list []route.Voice
	for n, known := range v.speaker.Voices() {
		entry := route.Voice{ID: voiceID(known.ID), Name: known.Name, Language: known.Language, Tags: []string{"embedded"}}
		if n == 0 {
			entry.Tags = append(entry.Tags, "default")
		}
		list = append(list, entry)
	}
	return list
}
