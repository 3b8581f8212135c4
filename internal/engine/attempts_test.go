package engine

import (
	"fmt"
	"testing"
	"time"

	"nacre/internal/fault"
)

// TestAttempts: attempts are counted from their beginning, of an address and of a person, and forgotten with their window.
func TestAttempts(t *testing.T) {
	t.Parallel()
	var a attempts
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	begin := func(address, person string) error {
		_, err := a.begin(address, person, now)
		return err
	}
	for n := range attemptsOfPerson {
		if err := begin(fmt.Sprintf("192.0.2.%d", n), "@ada"); err != nil {
			t.Fatalf("attempt %d of a person: %v", n, err)
		}
	}
	if err := begin("198.51.100.1", "@ada"); !fault.Is(err, fault.TooMany) {
		t.Errorf("one more of the person: %v", err)
	}
	if err := begin("198.51.100.1", "@bob"); err != nil {
		t.Errorf("another person: %v", err)
	}
	for n := range attemptsOfAddress - 1 {
		if err := begin("198.51.100.1", ""); err != nil {
			t.Fatalf("attempt %d of an address: %v", n, err)
		}
	}
	if err := begin("198.51.100.1", ""); !fault.Is(err, fault.TooMany) {
		t.Errorf("one more of the address: %v", err)
	}
	takeBack, err := a.begin("198.51.100.2", "@eve", now)
	if err != nil {
		t.Fatal(err)
	}
	takeBack()
	for n := range attemptsOfAddress {
		if err := begin("198.51.100.2", ""); err != nil {
			t.Errorf("attempt %d after one that did not fail: %v", n, err)
		}
	}
	now = now.Add(attemptWindow)
	if err := begin("198.51.100.1", "@ada"); err != nil {
		t.Errorf("when the window is over: %v", err)
	}
	for n := range attemptsRemembered + 10 {
		if err := begin(fmt.Sprint("address ", n), ""); err != nil {
			t.Fatal(err)
		}
	}
	if len(a.seen) > attemptsRemembered {
		t.Errorf("%d are remembered", len(a.seen))
	}
}
