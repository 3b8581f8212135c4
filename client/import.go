package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// ImportOptions say how a file of leads is read.
type ImportOptions struct {
	DryRun  bool     // only say which rows would be refused
	Mapping []string // of each column phoneNumber, externalId, timeZoneId, the id of a variable, or "" for left out; nil: as the preview guesses
}

// ImportPreview is what a file of leads would be taken for.
type ImportPreview struct {
	Columns []string   `json:"columns"` // headings
	Mapping []string   `json:"mapping"`
	Rows    int        `json:"rows"`
	Sample  [][]string `json:"sample"`
	// Variables are ids that the campaign's texts name and a lead brings.
	Variables []string `json:"variables"`
}

// ImportPart is what came of some rows that follow each other.
type ImportPart struct {
	Rows    int       `json:"rows"`
	Added   int       `json:"added"` // in a dry run: would be
	Again   bool      `json:"again"` // the part was added by an earlier import of the same file: this is what came of it then
	Refused []Refusal `json:"refused"`
}

// Refusal is a row that is no lead of the campaign; Line counts from 1 in the file.
type Refusal struct {
	Line    int      `json:"line"`
	Reasons []string `json:"reasons"`
}

// PreviewImport says what a file, CSV or XLSX, would be taken for.
func (c *Client) PreviewImport(ctx context.Context, pearlID string, file []byte) (ImportPreview, error) {
	var preview ImportPreview
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("Outbound", pearlID, "Leads", "Import", "Preview"), file: file, again: true}, &preview)
	return preview, err
}

// ImportLeads adds the leads of a file, CSV or XLSX. After every part it calls told with it and the number of all rows. Where
// the connection breaks, or the server asks for it, the file is sent again: the server adds nothing twice and goes on where it
// ended, also for a later call with the same file within 24 hours.
func (c *Client) ImportLeads(ctx context.Context, pearlID string, file []byte, options ImportOptions, told func(part ImportPart, total int)) error {
	query := url.Values{}
	if options.DryRun {
		query.Set("dryRun", "true")
	}
	if options.Mapping != nil {
		mapping, err := json.Marshal(options.Mapping)
		if err != nil {
			return fmt.Errorf("write the mapping: %w", err)
		}
		query.Set("mapping", string(mapping))
	}
	parts := 0 // that were told
	r := request{method: http.MethodPost, path: v2("Outbound", pearlID, "Leads", "Import"), query: query, file: file, again: true}
	r.lines = func(body io.Reader) error { return readImport(body, &parts, told) }
	_, err := c.do(ctx, r, nil)
	return err
}

// readImport reads the lines of an answer; the first parts, as many as were told before, are passed over.
func readImport(body io.Reader, parts *int, told func(ImportPart, int)) error {
	before, total, n := *parts, 0, 0
	err := readLines(body, func(text []byte) error {
		var line struct {
			Total *int `json:"total"`
			ImportPart
		}
		if err := readLine(text, &line); err != nil {
			return err
		}
		if line.Total != nil {
			total = *line.Total
		} else if n++; n > before {
			*parts = n
			told(line.ImportPart, total)
		}
		return nil
	})
	var answer *Error
	if errors.As(err, &answer) {
		return &failed{answer: answer, retryAfter: -1} // what passes by itself is tried again
	}
	return err
}
