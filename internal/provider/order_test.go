package provider

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// orderOf returns an order of providers a, b and c whose clock stands at now.
func orderOf(now *time.Time) *Order[string] {
	o := NewOrder[string](slog.New(slog.DiscardHandler))
	o.now = func() time.Time { return *now }
	for _, name := range []string{"a", "b", "c"} {
		o.Add(name, name)
	}
	return o
}

func TestOrder(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	o := orderOf(&now)
	fails := map[string]error{}
	tried := func() string {
		names := ""
		_ = o.Try(t.Context(), func(name string) (bool, error) { names += name; return false, fails[name] })
		return names
	}
	if got := tried(); got != "a" {
		t.Errorf("the first serves: %s", got)
	}
	fails["a"] = &Error{Kind: Limited, RetryAfter: 7 * time.Second}
	fails["b"] = &Error{Kind: Unauthorized}
	steps := []struct {
		after time.Duration
		want  string
	}{{0, "abc"}, {6 * time.Second, "c"}, {2 * time.Second, "ac"}, {53 * time.Second, "abc"}}
	for _, step := range steps {
		if now = now.Add(step.after); tried() != step.want {
			t.Errorf("after %s not %s", step.after, step.want)
		}
	}

	o = orderOf(&now)
	fails = map[string]error{"a": &Error{Kind: Late}, "b": &Error{Kind: Rejected}, "c": errors.New("x")}
	for range failureCount {
		if got := tried(); got != "abc" {
			t.Errorf("%s: two failures are no reason to rest", got)
		}
	}
	if got := tried(); got != "b" {
		t.Errorf("%s: after three failures a rest, a rejected request costs none", got)
	}
	err := o.Try(t.Context(), func(string) (bool, error) { return false, fails["b"] })
	if !errors.Is(err, ErrResting) || !strings.Contains(err.Error(), "a rests") {
		t.Errorf("%v", err)
	}
	serves := func(name string) error { return fails["ready "+name] }
	if err := o.Ready(serves); err != nil {
		t.Errorf("b does not rest: %v", err)
	}
	fails["ready b"] = errors.New("behind")
	if err := o.Ready(serves); err == nil || !strings.Contains(err.Error(), "b: behind") {
		t.Errorf("%v", err)
	}
	now = now.Add(failureRest)
	if got := tried(); got != "abc" {
		t.Errorf("%s: after the rest they are tried again", got)
	}
	if got := tried(); got != "b" {
		t.Errorf("%s: and rest at once when they fail again", got)
	}
	now = now.Add(failureRest)
	fails = map[string]error{}
	tried()
	fails["a"] = &Error{Kind: Broken}
	if tried(); tried() != "ab" {
		t.Error("a success forgets the failures before it")
	}
}

func TestOrderUsed(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	o := orderOf(&now)
	names := ""
	err := o.Try(t.Context(), func(name string) (bool, error) { names += name; return true, &Error{Kind: Broken} })
	if KindOf(err) != Broken || names != "a" {
		t.Errorf("what was heard is not begun anew by another: %s, %v", names, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range failureCount + 1 {
		names = ""
		err = o.Try(ctx, func(name string) (bool, error) { names += name; cancel(); return false, ctx.Err() })
		if !errors.Is(err, context.Canceled) || names != "a" {
			t.Errorf("who goes away is not the provider's fault: %s, %v", names, err)
		}
	}
	if first := o.First("c"); first.entries[0].name != "c" || first.Len() != 3 || o.entries[0].name != "a" {
		t.Errorf("%v", first.entries)
	}
	o.First("c").entries[0].report(&Error{Kind: Unauthorized}, now)
	if rest, _ := o.entries[2].rests(now); rest != unauthorizedRest {
		t.Errorf("orders share what they know: %s", rest)
	}
	if !o.Rests("c") || o.Rests("a") || o.Rests("nobody") {
		t.Error("c rests, and no other")
	}
	for _, e := range o.entries {
		e.report(&Error{Kind: Limited}, now)
	}
	all := func(string) error { return nil }
	if err := o.Ready(all); !errors.Is(err, ErrResting) {
		t.Errorf("all rest: %v", err)
	}
	o.AddLocal("d", "d")
	o.entries[3].report(&Error{Kind: Limited}, now)
	if err := o.Ready(all); err != nil {
		t.Errorf("this machine never rests: %v", err)
	}
}
