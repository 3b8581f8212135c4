package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"time"
)

// DeliveryState is how far a delivery of a webhook is.
type DeliveryState string

// The states of a delivery.
const (
	Pending   DeliveryState = "pending"
	Delivered DeliveryState = "delivered"
	Dead      DeliveryState = "dead"    // every try has failed
	Dropped   DeliveryState = "dropped" // overtaken by a later one
)

// Try is one time that a delivery was sent.
type Try struct {
	At        time.Time `json:"at"`
	Status    *int      `json:"status"` // of HTTP; nil where no answer came
	LatencyMS int       `json:"latencyMs"`
	Error     *string   `json:"error"`
	Answer    *string   `json:"answer"` // its beginning
}

// DeliveryRow is a delivery as a search finds it.
type DeliveryRow struct {
	ID        string        `json:"id"`
	Kind      string        `json:"kind"` // call or lead
	State     DeliveryState `json:"state"`
	PearlID   string        `json:"pearlId"`
	LeadID    *string       `json:"leadId"`
	CallID    *string       `json:"callId"`
	CreatedAt time.Time     `json:"createdAt"`
	NextTryAt *time.Time    `json:"nextTryAt"`
	Tries     []Try         `json:"tries"`
}

// Delivery is a delivery with the body that is sent.
type Delivery struct {
	DeliveryRow
	Body json.RawMessage `json:"body"`
}

// DeliverySearch selects deliveries of a Pearl, the newest first (contract 12).
type DeliverySearch struct {
	State  DeliveryState `json:"state,omitempty"`
	LeadID string        `json:"leadId,omitempty"`
	CallID string        `json:"callId,omitempty"`
	From   *time.Time    `json:"from,omitempty"`
	To     *time.Time    `json:"to,omitempty"`
	Skip   int           `json:"skip,omitempty"`
	Limit  int           `json:"limit,omitempty"` // of one page, at most 1,000; 0 is 100
}

// SearchDeliveries returns one page of a Pearl's deliveries.
func (c *Client) SearchDeliveries(ctx context.Context, pearlID string, search DeliverySearch) (Page[DeliveryRow], error) {
	var page Page[DeliveryRow]
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("Pearl", pearlID, "Webhooks", "Deliveries"), body: search}, &page)
	return page, err
}

// Deliveries returns every delivery that a search selects, page by page; the sequence ends after an error.
func (c *Client) Deliveries(ctx context.Context, pearlID string, search DeliverySearch) iter.Seq2[DeliveryRow, error] {
	return pages(search.Skip, func(skip int) (Page[DeliveryRow], error) {
		search.Skip = skip
		return c.SearchDeliveries(ctx, pearlID, search)
	})
}

// GetDelivery returns a delivery with its tries and its body.
func (c *Client) GetDelivery(ctx context.Context, deliveryID string) (*Delivery, error) {
	delivery := new(Delivery)
	if _, err := c.do(ctx, request{method: http.MethodGet, path: v2("Webhooks", "Deliveries", deliveryID)}, delivery); err != nil {
		return nil, err
	}
	return delivery, nil
}

// ReplayDelivery sends a delivery again.
func (c *Client) ReplayDelivery(ctx context.Context, deliveryID string) error {
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("Webhooks", "Deliveries", deliveryID, "Replay")}, nil)
	return err
}

// ReplayDead sends all dead deliveries of a Pearl again that were made from from to to, each nil without a bound, and returns
// how many there are.
func (c *Client) ReplayDead(ctx context.Context, pearlID string, from, to *time.Time) (count int, err error) {
	var replayed struct {
		Count int `json:"count"`
	}
	bounds := struct {
		From *time.Time `json:"from,omitempty"`
		To   *time.Time `json:"to,omitempty"`
	}{from, to}
	_, err = c.do(ctx, request{method: http.MethodPost, path: v2("Pearl", pearlID, "Webhooks", "Replay"), body: bounds}, &replayed)
	return replayed.Count, err
}

// TestWebhook sends a sample, kind is call or lead, to a Pearl's webhook and returns what came of it.
func (c *Client) TestWebhook(ctx context.Context, pearlID, kind string) (Try, error) {
	var try Try
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("Pearl", pearlID, "Webhooks", "Test"), body: map[string]string{"kind": kind}}, &try)
	return try, err
}

// WebhookSettings are where a Pearl's webhooks go.
type WebhookSettings struct {
	CallURL          *string `json:"callWebhookUrl"`
	LeadURL          *string `json:"leadWebhookUrl"`
	Version          int     `json:"webhookVersion"`
	CredentialHeader *string `json:"webhookCredentialHeader"`
	Secret           string  `json:"secret"` // that deliveries are signed with (contract 6.4)
	Disabled         struct {
		Call bool `json:"call"`
		Lead bool `json:"lead"`
	} `json:"disabled"` // a URL that answered 410
}

// WebhookChange is what changes of them: nil leaves a member as it is.
type WebhookChange struct {
	CallURL          *string `json:"callWebhookUrl,omitempty"` // "" removes it
	LeadURL          *string `json:"leadWebhookUrl,omitempty"` // "" removes it
	Version          *int    `json:"webhookVersion,omitempty"`
	CredentialHeader *string `json:"webhookCredentialHeader,omitempty"`
	RotateSecret     bool    `json:"rotateSecret,omitempty"`
}

// Webhooks returns where a Pearl's webhooks go.
func (c *Client) Webhooks(ctx context.Context, pearlID string) (WebhookSettings, error) {
	return c.webhooks(ctx, request{method: http.MethodGet, path: v2("Pearl", pearlID, "Webhooks")})
}

// ChangeWebhooks changes where a Pearl's webhooks go.
func (c *Client) ChangeWebhooks(ctx context.Context, pearlID string, change WebhookChange) (WebhookSettings, error) {
	return c.webhooks(ctx, request{method: http.MethodPut, path: v2("Pearl", pearlID, "Webhooks"), body: change})
}

func (c *Client) webhooks(ctx context.Context, r request) (WebhookSettings, error) {
	var settings WebhookSettings
	_, err := c.do(ctx, r, &settings)
	return settings, err
}
