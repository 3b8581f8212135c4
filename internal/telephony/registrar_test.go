package telephony

import (
	"testing"
	"time"
)

// TestRegistrationsHaveAFloor: a peer that grants a second is asked again after twenty, not after one.
func TestRegistrationsHaveAFloor(t *testing.T) {
	t.Parallel()
	least := Timers{}.withDefaults().Refresh
	for granted, want := range map[time.Duration]time.Duration{
		0: 20 * time.Second, time.Second: 20 * time.Second, 20 * time.Second: 20 * time.Second,
		time.Minute: 45 * time.Second, 5 * time.Minute: 4 * time.Minute, time.Hour: 59 * time.Minute,
	} {
		if got := refreshAfter(granted, least); got != want {
			t.Errorf("granted %s: again after %s, want %s", granted, got, want)
		}
	}
}
