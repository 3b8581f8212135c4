package app

import (
	"log/slog"
	"testing"

	"nacre/internal/id"
	"nacre/internal/voice/flite"
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
	if len(v.list()) == 0 {
		t.Fatal("no voices are listed")
	}
	seen := map[string]bool{}
	for _, listed := range v.list() {
		if _, ok := id.Parse(listed.ID); !ok || seen[listed.ID] || listed.Name == "" || listed.Language == "" {
			t.Errorf("listed as %+v", listed)
		}
		seen[listed.ID] = true
		if samples, err := v.Speak(t.Context(), listed.ID, "Yes."); err != nil || len(samples) == 0 {
			t.Errorf("%s does not speak: %v", listed.Name, err)
		}
	}
	for _, unknown := range []string{"", "ffffffffffffffffffffffff"} {
		if samples, err := v.Speak(t.Context(), unknown, "Yes."); err != nil || len(samples) == 0 {
			t.Errorf("%q does not speak: %v", unknown, err)
		}
	}
	if newVoices().list() != nil {
		t.Error("without a voice some are listed")
	}
}
