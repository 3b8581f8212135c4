package leads

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"nacre/internal/api/route"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/leadfile"
)

// ImportPreview is what a file of leads was taken for.
type ImportPreview struct {
	Columns []string   `json:"columns" doc:"headings, \"\" where the file has none"`
	Mapping []string   `json:"mapping" doc:"of each column what it is taken for: phoneNumber, externalId, timeZoneId, the id of a variable, or \"\" for left out"`
	Rows    int        `json:"rows" doc:"rows with leads"`
	Sample  [][]string `json:"sample" doc:"the first of them"`
	// Variables may be without a column.
	Variables []string `json:"variables" doc:"ids that the campaign's texts name and a lead brings"`
}

// sampled is how many rows a preview shows.
const sampled = 20

// opened is a file of leads that can be read to its end.
type opened struct {
	file     []byte
	columns  int
	sample   [][]string
	headings []string
	guess    leadfile.Mapping
	rows     int
	bytes    int64 // of their cells
}

// open reads the whole file once: what is wrong with it is told before anything is added.
func open(r *route.Request, file []byte) (opened, error) {
	memory, err := leadfile.Memory(file)
	if err != nil {
		return opened{}, notImported(err)
	}
	if err := r.TakeMemory(memory); err != nil {
		return opened{}, err
	}
	table, err := leadfile.Open(r.Context(), file)
	if err != nil {
		return opened{}, notImported(err)
	}
	defer table.Close()
	variables := make([]leadfile.Variable, 0, len(r.Pearl.Variables))
	for _, v := range r.Pearl.Variables {
		variables = append(variables, leadfile.Variable{ID: v.ID, Name: v.Name})
	}
	variables = append(variables, leadfile.Variable{ID: "firstName"}, leadfile.Variable{ID: "lastName"}, leadfile.Variable{ID: "emailAddress", Name: "email"})
	for _, name := range r.Pearl.LeadVariables() {
		variables = append(variables, leadfile.Variable{ID: name})
	}
	o := opened{file: file, columns: len(table.Header), headings: table.Header, guess: table.Guess(variables), sample: [][]string{}}
	for {
		row, err := table.Next()
		if errors.Is(err, io.EOF) {
			return o, nil
		}
		if err != nil {
			return opened{}, notImported(err)
		}
		for _, cell := range row.Cells {
			o.bytes += int64(len(cell))
		}
		if o.rows++; len(o.sample) < sampled {
			o.sample = append(o.sample, row.Cells)
		}
	}
}

// notImported says what is wrong with a file, unless nobody waits for it any more.
func notImported(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("read the file: %w", err)
	}
	return fault.Bad("$", "The file cannot be imported: %s.", err)
}

// Preview says what a file would be taken for.
func (h *Handlers[Full]) Preview(r *route.Request, file route.File) (ImportPreview, error) {
	leave, err := h.files.enter(r.Actor.Account)
	if err != nil {
		return ImportPreview{}, err
	}
	defer leave()
	o, err := open(r, file)
	if err != nil {
		return ImportPreview{}, err
	}
	return ImportPreview{Columns: o.headings, Mapping: o.guess, Rows: o.rows, Sample: o.sample, Variables: append([]string{}, r.Pearl.LeadVariables()...)}, nil
}

// Import adds the leads of a file and tells part by part what came of it.
func (h *Handlers[Full]) Import(r *route.Request, file route.File) (lines route.Lines, err error) {
	dryRun, err := r.Flag("dryRun")
	if err != nil {
		return nil, err
	}
	leave, err := h.files.enter(r.Actor.Account)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil { // else the lines leave
			leave()
		}
	}()
	o, err := open(r, file)
	if err != nil {
		return nil, err
	}
	mapping := o.guess
	if text, given := r.Asked("mapping"); given {
		if json.Unmarshal([]byte(text), &mapping) != nil {
			return nil, fault.Bad("Mapping", `The mapping must be a JSON list of texts, one a column: ["phoneNumber","externalId",""].`)
		}
	}
	if err := mapping.Check(o.columns); err != nil {
		return nil, fault.Bad("Mapping", "The columns cannot be mapped: %s.", err)
	}
	mapping = mapping.Whole(o.columns)
	if unpacked := o.bytes - int64(len(file)); unpacked > 0 && !dryRun { // the file itself is counted as a body
		if err := r.TakeUpload(unpacked); err != nil {
			return nil, err
		}
	}
	return func(line func(any) error) error {
		defer leave()
		if err := line(ImportBegun{Total: o.rows, Mapping: mapping}); err != nil {
			return err
		}
		table, err := leadfile.Open(r.Context(), file)
		if err != nil {
			return err // it was read a moment ago
		}
		defer table.Close()
		types := variableTypes(r.Pearl)
		err = h.Engine.ImportLeads(r.Context(), r.Actor, engine.Importing{
			Pearl: r.Pearl.ID, Digest: digest(file, mapping), DryRun: dryRun,
			Next: func() (engine.ImportRow, bool, error) {
				row, err := table.Next()
				if errors.Is(err, io.EOF) {
					return engine.ImportRow{}, false, nil
				}
				if err != nil {
					return engine.ImportRow{}, false, err
				}
				if row.Fault != "" {
					return engine.ImportRow{Line: row.Line, Fault: row.Fault}, true, nil
				}
				input, err := types.input(mapping.Lead(row))
				return engine.ImportRow{Line: row.Line, Lead: input}, true, err
			},
			Report: func(part engine.ImportPart) error { return line(part) },
		})
		if err != nil {
			return err
		}
		return line(ImportDone{Done: true})
	}, nil
}

// ImportBegun is the first line of an import's answer.
type ImportBegun struct {
	Total   int      `json:"total"`
	Mapping []string `json:"mapping"`
}

// ImportDone is the last line of an import that was carried out.
type ImportDone struct {
	Done bool `json:"done"`
}

// digest is the same for the same file read in the same way.
func digest(file []byte, mapping leadfile.Mapping) []byte {
	hash := sha256.New()
	for _, as := range mapping {
		hash.Write([]byte(strconv.Quote(as)))
	}
	hash.Write(file)
	return hash.Sum(nil)
}

// typed are the variables whose values are no text, by id.
type typed map[string]string

func variableTypes(pearl campaign.Pearl) typed {
	types := typed{}
	for _, v := range pearl.Variables {
		types[v.ID] = string(v.Type)
	}
	return types
}

// input is a row as the engine takes it. A value that is not of its variable's type stays a text, as it does in an add.
func (t typed) input(l leadfile.Lead) (engine.NewLead, error) {
	data := make(map[string]any, len(l.CallData))
	for name, text := range l.CallData {
		data[name] = t.value(name, text)
	}
	var raw bytes.Buffer
	encoder := json.NewEncoder(&raw)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(data); err != nil {
		return engine.NewLead{}, err
	}
	return engine.NewLead{Phone: l.PhoneNumber, ExternalID: l.ExternalID, Zone: l.TimeZoneID, CallData: bytes.TrimSpace(raw.Bytes())}, nil
}

func (t typed) value(name, text string) any {
	switch t[name] {
	case "int", "float":
		// As it is written, where JSON writes it so: 12345678901234567890 and 1.10 lose nothing.
		if number := json.Number(text); json.Valid([]byte(text)) {
			if _, err := number.Float64(); err == nil {
				return number
			}
		}
	case "boolean":
		switch text {
		case "true", "TRUE", "True":
			return true
		case "false", "FALSE", "False":
			return false
		}
	}
	return text
}
