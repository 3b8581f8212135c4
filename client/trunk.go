package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// PhoneNumber is a number of the account.
type PhoneNumber struct {
	ID        string  `json:"id"`
	Number    string  `json:"number"`
	Repeated  string  `json:"phoneNumber"` // the number once more
	Direction int     `json:"direction"`   // contract 8.10
	IsActive  bool    `json:"isActive"`
	TrunkID   *string `json:"trunkId"` // nil: the sandbox carrier
}

// NumberSettings are a number to make, or what changes of one; nil leaves a member as it is.
type NumberSettings struct {
	Number    *string `json:"number,omitempty"` // required of a new one
	Direction *int    `json:"direction,omitempty"`
	TrunkID   *string `json:"-"` // "" is the sandbox carrier
}

// MarshalJSON writes a trunk of "" as null.
func (n NumberSettings) MarshalJSON() ([]byte, error) {
	type settings NumberSettings
	body := struct {
		settings
		TrunkID any `json:"trunkId,omitempty"`
	}{settings: settings(n)}
	switch {
	case n.TrunkID == nil:
	case *n.TrunkID == "":
		body.TrunkID = json.RawMessage("null")
	default:
		body.TrunkID = *n.TrunkID
	}
	return json.Marshal(body)
}

// PhoneNumbers returns the numbers of the account.
func (c *Client) PhoneNumbers(ctx context.Context) ([]PhoneNumber, error) {
	var numbers []PhoneNumber
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Account", "PhoneNumbers")}, &numbers)
	return numbers, err
}

// CreatePhoneNumber makes a number and returns its id.
func (c *Client) CreatePhoneNumber(ctx context.Context, number NumberSettings) (numberID string, err error) {
	return c.create(ctx, request{method: http.MethodPost, path: v2("Account", "PhoneNumbers"), body: number, key: newKey()})
}

// UpdatePhoneNumber changes a number.
func (c *Client) UpdatePhoneNumber(ctx context.Context, numberID string, change NumberSettings) error {
	_, err := c.do(ctx, request{method: http.MethodPut, path: v2("Account", "PhoneNumbers", numberID), body: change}, nil)
	return err
}

// DeletePhoneNumber deletes a number that no running campaign uses.
func (c *Client) DeletePhoneNumber(ctx context.Context, numberID string) error {
	_, err := c.do(ctx, request{method: http.MethodDelete, path: v2("Account", "PhoneNumbers", numberID)}, nil)
	return err
}

// Trunk is a SIP trunk (contract 12.1).
type Trunk struct {
	ID             string   `json:"id"`
	Name           string   `json:"name"`
	Host           string   `json:"host"`
	Port           int      `json:"port"`
	Transport      string   `json:"transport"`
	Username       *string  `json:"username"` // nil: authentication by address
	Password       *string  `json:"password"` // "********" where there is one
	Registers      bool     `json:"registers"`
	FromDomain     *string  `json:"fromDomain"`
	Codecs         []string `json:"codecs"`
	MaxCalls       int      `json:"maxCalls"`
	CallsPerSecond float64  `json:"callsPerSecond"`
	LockMedia      bool     `json:"lockMedia"`
	MediaTo        string   `json:"mediaTo"` // source, description
	IsActive       bool     `json:"isActive"`
	State          string   `json:"state"` // ok, unreachable, unauthorized, unknown
	StateDetail    *string  `json:"stateDetail"`
}

// TrunkSettings are a trunk to make, or what changes of one; nil leaves a member as it is, or as contract 12.1 has it.
type TrunkSettings struct {
	Name           *string  `json:"name,omitempty"` // required of a new one
	Host           *string  `json:"host,omitempty"` // required of a new one
	Port           *int     `json:"port,omitempty"`
	Transport      *string  `json:"transport,omitempty"`
	Username       *string  `json:"username,omitempty"`
	Password       *string  `json:"password,omitempty"`
	Registers      *bool    `json:"registers,omitempty"`
	FromDomain     *string  `json:"fromDomain,omitempty"`
	Codecs         []string `json:"codecs,omitempty"`
	MaxCalls       *int     `json:"maxCalls,omitempty"`
	CallsPerSecond *float64 `json:"callsPerSecond,omitempty"`
	LockMedia      *bool    `json:"lockMedia,omitempty"`
	MediaTo        *string  `json:"mediaTo,omitempty"`
	IsActive       *bool    `json:"isActive,omitempty"`
}

// Trunks returns the trunks of the account.
func (c *Client) Trunks(ctx context.Context) ([]Trunk, error) {
	var trunks []Trunk
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Account", "Trunks")}, &trunks)
	return trunks, err
}

// CreateTrunk makes a trunk and returns its id.
func (c *Client) CreateTrunk(ctx context.Context, trunk TrunkSettings) (trunkID string, err error) {
	return c.create(ctx, request{method: http.MethodPost, path: v2("Account", "Trunks"), body: trunk, key: newKey()})
}

// UpdateTrunk changes a trunk.
func (c *Client) UpdateTrunk(ctx context.Context, trunkID string, change TrunkSettings) error {
	_, err := c.do(ctx, request{method: http.MethodPut, path: v2("Account", "Trunks", trunkID), body: change}, nil)
	return err
}

// DeleteTrunk deletes a trunk that no number uses.
func (c *Client) DeleteTrunk(ctx context.Context, trunkID string) error {
	_, err := c.do(ctx, request{method: http.MethodDelete, path: v2("Account", "Trunks", trunkID)}, nil)
	return err
}

// TrunkTest is what came of a test of a trunk.
type TrunkTest struct {
	OK    bool `json:"ok"`
	Steps []struct {
		Name   string `json:"name"`
		OK     bool   `json:"ok"`
		Detail string `json:"detail"` // what the peer said
	} `json:"steps"`
}

// TestTrunk asks a trunk's peer: name resolution, OPTIONS, registration where it is configured.
func (c *Client) TestTrunk(ctx context.Context, trunkID string) (TrunkTest, error) {
	var test TrunkTest
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("Account", "Trunks", trunkID, "Test"), body: struct{}{}}, &test)
	return test, err
}
