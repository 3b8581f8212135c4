package api_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"nacre/internal/api"
	"nacre/internal/call"
	"nacre/internal/id"
)

// TestAudioIsLetGo: whoever listens to a call is taken off it when the request is over, also where nothing was sent.
func TestAudioIsLetGo(t *testing.T) {
	t.Parallel()
	left := make(chan struct{}, 2)
	s := newStreaming(t, func(c *api.Config) {
		c.Listen = func(id.ID) (<-chan call.Sound, func(), bool) { // nothing ever comes
			return nil, sync.OnceFunc(func() { left <- struct{}{} }), true
		}
	})
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		request, err := http.NewRequestWithContext(t.Context(), method, s.url+s.filled("/v2/Call/{liveCall}/Audio"), nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", s.filled("Bearer {readKey}"))
		response, err := http.DefaultClient.Do(request)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v %v", method, response, err)
		}
		if method == http.MethodGet {
			if _, err := io.ReadFull(response.Body, make([]byte, 44)); err != nil {
				t.Fatal(err)
			}
		}
		_ = response.Body.Close()
		<-left
	}
	// Who listened is noted, once; nothing is heard by HEAD.
	entries, err := s.store.AuditLog(t.Context(), s.actor.Account, time.Time{}, time.Time{}, 1008, nil, 10)
	if err != nil || len(entries) != 1 || entries[0].UserName != "test read" || !strings.Contains(string(entries[0].Data), s.names["liveCall"]) {
		t.Errorf("%+v %v, want who listened to which call", entries, err)
	}
}
