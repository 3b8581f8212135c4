package sandbox

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
)

// counting answers like its speaker and counts what it is asked to say.
type counting struct {
	Speaker
	mu   sync.Mutex
	seen map[string]int
}

func (c *counting) Speak(ctx context.Context, voiceID, text string) ([]int16, error) {
	c.mu.Lock()
	c.seen[voiceID+": "+text]++
	c.mu.Unlock()
	return c.Speaker.Speak(ctx, voiceID, text)
}

// TestRehearseKnowsEveryLine: after a rehearsal nobody says anything new.
func TestRehearseKnowsEveryLine(t *testing.T) {
	t.Parallel()
	speaker := &counting{Speaker: Murmur{}, seen: map[string]int{}}
	carrier := New(speaker, Options{})
	defer carrier.Close()
	carrier.Rehearse(t.Context())
	known := len(speaker.seen)
	if known < 20 {
		t.Fatalf("only %d lines were rehearsed", known)
	}
	for digits := range 100 {
		for attempt := 1; attempt <= 2; attempt++ {
			carrier.rehearse(calleeOf(fmt.Sprintf("+141555501%02d", digits), attempt), slog.New(slog.DiscardHandler))
		}
	}
	if len(speaker.seen) != known {
		t.Errorf("%d lines are new after the rehearsal", len(speaker.seen)-known)
	}
}

// TestEveryNumberIsSomebody: every ending of two digits is one row of the carrier's table or one person, and the second attempt
// of those that are busy at first is a person.
func TestEveryNumberIsSomebody(t *testing.T) {
	t.Parallel()
	for digits := range 100 {
		rows, persons := 0, 0
		for _, r := range roles {
			if digits >= r.from && digits <= r.to && !r.firstOnly {
				rows++
			}
		}
		for _, s := range People() {
			for _, number := range s.Numbers {
				if number == digits {
					persons++
				}
			}
		}
		if rows+persons != 1 {
			t.Errorf("%02d is in %d rows and %d persons", digits, rows, persons)
		}
		if who := calleeOf(fmt.Sprintf("+141555501%02d", digits), 2); who.answers == (who.rejects != nil || who.ringsOut) || who.answers != (persons == 1) {
			t.Errorf("%02d: %+v", digits, who)
		}
	}
}
