package trial

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/rehearsal"
	"nacre/internal/scenario"
	"nacre/internal/turn"
)

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func trials(t *testing.T, change func(*Config)) (*Trials, *clock) {
	t.Helper()
	ids, err := id.NewSource(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{now: time.Date(2026, 11, 26, 15, 0, 0, 0, time.UTC)}
	config := Config{IDs: ids, Now: c.Now}
	if change != nil {
		change(&config)
	}
	all := New(config)
	t.Cleanup(all.Close)
	return all, c
}

func florist(accountID id.ID) campaign.Pearl {
	outbound := campaign.DefaultOutbound()
	pearl := campaign.Pearl{
		ID: "665f1f77bcf86cd799439012", Account: accountID, Type: campaign.OutboundPearl, Name: "Florist", Outbound: &outbound,
		Definition: campaign.Definition{
			TimeZone: "Europe/Rome", CompanyDescription: "A florist", OpeningSentence: "Hello {firstName}, this is the florist.", SuccessDescription: "A delivery",
			TransferCallSettings: []campaign.Transfer{{PhoneNumber: "+14155550111"}},
		},
		Variables: []campaign.Variable{
			{ID: "wants", Name: "Delivery", Group: campaign.InCall, Type: call.Boolean, Description: "Shall we deliver?"},
			{ID: "bunches", Name: "Bunches", Group: campaign.InCall, Type: call.Int, Description: "How many bunches?"},
		},
	}
	pearl.Complete()
	return pearl
}

const account1, account2 = id.ID("665f1f77bcf86cd799439001"), id.ID("665f1f77bcf86cd799439002")

func ada() Person {
	return Person{Person: scenario.Person{Variables: map[string]any{"firstName": "Ada"}}}
}

func say(words string) scenario.Act {
	return scenario.Act{Do: scenario.DoSay, Words: scenario.Choice{words}}
}

// TestTalk: values fill in turn by turn, and what came of it is told at the end.
func TestTalk(t *testing.T) {
	t.Parallel()
	all, _ := trials(t, nil)
	pearl := florist(account1)
	v, err := all.Begin(pearl, ada())
	if err != nil || v.Over || len(v.Result.Transcript) == 0 || !strings.HasPrefix(v.Result.Transcript[0].Content, "Hello Ada") {
		t.Fatalf("%+v, %v", v, err)
	}
	if v, err = all.Do(account1, pearl.ID, v.ID, say("yes please")); err != nil || v.Over || len(v.Result.Collected) == 0 || v.Result.Collected[0].Value != true {
		t.Fatalf("%+v, %v", v, err)
	}
	v, err = all.Do(account1, pearl.ID, v.ID, say("five"))
	if err != nil || !v.Over || v.Result.Outcome != call.Success || !slices.ContainsFunc(v.Result.Collected, func(c call.Value) bool { return c.ID == "bunches" && c.Value == int64(5) }) {
		t.Fatalf("%+v, %v", v, err)
	}
	if again, err := all.Do(account1, pearl.ID, v.ID, say("hello?")); err != nil || len(again.Result.Transcript) != len(v.Result.Transcript) {
		t.Errorf("after the end: %+v, %v", again, err)
	}
	for _, other := range [][2]id.ID{{account2, pearl.ID}, {account1, account2}} {
		if _, err := all.Do(other[0], other[1], v.ID, say("hello?")); !fault.Is(err, fault.NotFound) {
			t.Errorf("somebody else's talk: %v", err)
		}
	}
}

// TestActionsAreNoted: who asks for a person is put through to nobody.
func TestActionsAreNoted(t *testing.T) {
	t.Parallel()
	all, _ := trials(t, nil)
	pearl := florist(account1)
	v, err := all.Begin(pearl, ada())
	if err != nil {
		t.Fatal(err)
	}
	v, err = all.Do(account1, pearl.ID, v.ID, say("I want to speak to a human being"))
	if err != nil || len(v.Actions) != 1 || v.Actions[0].Kind != call.ActTransfer || !v.Over || !v.Result.Transferred {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestBounds: talks are bounded by account and time, and idle ones end.
func TestBounds(t *testing.T) {
	t.Parallel()
	all, c := trials(t, nil)
	pearl := florist(account1)
	var first View
	for n := range mostOfAccount {
		v, err := all.Begin(pearl, ada())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			first = v
		}
		c.add(time.Second)
	}
	if _, err := all.Do(account1, pearl.ID, first.ID, say("wait a moment")); err != nil {
		t.Fatal(err)
	}
	c.add(time.Second)
	if _, err := all.Begin(pearl, ada()); err != nil || len(all.talks) != mostOfAccount || all.talks[first.ID] == nil {
		t.Errorf("%d talks are held, that of a moment ago among them: %t; %v", len(all.talks), all.talks[first.ID] != nil, err)
	}
	for range mostBegun - mostOfAccount - 1 {
		if _, err := all.Begin(pearl, ada()); err != nil {
			t.Fatal(err)
		}
	}
	var refused *fault.Error
	if _, err := all.Begin(pearl, ada()); !fault.Is(err, fault.TooMany) {
		t.Errorf("one more: %v", err)
	} else if refused = err.(*fault.Error); refused.RetryAfter <= 0 || refused.RetryAfter > beginAgain {
		t.Errorf("retry after %s", refused.RetryAfter)
	}
	if _, err := all.Begin(florist(account2), ada()); err != nil {
		t.Errorf("another account: %v", err)
	}
	c.add(longestIdle)
	if _, err := all.Begin(pearl, ada()); err != nil || len(all.talks) != 1 {
		t.Errorf("%d talks are held after a pause: %v", len(all.talks), err)
	}
}

// waits is a brain that does not answer before its time is over.
type waits struct{ asked chan struct{} }

func (w waits) Answer(ctx context.Context, _ turn.Input, _ turn.Turn) (turn.Reply, error) {
	w.asked <- struct{}{}
	<-ctx.Done()
	return turn.Reply{}, ctx.Err()
}

// TestOneRequestAtATime: a second request is not made to wait for the brain, and the end of all talks ends what it thinks.
func TestOneRequestAtATime(t *testing.T) {
	t.Parallel()
	brain := waits{make(chan struct{}, 1)}
	all, _ := trials(t, func(c *Config) { c.Brains = func(call.Script) []turn.Brain { return []turn.Brain{brain} } })
	pearl := florist(account1)
	v, err := all.Begin(pearl, ada())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan View)
	go func() {
		v, _ := all.Do(account1, pearl.ID, v.ID, say("what is this about?"))
		done <- v
	}()
	<-brain.asked
	if _, err := all.Do(account1, pearl.ID, v.ID, say("hello?")); !fault.Is(err, fault.Unfinished) {
		t.Errorf("%v", err)
	}
	all.Close()
	if v := <-done; !v.Over {
		t.Errorf("%+v", v)
	}
}

// TestRehearse: scenarios are judged one after another; one rehearsal of an account goes on at a time.
func TestRehearse(t *testing.T) {
	t.Parallel()
	all, _ := trials(t, nil)
	pearl := florist(account1)
	const file = "scenarios:\n- name: agrees\n  turns: [say: [yes please, sure], say: five]\n  expect: {outcome: success}\n- name: refuses\n  turns: [say: \"no\"]\n  expect: {outcome: success}\n"
	r, err := all.Rehearse(pearl, []byte(file))
	if err != nil || r.Count() != 3 {
		t.Fatalf("%v", err)
	}
	if _, err := all.Rehearse(pearl, []byte(file)); !fault.Is(err, fault.TooMany) {
		t.Errorf("a second one: %v", err)
	}
	var told []string
	if err := r.Run(t.Context(), func(v rehearsal.Verdict) error {
		told = append(told, v.Scenario+" "+strings.Join(v.Faults, "; "))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"agrees (1 of 2) ", "agrees (2 of 2) ", "refuses outcome is notSuccess, expected success"}; !slices.Equal(told, want) {
		t.Errorf("%q", told)
	}
	r, err = all.Rehearse(pearl, []byte(file))
	if err != nil {
		t.Fatalf("after the first: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Run(ctx, func(rehearsal.Verdict) error { t.Error("told after its end"); return nil }); err == nil {
		t.Error("no error")
	}
	for name, bad := range map[string]string{
		"yaml": "scenarios: [", "nothing": "", "many": "scenarios:\n- name: a\n  turns: [say: [" + strings.Repeat("x,", mostCasts+1) + "]]\n  expect: {outcome: success}\n", "zone": "zone: Nowhere\n" + file,
	} {
		if _, err := all.Rehearse(pearl, []byte(bad)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
