package lead

import (
	"testing"
	"time"

	"nacre/internal/call"
)

// TestBlockedWaitsADay: a number that was blocked on the way is called again as after a failed call, but not within a day,
// unless the policy names the outcome.
func TestBlockedWaitsADay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		retry          RetryPolicy
		interval, want time.Duration
	}{
		{"no policy", nil, 3 * time.Hour, 24 * time.Hour},
		{"a longer interval", nil, 48 * time.Hour, 48 * time.Hour},
		{"as failed, but a day", RetryPolicy{call.SetupFailed: {Delays: []int{60}}}, 3 * time.Hour, 24 * time.Hour},
		{"as failed", RetryPolicy{call.SetupFailed: {Delays: []int{60, 200000}}}, 3 * time.Hour, 200000 * time.Second},
		{"named", RetryPolicy{call.Blocked: {Delays: []int{60}}}, 3 * time.Hour, time.Minute},
	} {
		if got := (Rules{Interval: c.interval, Retry: c.retry}).delay(call.Blocked, 2); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
