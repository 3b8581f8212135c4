package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// row is one row of a result. Destinations are *string, *int, *int64, *bool and *[]byte.
type row interface{ Scan(dest ...any) error }

// session runs statements of one transaction, or reads. Statements are written for SQLite with ?1 ?2 …; text in braces
// stands for what differs (see dialect). A session is used by one goroutine.
type session interface {
	// each runs a query and hands its rows to scan, one after another. Everything written before is seen.
	each(scan func(row) error, text string, args ...any) error
	// exec runs a statement at once and returns how many rows it touched.
	exec(text string, args ...any) (int64, error)
	// queue runs a statement at the latest before the next query or the commit. Where it does not touch exactly one row,
	// otherwise is returned, here or by the transaction as a whole; nil = any number will do.
	queue(otherwise error, text string, args ...any) error
	// require runs a query that must find a row, at the latest before the next query or the commit. Where it finds none,
	// otherwise is returned, here or by the transaction as a whole.
	require(otherwise error, text string, args ...any) error
	// insert adds rows to a table, at the latest at the commit; flush makes them visible to each.
	insert(into table, rows [][]any) error
	flush() error
	// violates reports whether an insert was refused by the unique index.
	violates(err error, unique uniqueIndex) bool
	// count adds to how many leads of a Pearl have a status.
	count(pearlID string, status, n int)
	// announce adds entries to the feed, behind all that were committed before, at the latest at the commit.
	announce(entries []feedRow)
}

// dialect is what stands for the texts in braces.
type dialect struct {
	forUpdate, forShare, skipLocked, shareSkipLocked string
	contains                                         string // function that finds a text in another, 0 = not at all
	yes, no                                          string
}

var errNoRow = fmt.Errorf("no such row")

// one returns the first row of a query, errNoRow where there is none.
func one[T any](q session, scan func(row) (T, error), text string, args ...any) (T, error) {
	var found T
	ok := false
	err := q.each(func(r row) error {
		if ok {
			return nil
		}
		ok = true
		var err error
		found, err = scan(r)
		return err
	}, text, args...)
	if err == nil && !ok {
		err = errNoRow
	}
	return found, err
}

// list returns all rows of a query.
func list[T any](q session, scan func(row) (T, error), text string, args ...any) ([]T, error) {
	var found []T
	err := q.each(func(r row) error {
		value, err := scan(r)
		found = append(found, value)
		return err
	}, text, args...)
	return found, err
}

func scanInt(r row) (int, error) {
	var n int
	err := r.Scan(&n)
	return n, err
}

func scanText[T ~string](r row) (T, error) {
	var text string
	err := r.Scan(&text)
	return T(text), err
}

// millis is an instant as it is stored: milliseconds since 1970, 0 = none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func encode(value any) (string, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	return string(raw), nil
}

func decode(text string, into any) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	return nil
}

// rawJSON gives nil back for what was stored as nil.
func rawJSON(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

// uniqueIndex is an index whose violation means something: its name, and its columns as SQLite names them.
type uniqueIndex struct{ name, columns string }

var liveNumber = uniqueIndex{name: "call_live_number", columns: "call.account_id, call.to_number"}
