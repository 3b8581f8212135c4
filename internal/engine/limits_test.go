package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// testLimits: an account gets no more than it may own, is told why, and another account notices nothing.
func testLimits(t *testing.T, s engine.Store) {
	w, other := newWorld(t, s), newWorld(t, s)
	other.e = w.e // one server
	w.e.Limits = engine.Limits{Trunks: 2, Numbers: 3, Pearls: 3, OpenRequests: 2, Leads: 4}
	trunk := func(w *world) error {
		_, err := w.e.CreateTrunk(w.ctx, w.actor, account.Trunk{Name: "A", Trunk: call.Trunk{Host: "127.0.0.1", Transport: "udp", MaxCalls: 1, CallsPerSecond: 1}}, nil)
		return err
	}
	numbers := 0
	number := func(w *world) error {
		numbers++
		_, err := w.e.CreateNumber(w.ctx, w.actor, account.Number{Number: fmt.Sprintf("+120255501%02d", 40+numbers), Direction: account.Outbound}, nil)
		return err
	}
	pearl := func(w *world) error {
		settings := campaign.DefaultOutbound()
		settings.PhoneNumberID = w.number
		_, err := w.e.CreatePearl(w.ctx, w.actor, campaign.Pearl{Type: campaign.OutboundPearl, Name: "B", Outbound: &settings}, nil)
		return err
	}
	made := 0
	request := func(w *world) error {
		made++
		_, err := w.e.MakeCall(w.ctx, w.actor, w.pearl, fmt.Sprintf("+141555501%02d", made), nil, nil)
		return err
	}
	lead := func(w *world) error {
		_, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, []engine.NewLead{{Phone: phoneA}, {Phone: phoneB}}, nil)
		return err
	}
	for name, c := range map[string]struct {
		make func(w *world) error
		fit  int // how many may be made
		kind fault.Kind
		text string
	}{
		"trunks": {trunk, 2, fault.Invalid, "--trunks-per-account"}, "numbers": {number, 2, fault.Invalid, "--numbers-per-account"}, "pearls": {pearl, 2, fault.Invalid, "--pearls-per-account"},
		"requests": {request, 2, fault.TooMany, "--requests-per-account"}, "leads": {lead, 2, fault.Invalid, "--leads-per-account"},
	} {
		for n := range c.fit {
			if err := c.make(w); err != nil {
				t.Errorf("%s: number %d is refused: %v", name, n+1, err)
			}
		}
		if err := c.make(w); !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: one too many: %v, want a refusal that names %s", name, err, c.text)
		}
		if err := c.make(other); err != nil {
			t.Errorf("%s: another account: %v", name, err)
		}
	}
	// What is deleted makes room: the count is made anew when it is a minute old.
	found, err := s.LeadByPhone(w.ctx, w.account, w.pearl, phoneA)
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.LeadByPhone(w.ctx, w.account, w.pearl, phoneB)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.e.DeleteLeads(w.ctx, w.actor, w.pearl, []id.ID{found.ID, second.ID}); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(2 * time.Minute)
	if err := lead(w); err != nil {
		t.Errorf("leads after others were deleted: %v", err)
	}
	if err := lead(w); !fault.Is(err, fault.Invalid) {
		t.Errorf("one too many after the count was made anew: %v", err)
	}
}

// testRememberedAnswersAreBounded: where as much is remembered as may be, new keys are refused, remembered answers are answered, and another
// account notices nothing; room comes when the oldest answers have been remembered as long as was promised.
func testRememberedAnswersAreBounded(t *testing.T, s engine.Store) {
	w, other := newWorld(t, s), newWorld(t, s)
	other.e = w.e
	const answer = 7 << 10
	w.e.Limits = engine.Limits{RememberedAnswers: 3 * (answer + engine.RememberedRow)}
	made := 0
	add := func(w *world, key string) (replayed bool, err error) {
		keyed := engine.KeyedRequest{Account: w.account, Route: "POST /a", Key: key, BodyHash: []byte("a"), Stops: strings.HasPrefix(key, "stop")}
		earlier, replayed, err := w.e.Remembered(w.ctx, keyed)
		if err != nil || replayed {
			if replayed && len(earlier.Answer) != answer {
				t.Errorf("%d bytes were remembered, want %d", len(earlier.Answer), answer)
			}
			return replayed, err
		}
		made++
		remember := &engine.Remember[[]id.ID]{KeyedRequest: keyed, Answer: func([]id.ID) (int, string, []byte, error) {
			return 200, "text/plain", bytes.Repeat([]byte("a"), answer), nil
		}}
		_, err = w.e.AddLeads(w.ctx, w.actor, w.pearl, []engine.NewLead{{Phone: fmt.Sprintf("+1202555%04d", 100+made)}}, remember)
		return false, err
	}
	for n := range 3 {
		if _, err := add(w, fmt.Sprintf("key %d", n)); err != nil {
			t.Fatalf("answer %d: %v", n+1, err)
		}
		w.clock.Add(time.Hour)
	}
	full := func(when string) {
		t.Helper()
		_, err := add(w, when)
		var refusal *fault.Error
		if !errors.As(err, &refusal) || refusal.Kind != fault.TooMany || !strings.Contains(refusal.Detail, "--answers-per-account") || refusal.RetryAfter <= 0 {
			t.Errorf("%s: %v, want a refusal that names --answers-per-account and when to come again", when, err)
		}
	}
	full("a new key")
	if replayed, err := add(w, "key 0"); err != nil || !replayed {
		t.Errorf("a remembered answer: replayed %v, %v", replayed, err)
	}
	if _, err := add(other, "key 0"); err != nil {
		t.Errorf("another account: %v", err)
	}
	w.clock.Set(tuesday.Add(engine.RememberFor - time.Minute))
	full("just before the oldest has been remembered long enough")
	w.clock.Set(tuesday.Add(engine.RememberFor + time.Minute))
	if replayed, err := add(w, "key 0"); err != nil || replayed {
		t.Errorf("a key that was forgotten: replayed %v, %v", replayed, err)
	}
	full("another one")
	if _, err := add(w, "stop"); err != nil {
		t.Errorf("what stops calls: %v", err)
	}
}
