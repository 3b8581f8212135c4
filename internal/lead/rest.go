package lead

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"nacre/internal/call"
)

// Rest is the rest that a lead takes after an attempt: how that ended and the how-manieth it was. Its length is not fixed
// then: it is what the campaign's rules say when the next call would begin (contract 9.4). The zero value is no rest.
type Rest struct {
	After   call.Outcome
	Attempt int // counted from 1
}

// Zero reports whether there is no rest.
func (r Rest) Zero() bool { return r == Rest{} }

// String is the rest as it is stored: "" or for instance "busy 2".
func (r Rest) String() string {
	if r.Zero() {
		return ""
	}
	return string(r.After) + " " + strconv.Itoa(r.Attempt)
}

// MarshalText implements encoding.TextMarshaler.
func (r Rest) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Rest) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*r = Rest{}
		return nil
	}
	after, attempt, _ := strings.Cut(string(text), " ")
	n, err := strconv.Atoi(attempt)
	if err != nil {
		return fmt.Errorf("read rest %q: %w", text, err)
	}
	*r = Rest{After: call.Outcome(after), Attempt: n}
	return nil
}

// Length is how long a rest takes as the rules are now.
func (r Rules) Length(rest Rest) time.Duration {
	if rest.Zero() {
		return 0
	}
	return r.delay(rest.After, rest.Attempt)
}

// waits is since when, and by which rest, the lead waits; at InCallQueue as it did when it was claimed.
func (l Lead) waits() (since time.Time, rest Rest) {
	if l.Status == InCallQueue {
		return l.State.FromDue, l.State.FromRest
	}
	return l.Due, l.Rest
}

// DueAt is when the lead may be called as the rules are now, zero = not until something changes. Of a claimed lead it says
// when it might have been claimed.
func (l Lead) DueAt(rules Rules) time.Time {
	since, rest := l.waits()
	if since.IsZero() {
		return since
	}
	return since.Add(rules.Length(rest))
}

// AttemptLeft reports whether another call may begin as the rules are now: the campaign's maximum allows one, and so does
// the retry policy for what the lead rests from.
func (l Lead) AttemptLeft(rules Rules) bool {
	_, rest := l.waits()
	return l.belowMaximum(rules) && l.again(rest.After, rules)
}

func (l Lead) belowMaximum(rules Rules) bool {
	return l.Attempts < rules.MaximumAttempts || l.State.Granted
}

// again reports whether the retry policy gives another attempt after one that ended so. After a message was left only a
// policy that names voicemail does (contract 9.2).
func (l Lead) again(outcome call.Outcome, rules Rules) bool {
	policy, named := rules.Retry[outcome]
	if outcome == call.Voicemail && !named {
		return false
	}
	return policy.MaximumAttempts == nil || l.State.Spent[outcome] < *policy.MaximumAttempts
}

// exhausted is where a lead ends that has no attempt left.
func (l Lead) exhausted() Status {
	if _, rest := l.waits(); rest.After == call.Voicemail {
		return VoiceMailLeft
	}
	return Unreachable
}
