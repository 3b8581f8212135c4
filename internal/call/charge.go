package call

import (
	"context"
	"slices"
	"sync"
)

// What a Charge is for.
const (
	ChargeEars  = "ears"
	ChargeVoice = "voice"
	ChargeModel = "model"
)

// Charge is what a call took of one model of an outside service. Cost is by the operator's price table, in its unit; 0 = there
// is no price.
type Charge struct {
	Kind         string  `json:"kind"`
	Provider     string  `json:"provider"`
	Model        string  `json:"model"`
	Seconds      float64 `json:"seconds,omitempty"`      // heard
	Characters   int64   `json:"characters,omitempty"`   // spoken
	InputTokens  int64   `json:"inputTokens,omitempty"`  // of a model, cached ones included
	CachedTokens int64   `json:"cachedTokens,omitempty"` //
	OutputTokens int64   `json:"outputTokens,omitempty"` //
	Cost         float64 `json:"cost"`
}

// Meter adds up what a call takes of outside services. It is safe for concurrent use; a nil Meter counts nothing.
type Meter struct {
	mu      sync.Mutex
	charges []Charge
}

// Add adds a charge to those of the same kind, provider and model.
func (m *Meter) Add(c Charge) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.charges = AddCharge(m.charges, c)
}

// AddCharge returns charges with another one, added to that of the same kind, provider and model. The list is not kept.
func AddCharge(charges []Charge, c Charge) []Charge {
	n := slices.IndexFunc(charges, func(known Charge) bool {
		return known.Kind == c.Kind && known.Provider == c.Provider && known.Model == c.Model
	})
	if n < 0 {
		return append(charges, c)
	}
	sum := &charges[n]
	sum.Seconds += c.Seconds
	sum.Characters += c.Characters
	sum.InputTokens += c.InputTokens
	sum.CachedTokens += c.CachedTokens
	sum.OutputTokens += c.OutputTokens
	sum.Cost += c.Cost
	return charges
}

// Charges returns what was added so far, in the order of first use.
func (m *Meter) Charges() []Charge {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.charges)
}

type meterKey struct{}

// WithMeter returns a context whose work is counted by a Meter.
func WithMeter(ctx context.Context, m *Meter) context.Context {
	return context.WithValue(ctx, meterKey{}, m)
}

// MeterOf returns the Meter of a context, nil without one.
func MeterOf(ctx context.Context) *Meter {
	m, _ := ctx.Value(meterKey{}).(*Meter)
	return m
}
