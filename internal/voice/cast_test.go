package voice

import (
	"strings"
	"sync"
	"testing"
)

// cast is a Speaker of two voices that casts every call as one of them.
type cast struct {
	tones
	as   string
	open bool

	mu    sync.Mutex
	texts []string
}

func (c *cast) Cast(_ string, texts []string, open bool) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.texts, c.open = texts, open
	return c.as
}

// No call mixes two voices, whatever fails in it.
func TestACallIsSpokenInOneVoice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, as, want string
		fails          func(voice, text string) bool
	}{
		{"as it is cast", "plain", "plain", func(string, string) bool { return false }},
		{"fails from the beginning", "odd", "", func(voice, _ string) bool { return voice == "odd" }},
		{"fails in the talk", "odd", "odd", func(voice, text string) bool {
			return voice == "odd" && (strings.Contains(text, "Press 1") || strings.Contains(text, "Goodbye"))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var mu sync.Mutex
			made := map[string]int{}
			speaker := &cast{as: c.as}
			speaker.fail = func(voice, text string) error {
				mu.Lock()
				defer mu.Unlock()
				if c.fails(voice, text) {
					return errSpeech
				}
				made[voice]++
				return nil
			}
			script := offer()
			script.VoiceID = "neural"
			hold(t, New(Config{Speaker: speaker}), script, newLine("say 0.5; hear; keys 1"), &desk{})
			mu.Lock()
			defer mu.Unlock()
			if len(made) != 1 || made[c.want] == 0 {
				t.Errorf("spoken in %v, want all in %q", made, c.want)
			}
			if speaker.open || len(speaker.texts) < 5 || speaker.texts[0] != script.Opening {
				t.Errorf("cast for %q, open %v", speaker.texts, speaker.open)
			}
		})
	}
	if got := Cast(&tones{}, "any", nil, true); got != "any" {
		t.Errorf("a speaker that does not cast speaks in %q", got)
	}
}
