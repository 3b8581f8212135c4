package client

import (
	"context"
	"net/http"
	"time"
)

// Matter is something that needs attention (contract 12).
type Matter struct {
	Kind     string     `json:"kind"`     // account, trunk, number, budget, webhook, hours, held, disk, voice, ears, model
	Severity string     `json:"severity"` // error, warning, info
	Text     string     `json:"text"`
	PearlID  *string    `json:"pearlId"`
	TrunkID  *string    `json:"trunkId"`
	Since    *time.Time `json:"since"`
	Until    *time.Time `json:"until"`
}

// Attention returns what needs attention, what matters most first.
func (c *Client) Attention(ctx context.Context) ([]Matter, error) {
	var matters []Matter
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Attention")}, &matters)
	return matters, err
}

// Provider is something that the installation hears, speaks, thinks or writes with.
type Provider struct {
	Kind        string             `json:"kind"` // ears, voice, model, sms
	Name        string             `json:"name"`
	Service     string             `json:"service"`
	Model       *string            `json:"model"` // nil: its usual one
	Host        *string            `json:"host"`  // nil: the server's own machine
	Price       map[string]float64 `json:"price"` // by unit
	State       string             `json:"state"` // ready, resting, unknown
	StateDetail *string            `json:"stateDetail"`
	CanTest     bool               `json:"canTest"`
}

// Providers returns what the installation works with, in the order in which it is asked.
func (c *Client) Providers(ctx context.Context) ([]Provider, error) {
	var providers []Provider
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Providers")}, &providers)
	return providers, err
}

// ProviderAnswer is what came of a test of a provider.
type ProviderAnswer struct {
	OK        bool   `json:"ok"`
	LatencyMS int    `json:"latencyMs"`
	Detail    string `json:"detail"`
}

// TestProvider asks a provider one small thing; what that costs is the operator's.
func (c *Client) TestProvider(ctx context.Context, kind, name string) (ProviderAnswer, error) {
	var answer ProviderAnswer
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("Providers", "Test"), body: map[string]string{"kind": kind, "name": name}}, &answer)
	return answer, err
}
