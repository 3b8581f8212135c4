package process

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Client is a client of the API of one server.
type Client struct {
	Base string // URL
	Key  string
}

// Refusal is an answer other than 200.
type Refusal struct {
	Status int
	Text   string
}

func (r Refusal) Error() string { return fmt.Sprint(r.Status, " ", r.Text) }

// Do sends one request; a body or answer of nil is left out, an answer that goes into a *string is taken as text. The error of an
// answer other than 200 holds a Refusal.
func (c Client) Do(ctx context.Context, method, path string, body, into any) error {
	return c.Keyed(ctx, "", method, path, body, into)
}

// Keyed is Do with an Idempotency-Key, "" = none.
func (c Client) Keyed(ctx context.Context, key, method, path string, body, into any) error {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.Base+path, reader)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.Key)
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %w", method, path, Refusal{response.StatusCode, string(answer)})
	}
	switch into := into.(type) {
	case nil:
		return nil
	case *string:
		*into = string(answer)
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("%s %s answered %s: %w", method, path, answer, err)
	}
	return nil
}
