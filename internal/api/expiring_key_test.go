package api_test

import (
	"testing"
	"time"

	"nacre/internal/account"
)

// TestAnExpiringKeyMakesNoneThatOutlivesIt: who has a key for a day cannot make one for ever.
func TestAnExpiringKeyMakesNoneThatOutlivesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	expires := w.clock().Add(24 * time.Hour)
	w.names["brief"] = w.key(t, w.actor, account.ScopeFull, expires)
	for body, want := range map[string]int{
		`{"name":"for ever"}`: 400,
		`{"name":"longer","expiresAt":"` + expires.Add(time.Second).UTC().Format(time.RFC3339) + `"}`: 400,
		`{"name":"as long","expiresAt":"` + expires.UTC().Format(time.RFC3339) + `"}`:                 200,
	} {
		response := w.ask(t, "POST /v2/Account/Keys\nAuthorization: Bearer {brief}\n\n"+body)
		if text := read(t, response); response.StatusCode != want {
			t.Errorf("%s: %d %s", body, response.StatusCode, text)
		}
	}
}
