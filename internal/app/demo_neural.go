package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
)

// demoCache is the room in MiB for what the demo's neural voice says: some minutes of speech take 16 KB a second.
const demoCache = 64

// keptCache returns the folder in which speech is kept from one demo to the next: the user's cache folder, or the demo's own
// where there is none.
func keptCache(data string) string {
	if kept, err := os.UserCacheDir(); err == nil {
		return filepath.Join(kept, "nacre")
	}
	return voiceCache(data)
}

// speakAhead has the neural voice speak all that is known to be said to the people of the campaign, before the first of them is
// called: in the midst of twenty calls it would take the processor that they need.
func (d *demo) speakAhead(ctx context.Context, running *server, accountID id.ID) error {
	pearlID, _ := id.Parse(d.pearl)
	pearl, err := running.store.ReadPearl(ctx, accountID, pearlID)
	if err != nil {
		return fmt.Errorf("read campaign: %w", err)
	}
	began, shown := time.Now(), time.Time{}
	for n, data := range d.callData {
		script := pearl.Script(call.Call{CallData: data})
		for _, text := range running.agent.Vocabulary(script) {
			if _, kept := running.speakers.Length(script.VoiceID, text); kept {
				continue
			}
			if time.Since(shown) > 5*time.Second {
				shown = time.Now()
				fmt.Fprintf(d.say, "the neural voice prepares: %d of %d people, %.0f s (it keeps what it has)\n", n, len(d.callData), time.Since(began).Seconds())
			}
			if _, err := running.speakers.Speak(ctx, script.VoiceID, text); err != nil {
				return fmt.Errorf("speak ahead: %w", err)
			}
		}
	}
	return nil
}
