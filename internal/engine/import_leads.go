package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// Importing is a file of leads on its way into a campaign (contract 12). Unlike an add it takes what is right and says of the
// rest why not, and what was taken stays where it ends early.
type Importing struct {
	Pearl  id.ID
	Digest []byte // of the file and how it is read: the same import, sent again within RememberFor, adds nothing twice
	DryRun bool   // only says what would be refused
	// Next returns the next row; more is false at the end.
	Next func() (row ImportRow, more bool, err error)
	// Report is called after every part; an error ends the import.
	Report func(ImportPart) error
}

// ImportRow is a row of a file as a lead.
type ImportRow struct {
	Line  int // in the file, from 1
	Lead  NewLead
	Fault string // why it can be no lead, for people; "" = Lead says
}

// data is what its part is measured by.
func (r ImportRow) data() int { return len(r.Lead.CallData) }

// ImportPart is what came of some rows that follow each other.
type ImportPart struct {
	Rows    int       `json:"rows"`
	Added   int       `json:"added"` // or, in a dry run, would be
	Again   bool      `json:"again"` // the part was added before: this is what came of it then
	Refused []Refusal `json:"refused"`
}

// Refusal is a row that is no lead of the campaign.
type Refusal struct {
	Line    int      `json:"line"`
	Reasons []string `json:"reasons"` // for people
}

// importRoute is where the answers of parts are remembered.
const importRoute = "import"

// ImportLeads adds the rows of a file part by part, each in one transaction with the note that it is there. It returns after
// the last part, or with the error that ended it, a full disk too: the parts that were reported stay.
func (e *Engine) ImportLeads(ctx context.Context, actor Actor, i Importing) error {
	pearl, err := e.Store.ReadPearl(ctx, actor.Account, i.Pearl)
	if err != nil {
		return err
	}
	if pearl.Type != campaign.OutboundPearl {
		return fault.Missing("PearlId")
	}
	reading := importReader{next: i.Next}
	for part := 0; ; part++ {
		rows, more, err := reading.part()
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			done, err := e.importPart(ctx, actor, i, pearl, part, rows)
			if err != nil {
				return err
			}
			if err := i.Report(done); err != nil {
				return fmt.Errorf("report a part: %w", err)
			}
		}
		if !more {
			return nil
		}
	}
}

// importReader reads rows in parts.
type importReader struct {
	next func() (row ImportRow, more bool, err error)
	over []ImportRow // the row that the last part had no room for
}

// part reads as many rows as one transaction takes: more would be added in several, between two that make them whole.
func (r *importReader) part() (rows []ImportRow, more bool, err error) {
	rows, r.over = r.over, nil
	size := 0
	for _, row := range rows {
		size += row.data()
	}
	for len(rows) < partLeads {
		row, more, err := r.next()
		if err != nil || !more {
			return rows, false, err
		}
		if size += row.data(); size > partBytes && len(rows) > 0 {
			r.over = []ImportRow{row}
			break
		}
		rows = append(rows, row)
	}
	return rows, true, nil
}

func (e *Engine) importPart(ctx context.Context, actor Actor, i Importing, pearl campaign.Pearl, part int, rows []ImportRow) (ImportPart, error) {
	done := ImportPart{Rows: len(rows), Refused: []Refusal{}}
	good := rows[:0:0]
	for _, row := range rows {
		if row.Fault != "" {
			done.Refused = append(done.Refused, Refusal{Line: row.Line, Reasons: []string{row.Fault}})
			continue
		}
		var faults fault.List
		row.Lead.lead(&faults, "", pearl.Home())
		if len(faults.Fields) > 0 {
			done.Refused = append(done.Refused, refusal(row.Line, faults.Fields))
			continue
		}
		good = append(good, row)
	}
	if i.DryRun {
		done.Added = len(good)
		return done, nil
	}
	asked := KeyedRequest{Account: actor.Account, Route: importRoute, Key: i.key(part), BodyHash: i.Digest}
	earlier, found, err := e.Remembered(ctx, asked)
	if err != nil {
		return done, err
	}
	if found {
		if err := json.Unmarshal(earlier.Answer, &done); err != nil {
			return done, fmt.Errorf("read what came of a part before: %w", err)
		}
		done.Again = true
		return done, nil
	}
	if err := e.roomForRows(good); err != nil {
		return done, err
	}
	// What duplicatePolicy refuses is known only inside: the rest is added without it. Every turn refuses at least one row.
	for len(good) > 0 {
		refused, err := e.addPart(ctx, actor, i.Pearl, asked, good, &done)
		if err != nil {
			return done, err
		}
		if len(refused) == 0 {
			break
		}
		rest := good[:0:0]
		for n, row := range good {
			if fields := refused[n]; fields != nil {
				done.Refused = append(done.Refused, refusal(row.Line, fields))
			} else {
				rest = append(rest, row)
			}
		}
		good = rest
	}
	return done, nil
}

// roomForRows is why the disk takes no part more: a file is long, and others fill the disk meanwhile. What was added stays, and the
// same import goes on from there.
func (e *Engine) roomForRows(rows []ImportRow) error {
	if err := e.room(); err != nil {
		return err
	}
	data := 0
	for _, row := range rows {
		data += row.data()
	}
	return e.Store.Room(spaceOf(len(rows), data))
}

// addPart adds rows; where duplicatePolicy refuses some nothing is added, and it returns why by their place.
func (e *Engine) addPart(ctx context.Context, actor Actor, pearlID id.ID, asked KeyedRequest, rows []ImportRow, done *ImportPart) (map[int][]fault.Field, error) {
	inputs := make([]NewLead, len(rows))
	for n, row := range rows {
		inputs[n] = row.Lead
	}
	done.Added = len(rows)
	remember := &Remember[[]id.ID]{KeyedRequest: asked, Answer: func([]id.ID) (int, string, []byte, error) {
		text, err := json.Marshal(done)
		return 200, "application/json", text, err
	}}
	_, err := e.addLeads(ctx, actor, pearlID, inputs, func(n int) string { return strconv.Itoa(n) + "." }, func(tx Tx, s *Signals, ids []id.ID) error {
		return rememberAnswer(e, tx, s, remember, ids)
	})
	if err == nil {
		return nil, nil
	}
	done.Added = 0
	var faults *fault.Error
	if !errors.As(err, &faults) || faults.Kind != fault.Invalid {
		return nil, err
	}
	refused := map[int][]fault.Field{}
	for _, field := range faults.Fields {
		place, member, _ := strings.Cut(field.Path, ".")
		n, numbered := strconv.Atoi(place)
		if numbered != nil || n < 0 || n >= len(rows) {
			return nil, err // of the request as a whole
		}
		refused[n] = append(refused[n], fault.Field{Path: member, Text: field.Text})
	}
	return refused, nil
}

func refusal(line int, fields []fault.Field) Refusal {
	r := Refusal{Line: line}
	for _, field := range fields {
		r.Reasons = append(r.Reasons, field.Path+": "+field.Text)
	}
	return r
}

// key names a part of the file. The campaign is in it: the same file may go into two.
func (i Importing) key(part int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %x %d", i.Pearl, i.Digest, part))
	return hex.EncodeToString(sum[:])
}
