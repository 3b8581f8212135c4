package call

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMeter(t *testing.T) {
	t.Parallel()
	m := &Meter{}
	ctx := WithMeter(t.Context(), m)
	var adding sync.WaitGroup
	for range 10 {
		adding.Go(func() {
			MeterOf(ctx).Add(Charge{Kind: ChargeModel, Provider: "p", Model: "m", InputTokens: 100, CachedTokens: 50, OutputTokens: 7, Cost: 0.25})
		})
	}
	adding.Wait()
	m.Add(Charge{Kind: ChargeEars, Provider: "p", Model: "m", Seconds: 1.5})
	m.Add(Charge{Kind: ChargeEars, Provider: "p", Model: "m", Seconds: 0.5})
	m.Add(Charge{Kind: ChargeVoice, Provider: "q", Characters: 12})
	want := []Charge{
		{Kind: ChargeModel, Provider: "p", Model: "m", InputTokens: 1000, CachedTokens: 500, OutputTokens: 70, Cost: 2.5},
		{Kind: ChargeEars, Provider: "p", Model: "m", Seconds: 2}, {Kind: ChargeVoice, Provider: "q", Characters: 12},
	}
	if diff := cmp.Diff(want, m.Charges()); diff != "" {
		t.Errorf("%s", diff)
	}
	MeterOf(t.Context()).Add(Charge{}) // counts nothing
	if (*Meter)(nil).Charges() != nil {
		t.Error("no meter has no charges")
	}
}
