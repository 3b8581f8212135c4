package app

import (
	"bytes"
	"context"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/config"
	"nacre/internal/engine"
	"nacre/internal/voice"
)

// rememberer is a voice that knows what it has spoken.
type rememberer struct {
	plainVoice
	mu    sync.Mutex
	times map[string]int
}

func (r *rememberer) Speak(_ context.Context, _, text string) ([]int16, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.times[text]++
	return []int16{1}, nil
}

func (r *rememberer) Stream(ctx context.Context, voiceID, text string) iter.Seq2[[]int16, error] {
	return voice.Whole(func() ([]int16, error) { return r.Speak(ctx, voiceID, text) })
}

func (r *rememberer) Length(_, text string) (time.Duration, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return 0, r.times[text] > 0
}

// The demo has everything spoken once before the first call: the opening of each of the sixty, and what they have in common.
func TestDemoSpeaksAhead(t *testing.T) {
	t.Parallel()
	spoken := &rememberer{times: map[string]int{}}
	settings := config.Serve{Database: config.Database{Data: t.TempDir()}, Listen: "127.0.0.1:0", SIPListen: "127.0.0.1:0", AllowPrivateWebhooks: true}
	settings.Speech.Folder = config.NoSpeech
	s, err := startWith(t.Context(), settings, slog.New(slog.DiscardHandler), parts{openVoice: func(string, *slog.Logger) (voice.Voices, error) { return spoken, nil }})
	t.Cleanup(s.Close)
	if err != nil {
		t.Fatal(err)
	}
	<-s.rehearsed
	var shown bytes.Buffer
	d := &demo{say: &shown, base: s.url, data: settings.Data}
	if d.receiver, err = newReceiver(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.receiver.Close)
	owner, err := s.engine.DefaultAccount(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, d.key, err = s.engine.CreateKey(t.Context(), engine.Actor{Account: owner.ID, By: "test"}, "demo", account.ScopeFull, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := d.campaign(t.Context()); err != nil {
		t.Fatal(err)
	}
	people := spoken.times
	spoken.times = map[string]int{}
	if err := d.speakAhead(t.Context(), s, owner.ID); err != nil {
		t.Fatal(err)
	}
	openings := 0
	for text, times := range spoken.times {
		if strings.HasPrefix(text, "Hello ") && strings.Contains(text, "this is Neil") {
			openings++
		}
		if times != 1 {
			t.Errorf("%q was spoken %d times", text, times)
		}
	}
	if openings != 60 || spoken.times["Would you like to renew it for another year?"] == 0 {
		t.Errorf("%d openings among %d texts", openings, len(spoken.times))
	}
	if len(people) == 0 || !strings.Contains(shown.String(), "of 60 people") {
		t.Errorf("shown: %s", shown.String())
	}
	d.head(true, true)
	if !strings.Contains(shown.String(), "--neural") {
		t.Errorf("shown: %s", shown.String())
	}
	if live, err := s.store.UnfinishedCalls(t.Context(), ""); err != nil || len(live) > 0 {
		t.Errorf("%d calls, %v", len(live), err)
	}
}
