package client

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// PearlSettings returns all settings of a Pearl as contract 2.2 describes them: raw, as CreatePearl and UpdatePearl take them, so
// that nothing of them is lost on the way.
func (c *Client) PearlSettings(ctx context.Context, pearlID string) (json.RawMessage, error) {
	var settings json.RawMessage
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Pearl", pearlID, "Settings")}, &settings)
	return settings, err
}

// UpdatePearl puts settings in force (contract 2.2): a member that is absent stays as it is.
func (c *Client) UpdatePearl(ctx context.Context, pearlID string, change json.RawMessage) error {
	_, err := c.do(ctx, request{method: http.MethodPut, path: v2("Pearl", pearlID), body: change}, nil)
	return err
}

// UpdateOutbound puts settings of a campaign in force (contract 2.6): those that UpdatePearl has below outbound.
func (c *Client) UpdateOutbound(ctx context.Context, pearlID string, change json.RawMessage) error {
	_, err := c.do(ctx, request{method: http.MethodPut, path: v2("Pearl", pearlID, "Settings", "Outbound"), body: change}, nil)
	return err
}

// UpdateInbound puts settings of a Pearl that takes calls in force (contract 2.7): those that UpdatePearl has below inbound.
func (c *Client) UpdateInbound(ctx context.Context, pearlID string, change json.RawMessage) error {
	_, err := c.do(ctx, request{method: http.MethodPut, path: v2("Pearl", pearlID, "Settings", "Inbound"), body: change}, nil)
	return err
}

// VersionRow is a version of a Pearl's settings (contract 12.4).
type VersionRow struct {
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	By      *string   `json:"by"`     // key:ID, person:ID and the like, as in the history of leads
	ByName  *string   `json:"byName"` // the key's name, or the person's e-mail address
}

// Version is a version with its settings, as PearlSettings has them.
type Version struct {
	VersionRow
	Settings json.RawMessage `json:"settings"`
}

// Versions returns the versions of a Pearl that are kept, the newest first, which is in force.
func (c *Client) Versions(ctx context.Context, pearlID string) ([]VersionRow, error) {
	var rows []VersionRow
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Pearl", pearlID, "Versions")}, &rows)
	return rows, err
}

// GetVersion returns one version of a Pearl.
func (c *Client) GetVersion(ctx context.Context, pearlID string, version int) (*Version, error) {
	found := new(Version)
	if _, err := c.do(ctx, request{method: http.MethodGet, path: v2("Pearl", pearlID, "Versions", strconv.Itoa(version))}, found); err != nil {
		return nil, err
	}
	return found, nil
}

// RollBack puts the settings of a version in force as a new one, and returns its number.
func (c *Client) RollBack(ctx context.Context, pearlID string, version int) (inForce int, err error) {
	return c.published(ctx, request{method: http.MethodPost, path: v2("Pearl", pearlID, "Versions", strconv.Itoa(version), "RollBack")})
}

// Draft is settings beside those in force; no call is made with it.
type Draft struct {
	Version  int                 `json:"version"` // in force when the draft was begun
	At       *time.Time          `json:"at"`      // of its last change; nil where there is none: Settings are those in force then
	By       *string             `json:"by"`
	ByName   *string             `json:"byName"`
	Errors   map[string][]string `json:"errors"` // what keeps it from being published, by member
	Settings json.RawMessage     `json:"settings"`
}

// GetDraft returns a Pearl's draft.
func (c *Client) GetDraft(ctx context.Context, pearlID string) (*Draft, error) {
	return c.draft(ctx, request{method: http.MethodGet, path: v2("Pearl", pearlID, "Draft")})
}

// SaveDraft changes a Pearl's draft as UpdatePearl changes what is in force, and begins it where there is none. What the settings are
// at fault for is in the draft's Errors.
func (c *Client) SaveDraft(ctx context.Context, pearlID string, change json.RawMessage) (*Draft, error) {
	return c.draft(ctx, request{method: http.MethodPut, path: v2("Pearl", pearlID, "Draft"), body: change})
}

func (c *Client) draft(ctx context.Context, r request) (*Draft, error) {
	draft := new(Draft)
	if _, err := c.do(ctx, r, draft); err != nil {
		return nil, err
	}
	return draft, nil
}

// DiscardDraft ends a Pearl's draft.
func (c *Client) DiscardDraft(ctx context.Context, pearlID string) error {
	_, err := c.do(ctx, request{method: http.MethodDelete, path: v2("Pearl", pearlID, "Draft")}, nil)
	return err
}

// PublishDraft puts a Pearl's draft in force and returns the number of its version. seen is the version that the draft was compared
// with: where another one is in force by now the server answers 400; 0 is the one that the draft was begun with.
func (c *Client) PublishDraft(ctx context.Context, pearlID string, seen int) (inForce int, err error) {
	body := struct {
		Version int `json:"version,omitempty"`
	}{seen}
	return c.published(ctx, request{method: http.MethodPost, path: v2("Pearl", pearlID, "Draft", "Publish"), body: body})
}

func (c *Client) published(ctx context.Context, r request) (int, error) {
	var published struct {
		Version int `json:"version"`
	}
	_, err := c.do(ctx, r, &published)
	return published.Version, err
}
