package app

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"testing"

	"nacre/internal/api/route"
	"nacre/internal/config"
	"nacre/internal/id"
	"nacre/internal/speech/speechtest"
	"nacre/internal/voice"
	"nacre/internal/voice/flite"
	"nacre/internal/voice/local"
	"nacre/internal/voice/wav"
)

// TestVoices: every voice that is listed can be chosen by its id and speaks; an id that is not known any more speaks too.
func TestVoices(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the embedded voice is compiled")
	}
	speaker, err := flite.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = speaker.Close() })
	v := newVoices(speaker)
	if len(v.list(v, "http://nacre.test")) == 0 {
		t.Fatal("no voices are listed")
	}
	seen := map[string]bool{}
	for _, listed := range v.list(v, "http://nacre.test") {
		if _, ok := id.Parse(listed.ID); !ok || seen[listed.ID] || listed.Name == "" || listed.Language == "" {
			t.Errorf("listed as %+v", listed)
		}
		seen[listed.ID] = true
		if file, err := v.sample(t.Context(), listed.ID); err != nil {
			t.Errorf("%s has no sample: %v", listed.Name, err)
		} else if audio, err := wav.Read(bytes.NewReader(file)); err != nil || audio.Rate != 8000 || len(audio.Channel(0)) < 3*8000 {
			t.Errorf("%s has no sample that sounds: %v", listed.Name, err)
		}
		if listed.Sample != "http://nacre.test/samples/"+listed.ID {
			t.Errorf("its sample is at %s", listed.Sample)
		}
		if samples, err := v.Speak(t.Context(), listed.ID, "Yes."); err != nil || len(samples) == 0 {
			t.Errorf("%s does not speak: %v", listed.Name, err)
		}
	}
	for _, unknown := range []string{"", "ffffffffffffffffffffffff"} {
		if samples, err := v.Speak(t.Context(), unknown, "Yes."); err != nil || len(samples) == 0 {
			t.Errorf("%q does not speak: %v", unknown, err)
		}
	}
	if _, err := v.sample(t.Context(), "ffffffffffffffffffffffff"); !errors.Is(err, errNoSample) {
		t.Errorf("the sample of what is no voice of this machine: %v", err)
	}
	for _, listed := range v.list(voices{}, "http://nacre.test") {
		if listed.Sample != "" {
			t.Errorf("%s has a sample that costs", listed.Name)
		}
	}
	if newVoices().list(voices{}, "") != nil {
		t.Error("without a voice some are listed")
	}
}

// spoken is a voice that can speak a call in time, or not.
type spoken struct {
	*flite.Voice // nil: its methods are not called
	ids          []string
	ready        bool
}

func (s spoken) Voices() (list []voice.Info) {
	for _, id := range s.ids {
		list = append(list, voice.Info{ID: id, Name: id})
	}
	return list
}
func (s spoken) Ready(string, []string, bool) bool { return s.ready }

// A call is cast in the API's ids: the neural default voice, or the embedded one.
func TestVoicesCast(t *testing.T) {
	t.Parallel()
	for _, ready := range []bool{true, false} {
		v := newVoices(local.New(spoken{ids: []string{"heart"}, ready: ready}, spoken{ids: []string{"kal", "slt"}}))
		for id, want := range map[string]string{voiceID("heart"): voiceID("heart"), "": "", voiceID("slt"): voiceID("slt")} {
			if !ready && id != voiceID("slt") {
				want = voiceID("kal")
			}
			if got := voice.Cast(v, id, nil, false); got != want {
				t.Errorf("ready %v: %q is cast as %q, want %q", ready, id, got, want)
			}
		}
	}
}

// The neural voices come first where the speech folder has them, and the embedded ones keep their ids.
func TestNeuralVoicesAreTheDefault(t *testing.T) {
	t.Parallel()
	dir := speechtest.Folder(t)
	log := slog.New(slog.DiscardHandler)
	own := &models{folder: dir}
	embedded, err := openVoice(t.TempDir(), log)
	if err != nil {
		t.Fatal(err)
	}
	before := newVoices(embedded).list(voices{}, "")
	joined, neural := localVoices(own, t.TempDir(), 10, false, embedded, log)
	if neural == nil {
		t.Fatal("no neural voice")
	}
	defer neural.process.Close() //nolint:errcheck // nothing is under way
	defer joined.Close()         //nolint:errcheck // nothing is under way
	after := newVoices(joined).list(voices{}, "")
	count := 0
	for _, listed := range after {
		if slices.Contains(listed.Tags, "neural") {
			count++
		}
	}
	if count < 4 || !slices.Contains(after[0].Tags, "neural") || !slices.Contains(after[0].Tags, "default") {
		t.Errorf("%d neural voices in %+v", count, after)
	}
	for _, listed := range before {
		if !slices.ContainsFunc(after, func(v route.Voice) bool { return v.ID == listed.ID }) {
			t.Errorf("%s is gone", listed.Name)
		}
	}
	for _, off := range []struct {
		models *models
		room   int
	}{{nil, 10}, {own, 0}, {&models{folder: emptyFolder(t)}, 10}} {
		if alone, neural := localVoices(off.models, t.TempDir(), off.room, false, embedded, log); neural != nil || len(newVoices(alone).list(voices{}, "")) != len(before) {
			t.Error("there are neural voices where they are turned off")
		}
	}
}

// linguists are voices of which only the languages matter.
type linguists struct {
	voice.Speaker
	list []voice.Info
}

func (s linguists) Voices() []voice.Info { return s.list }
func (linguists) Close() error           { return nil }

// TestLanguageOfACall: it is that of the voice; of an unknown one, and without one, that of the default voice, which then speaks.
func TestLanguageOfACall(t *testing.T) {
	t.Parallel()
	v := newVoices(linguists{list: []voice.Info{{ID: "a", Language: "en-GB"}, {ID: "b", Language: "es-MX"}}}, linguists{list: []voice.Info{{ID: "c", Language: "he"}}})
	for voice, want := range map[string]string{"": "en-GB", voiceID("a"): "en-GB", voiceID("b"): "es-MX", voiceID("c"): "he", voiceID("gone"): "en-GB"} {
		if got := v.language(voice); got != want {
			t.Errorf("%q: %s, want %s", voice, got, want)
		}
	}
	if got := newVoices().language(""); got != "" {
		t.Errorf("nothing speaks %s", got)
	}
	list := []config.Voice{{Voices: []config.VoiceID{{ID: "b", Language: "es-MX"}}}}
	if got := languageOf(list, voiceID("b")) + languageOf(list, voiceID("a")); got != "es-MX" {
		t.Errorf("of the file: %s", got)
	}
}
