package trial

import (
	"context"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/rehearsal"
	"nacre/internal/scenario"
)

// mostCasts bounds the scenarios of one request, variants counted one by one.
const mostCasts = 200

// Rehearsal is scenarios that are about to be rehearsed, which holds the account's place until Run has ended.
type Rehearsal struct {
	casts []Cast
	end   func()
}

// Rehearse reads a file of scenarios for a Pearl; the Pearl that the file may name is not looked at. One rehearsal of an account goes
// on at a time.
func (t *Trials) Rehearse(pearl campaign.Pearl, raw []byte) (*Rehearsal, error) {
	file, err := scenario.Parse(raw)
	if err != nil {
		return nil, fault.Bad("Scenarios", "The scenarios cannot be read: %s", err)
	}
	casts, err := Casts(pearl, file, t.rehearsal(), t.language, t.config.Now())
	if err != nil {
		return nil, fault.Bad("Scenarios", "The scenarios cannot be rehearsed: %s", err)
	}
	if len(casts) > mostCasts {
		return nil, fault.Bad("Scenarios", "These are %d scenarios, each variant counted; at most %d are rehearsed at once.", len(casts), mostCasts)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rehearses[pearl.Account] {
		return nil, &fault.Error{Kind: fault.TooMany, Detail: "Another rehearsal is going on.", RetryAfter: 5 * time.Second}
	}
	t.rehearses[pearl.Account] = true
	return &Rehearsal{casts, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.rehearses, pearl.Account)
	}}, nil
}

// Count is how many scenarios there are.
func (r *Rehearsal) Count() int { return len(r.casts) }

// Run rehearses one scenario after another and tells each verdict, until ctx ends or told fails.
func (r *Rehearsal) Run(ctx context.Context, told func(rehearsal.Verdict) error) error {
	defer r.end()
	for _, cast := range r.casts {
		verdict := rehearsal.Run(ctx, cast.Scenario, cast.Config)
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := told(verdict); err != nil {
			return err
		}
	}
	return nil
}
