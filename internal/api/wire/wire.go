// Package wire decides how things look in answers and requests that both versions of the API share: date-times, table
// searches, the call at the end of a lead. It refuses to know routes and use cases.
package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"nacre/internal/api/body"
	"nacre/internal/engine"
	"nacre/internal/fault"
)

// Time is a date-time in an answer: UTC, Z, milliseconds (contract 0.3).
type Time time.Time

// MarshalJSON writes 2026-11-23T09:15:04.250Z.
func (t Time) MarshalJSON() ([]byte, error) {
	return time.Time(t).UTC().AppendFormat(make([]byte, 0, 26), `"2006-01-02T15:04:05.000Z"`), nil
}

// At is a date-time that is null where there is none.
func At(t time.Time) *Time {
	if t.IsZero() {
		return nil
	}
	at := Time(t)
	return &at
}

// Text is a text that is null where there is none.
func Text(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// List is a list that is never null.
func List[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Object is an object kept as data; nil is {}.
func Object(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("{}")
	}
	return raw
}

// Table are the members that every table search has (contract 0.3). It is embedded in the request of a search, whose
// TableRules say what its table allows and whose Check calls CheckTable with them.
type Table struct {
	Skip        body.Optional[int]    `json:"skip" api:"min=0" doc:"rows left out; absent = 0"`
	Limit       body.Optional[int]    `json:"limit" api:"min=0" doc:"rows at most; absent, null or 0 = 100"`
	SortProp    body.Optional[string] `json:"sortProp"`
	IsAscending body.Optional[bool]   `json:"isAscending" doc:"absent = false"`
}

// DefaultLimit is the limit where none is given.
const DefaultLimit = 100

// CheckTable judges the members. columns are those that can be sorted by, the default first.
func (t Table) CheckTable(faults *fault.List, maximum int, columns []string) {
	if t.Limit.Value > maximum {
		faults.Add("Limit", "The value %d is not valid; it must be at most %d.", t.Limit.Value, maximum)
	}
	if _, known := column(t.SortProp.Value, columns); !known {
		faults.Add("SortProp", "The value '%.60s' is not valid; it must be one of %s.", t.SortProp.Value, strings.Join(columns, ", "))
	}
}

// Page is the page asked for; CheckTable has passed.
func (t Table) Page(_ int, columns []string) engine.Page {
	sort, _ := column(t.SortProp.Value, columns)
	limit := t.Limit.Value
	if limit == 0 {
		limit = DefaultLimit
	}
	return engine.Page{Skip: t.Skip.Value, Limit: limit, Sort: sort, Ascending: t.IsAscending.Value}
}

func column(name string, columns []string) (canonical string, known bool) {
	if name == "" {
		return columns[0], true
	}
	for _, known := range columns {
		if strings.EqualFold(known, name) {
			return known, true
		}
	}
	return "", false
}

// Page is the answer of a table search.
type Page[Row any] struct {
	Count   int   `json:"count" doc:"of all matches, not of the page"`
	Results []Row `json:"results"`
}

// Element is the path of a list's element: "Leads[3]".
func Element(list string, index int) string { return fmt.Sprintf("%s[%d]", list, index) }
