package webhook

import (
	"slices"
	"testing"
	"time"

	"nacre/internal/engine"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "soon": 0, "-5": 0, "1.5": 0,
		"0": time.Second, "1": time.Second, " 120 ": 2 * time.Minute, "86400": 24 * time.Hour, "86401": 24 * time.Hour,
		"99999999999999999999":          24 * time.Hour,
		"Mon, 23 Nov 2026 09:10:00 GMT": 10 * time.Minute,
		"Mon, 23 Nov 2026 08:00:00 GMT": time.Second,
		"Tue, 24 Nov 2026 23:00:00 GMT": 24 * time.Hour,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("Retry-After %q is %s, want %s", header, got, want)
		}
	}
}

// TestShortRetryAfterDoesNotUseUpTheTries: a receiver that always says one second still has three days to recover.
func TestShortRetryAfterDoesNotUseUpTheTries(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	began := now
	var tries []engine.Try
	for {
		v := exchangeResult{try: engine.Try{At: now, Status: 429}, retryAfter: time.Second}
		state, at := next(tries, v, now, 0.5)
		tries = append(tries, v.try)
		if state != engine.DeliveryPending {
			break
		}
		now = at
	}
	if len(tries) != maxTries || now.Sub(began) < 70*time.Hour {
		t.Errorf("dead after %d tries in %s", len(tries), now.Sub(began))
	}
}

func TestReplayBeginsANewSchedule(t *testing.T) {
	t.Parallel()
	of := func(statuses ...int) []engine.Try {
		var tries []engine.Try
		for _, status := range statuses {
			tries = append(tries, engine.Try{Status: status})
		}
		return tries
	}
	for name, c := range map[string]struct {
		earlier []engine.Try
		want    int
	}{
		"new":             {nil, 0},
		"third":           {of(500, 0), 2},
		"after delivery":  {of(500, 200), 0},
		"after 410":       {of(500, 410), 0},
		"after death":     {of(slices.Repeat([]int{500}, 12)...), 0},
		"replayed, again": {of(append(slices.Repeat([]int{500}, 12), 500, 500)...), 2},
		"200 too late":    {[]engine.Try{{Status: 200, Error: "no complete answer within 15 seconds"}}, 1},
	} {
		if got := triesSinceReplay(c.earlier); got != c.want {
			t.Errorf("%s: %d tries, want %d", name, got, c.want)
		}
	}
}
