package api_test

import (
	"strings"
	"testing"

	"nacre/internal/account"
	"nacre/internal/call"
)

// TestTrunkTestIsNoScanner: the test of a trunk whose host leads where the operator allows nothing says so, shows no address
// and asks nobody.
func TestTrunkTestIsNoScanner(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	trunk, err := w.engine.CreateTrunk(t.Context(), w.actor, account.Trunk{Name: "Inside", Trunk: call.Trunk{Host: "10.77.0.1", Port: 5060, Transport: "udp", MaxCalls: 1, CallsPerSecond: 1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer := read(t, w.ask(t, "POST /v2/Account/Trunks/"+string(trunk)+"/Test\n"))
	if !strings.Contains(answer, "--allow-networks") || strings.Contains(answer, "10.77") || strings.Contains(answer, "OPTIONS") || !strings.Contains(strings.ReplaceAll(answer, " ", ""), `"ok":false`) {
		t.Errorf("answered %s", answer)
	}
	// A trunk whose network is not allowed any more can still be switched off.
	if changed := read(t, w.ask(t, "PUT /v2/Account/Trunks/"+string(trunk)+"\n\n"+`{"isActive":false}`)); strings.TrimSpace(changed) != "true" {
		t.Errorf("switched off: %s", changed)
	}
}
