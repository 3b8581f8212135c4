package client

import (
	"context"
	"net/http"
	"time"
)

// Account is the account of the key.
type Account struct {
	Name          string  `json:"name"`
	Status        int     `json:"status"` // contract 8.6
	TotalAgents   int     `json:"totalAgents"`
	CreditBalance float64 `json:"creditBalance"`
}

// GetAccount returns the account of the key.
func (c *Client) GetAccount(ctx context.Context) (Account, error) {
	var account Account
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Account")}, &account)
	return account, err
}

// Me is who asks; of keys Person is nil.
type Me struct {
	AccountID   string  `json:"accountId"`
	AccountName string  `json:"accountName"`
	Scope       *string `json:"scope"` // read, leads, full
	Key         *struct {
		ID        string     `json:"id"`
		Name      string     `json:"name"`
		ExpiresAt *time.Time `json:"expiresAt"`
	} `json:"key"`
	Person *struct {
		ID           string `json:"id"`
		Email        string `json:"email"`
		RoleID       int    `json:"roleId"`
		RoleName     string `json:"roleName"`
		HasTwoFactor bool   `json:"hasTwoFactor"`
	} `json:"person"`
	SignedInUntil *time.Time `json:"signedInUntil"`
}

// Me returns who asks: which key, of which account.
func (c *Client) Me(ctx context.Context) (Me, error) {
	var me Me
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Me")}, &me)
	return me, err
}

// AuditSearch selects entries of the audit log.
type AuditSearch struct {
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	EventType *int      `json:"eventType,omitempty"` // contract 8.10
	UserID    string    `json:"userId,omitempty"`    // id of a key or a person
}

// AuditEntry is something that was changed, and by whom.
type AuditEntry struct {
	At   time.Time `json:"timestamp"`
	Type int       `json:"eventType"`
	User struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Type string `json:"type"` // what the id is: key, person, …
	} `json:"user"`
	Data map[string]any `json:"additionalData"`
}

// AuditLog returns at most 1,000 entries, the newest first.
func (c *Client) AuditLog(ctx context.Context, search AuditSearch) ([]AuditEntry, error) {
	var entries []AuditEntry
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("Account", "AuditLog"), body: search}, &entries)
	return entries, err
}

// VoicesOf are the voices of a language.
type VoicesOf struct {
	Language string `json:"language"`
	Voices   []struct {
		ID     string   `json:"id"`
		Name   string   `json:"name"`
		Sample string   `json:"sample"` // address of a sentence that it speaks; "" without one
		Tags   []string `json:"tags"`
	} `json:"voices"`
}

// Voices returns the voices that Pearls may speak with.
func (c *Client) Voices(ctx context.Context) ([]VoicesOf, error) {
	var voices []VoicesOf
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Account", "Voices")}, &voices)
	return voices, err
}

// AccountSettings are the settings of an account (contract 12).
type AccountSettings struct {
	Name          string   `json:"name"`
	Color         *string  `json:"color"`         // #rrggbb
	CountryCodes  []string `json:"countryCodes"`  // nil: those of the account's own numbers
	DefaultRegion *string  `json:"defaultRegion"` // of numbers that are written nationally
	RetentionDays *int     `json:"retentionDays"` // of calls and recordings; nil: for ever
}

// GetAccountSettings returns the settings of the account.
func (c *Client) GetAccountSettings(ctx context.Context) (AccountSettings, error) {
	return c.accountSettings(ctx, request{method: http.MethodGet, path: v2("Account", "Settings")})
}

// SetAccountSettings replaces the settings of the account by these, which GetAccountSettings returned and the caller changed.
func (c *Client) SetAccountSettings(ctx context.Context, settings AccountSettings) (AccountSettings, error) {
	return c.accountSettings(ctx, request{method: http.MethodPut, path: v2("Account", "Settings"), body: settings})
}

func (c *Client) accountSettings(ctx context.Context, r request) (AccountSettings, error) {
	var settings AccountSettings
	_, err := c.do(ctx, r, &settings)
	return settings, err
}

// Key is an API key; what it opens is what NewKey says.
type Key struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Scope      string     `json:"scope"`
	CreatedAt  time.Time  `json:"createdAt"`
	ExpiresAt  *time.Time `json:"expiresAt"`
	LastUsedAt *time.Time `json:"lastUsedAt"`
}

// NewKey is a key to make.
type NewKey struct {
	Name      string     `json:"name"`
	Scope     string     `json:"scope,omitempty"` // read, leads or full; "" is full
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
}

// Keys returns the keys of the account, without their secrets.
func (c *Client) Keys(ctx context.Context) ([]Key, error) {
	var keys []Key
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Account", "Keys")}, &keys)
	return keys, err
}

// CreateKey makes a key and returns its id and the key itself, ACCOUNTID:SECRET, which is never shown again.
func (c *Client) CreateKey(ctx context.Context, key NewKey) (keyID, secret string, err error) {
	var made struct {
		ID  string `json:"id"`
		Key string `json:"key"`
	}
	_, err = c.do(ctx, request{method: http.MethodPost, path: v2("Account", "Keys"), body: key}, &made)
	return made.ID, made.Key, err
}

// DeleteKey has a key open nothing any more.
func (c *Client) DeleteKey(ctx context.Context, keyID string) error {
	_, err := c.do(ctx, request{method: http.MethodDelete, path: v2("Account", "Keys", keyID)}, nil)
	return err
}

// User is a person who may sign in.
type User struct {
	ID           string    `json:"id"`
	Email        string    `json:"email"`
	RoleID       int       `json:"roleId"` // contract 8.10
	RoleName     string    `json:"roleName"`
	CreatedAt    time.Time `json:"createdAt"`
	HasJoined    bool      `json:"hasJoined"`
	HasTwoFactor bool      `json:"hasTwoFactor"`
}

// Users returns the people of the account. Only people may change who they are.
func (c *Client) Users(ctx context.Context) ([]User, error) {
	var users []User
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Account", "Users")}, &users)
	return users, err
}

// BlacklistRow is a number that nobody of the account calls.
type BlacklistRow struct {
	ID          string    `json:"id"`
	PhoneNumber string    `json:"phoneNumber"`
	CreatedAt   time.Time `json:"createdAt"`
	Source      string    `json:"source"` // api, dashboard, optOut
}

// BlacklistSearch selects rows of the blacklist; the zero value selects all, the newest first.
type BlacklistSearch struct {
	Text      string `json:"search,omitempty"`   // part of the number
	Sort      string `json:"sortProp,omitempty"` // createdAt, phoneNumber, source, id
	Ascending bool   `json:"isAscending,omitempty"`
	Skip      int    `json:"skip,omitempty"`
	Limit     int    `json:"limit,omitempty"`
}

// Blacklist has numbers called no more, from the instant it returns; a call that rings is cancelled.
func (c *Client) Blacklist(ctx context.Context, numbers []string) error {
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("Account", "Blacklist"), body: map[string]any{"phoneNumbers": append([]string{}, numbers...)}, key: newKey()}, nil)
	return err
}

// RemoveFromBlacklist allows numbers to be called again.
func (c *Client) RemoveFromBlacklist(ctx context.Context, numbers []string) error {
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("Account", "Blacklist", "Remove"), body: map[string]any{"phoneNumbers": append([]string{}, numbers...)}, again: true}, nil)
	return err
}

// SearchBlacklist returns one page of the blacklist.
func (c *Client) SearchBlacklist(ctx context.Context, search BlacklistSearch) (Page[BlacklistRow], error) {
	var page Page[BlacklistRow]
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("Account", "Blacklist", "Search"), body: search}, &page)
	return page, err
}
