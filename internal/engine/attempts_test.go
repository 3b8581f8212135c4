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
		_, err := a.begin(attemptsToSignIn(person, address, false), now)
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
	if _, err := a.begin(attemptsToSignIn("@ada", "198.51.100.1", true), now); err != nil {
		t.Errorf("the person where she signed in last: %v", err)
	}
	if _, err := a.begin(attemptsOfSession("ada's"), now); err != nil {
		t.Errorf("the person in her session: %v", err)
	}
	if _, err := a.begin(attemptsWithCodes("192.0.2.1"), now); err != nil {
		t.Errorf("a code from an address that guessed passwords: %v", err)
	}
	if err := begin("198.51.100.1", "@bob"); err != nil {
		t.Errorf("another person: %v", err)
	}
	for n := range attemptsOfOne - 1 {
		if err := begin("198.51.100.1", "@carol"); err != nil {
			t.Fatalf("attempt %d of an address: %v", n, err)
		}
	}
	if err := begin("198.51.100.1", "@carol"); !fault.Is(err, fault.TooMany) {
		t.Errorf("one more of the address: %v", err)
	}
	takeBack, err := a.begin(attemptsToSignIn("@eve", "198.51.100.2", false), now)
	if err != nil {
		t.Fatal(err)
	}
	takeBack()
	for n := range attemptsOfOne {
		if err := begin("198.51.100.2", "@dan"); err != nil {
			t.Errorf("attempt %d after one that did not fail: %v", n, err)
		}
	}
	now = now.Add(attemptWindow)
	if err := begin("198.51.100.1", "@ada"); err != nil {
		t.Errorf("when the window is over: %v", err)
	}
	for n := range attemptsRemembered + 10 {
		if err := begin(fmt.Sprint("address ", n), fmt.Sprint("@", n)); err != nil {
			t.Fatal(err)
		}
	}
	if len(a.seen) > attemptsRemembered {
		t.Errorf("%d are remembered", len(a.seen))
	}
}
