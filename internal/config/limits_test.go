package config

import (
	"strings"
	"testing"
)

// TestDayCaps: their defaults are beyond ten thousand calls a day of one key, and each can be set, switched off, and not be below 0.
func TestDayCaps(t *testing.T) {
	t.Parallel()
	const campaign, minutesEach = 10_000, 3
	got, err := parse(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if got.CallsPerDay <= campaign || got.CallsPerDayOfKey <= campaign || got.MinutesPerDay <= minutesEach*campaign || got.MinutesPerDayOfKey <= minutesEach*campaign {
		t.Errorf("a campaign of %d calls a day meets the caps: %+v", campaign, got.Limits)
	}
	for flag, value := range map[string]func(Serve) int{
		"calls-per-day": func(s Serve) int { return s.CallsPerDay }, "minutes-per-day": func(s Serve) int { return s.MinutesPerDay },
		"calls-per-day-of-key":   func(s Serve) int { return s.CallsPerDayOfKey },
		"minutes-per-day-of-key": func(s Serve) int { return s.MinutesPerDayOfKey },
	} {
		for text, want := range map[string]int{"0": 0, "7": 7} {
			got, err := parse(t, "", "--"+flag+"="+text)
			if err != nil || value(got) != want {
				t.Errorf("--%s=%s: %d, %v", flag, text, value(got), err)
			}
		}
		if _, err := parse(t, "", "--"+flag+"=-1"); err == nil || !strings.Contains(err.Error(), "--"+flag) {
			t.Errorf("--%s=-1: %v, want an error that names it", flag, err)
		}
	}
}
