package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/phone"
)

// ordering is the order of a page, with ties broken by id in the same direction (contract 0.3).
type ordering struct {
	column    string
	ascending bool
}

// orderBy is the order that a page asks for. columns maps the contract's names in lower case to SQL; "" is the default.
// Another name is fault.Invalid about SortProp.
func orderBy(page engine.Page, columns map[string]string) (ordering, error) {
	column, known := columns[strings.ToLower(page.Sort)]
	if !known {
		return ordering{}, fault.Bad("SortProp", "The value '%s' is not allowed.", page.Sort)
	}
	return ordering{column, page.Ascending}, nil
}

// String is the ORDER BY.
func (o ordering) String() string {
	direction := "DESC"
	if o.ascending {
		direction = "ASC"
	}
	if o.column == "id" {
		return " ORDER BY id " + direction
	}
	return " ORDER BY " + o.column + " " + direction + ", id " + direction
}

// filter is the conditions of a search with their values.
type filter struct {
	conditions []string
	args       []any
	// either are conditions of which a row meets one, and only one; with each of them an index has the rows in order.
	either []string
}

// add takes a condition whose %d are the numbers of its values.
func (f *filter) add(condition string, args ...any) {
	numbers := make([]any, len(args))
	for n := range args {
		numbers[n] = len(f.args) + n + 1
	}
	f.conditions = append(f.conditions, fmt.Sprintf(condition, numbers...))
	f.args = append(f.args, args...)
}

// in takes integers that are written into the text: there are few, and the plan may depend on them.
func (f *filter) in(column string, values []int) {
	sorted := slices.Compact(slices.Sorted(slices.Values(values)))
	texts := make([]string, len(sorted))
	for n, value := range sorted {
		texts[n] = strconv.Itoa(value)
	}
	if len(texts) == 1 {
		f.conditions = append(f.conditions, column+" = "+texts[0])
		return
	}
	f.conditions = append(f.conditions, column+" IN ("+strings.Join(texts, ", ")+")")
}

func (f *filter) where() string { return " WHERE " + strings.Join(f.conditions, " AND ") }

// ids selects the ids of the rows that match, in an order. Where there are alternatives their rows are merged, each of them as
// its index has them: neither is a row looked at, nor are any sorted. PostgreSQL needs to be told the order of each, and SQLite
// takes it only so.
func (f *filter) ids(from string, order ordering) string {
	if len(f.either) == 0 {
		return "SELECT id FROM " + from + f.where() + order.String()
	}
	parts := make([]string, len(f.either))
	for n, condition := range f.either {
		columns := "SELECT id, " + order.column + " FROM "
		parts[n] = columns + "(" + columns + from + f.where() + " AND " + condition + order.String() + ") AS part"
	}
	return strings.Join(parts, " UNION ALL ") + order.String()
}

// count is how many rows match.
func (f *filter) count(q session, from string) (int, error) {
	return one(q, scanInt, "SELECT count(*) FROM "+from+f.where(), f.args...)
}

// pageOf returns the rows of a page.
func pageOf[T any](q session, scan func(row) (T, error), columns, from string, f *filter, order string, page engine.Page) ([]T, error) {
	text := fmt.Sprintf("SELECT %s FROM %s%s%s LIMIT ?%d OFFSET ?%d", columns, from, f.where(), order, len(f.args)+1, len(f.args)+2)
	return list(q, scan, text, append(slices.Clone(f.args), page.Limit, page.Skip)...)
}

// search returns a page of a table of wide rows, and how many rows match. It finds the page's ids first, where it can in
// an index alone, and then reads their rows. A first page that is not full tells the count; otherwise count does. Rows that
// are skipped are read, too: a page beyond the middle is found from the other end.
func search[T any](q session, scan func(row) (T, error), columns, from string, f *filter, order ordering, page engine.Page,
	count func() (int, error)) (matching int, rows []T, err error) {
	wanted, fromEnd := page, false
	if page.Skip > 0 {
		if matching, err = count(); err != nil || page.Skip >= matching {
			return matching, nil, err
		}
		wanted.Limit = min(page.Limit, matching-page.Skip)
		if page.Skip > matching/2 {
			wanted.Skip = matching - page.Skip - wanted.Limit
			order.ascending, fromEnd = !order.ascending, true
		}
	}
	text := fmt.Sprintf("SELECT %s FROM %s WHERE id IN (SELECT id FROM (%s LIMIT ?%d OFFSET ?%d) AS page)%s",
		columns, from, f.ids(from, order), len(f.args)+1, len(f.args)+2, order)
	rows, err = list(q, scan, text, append(slices.Clone(f.args), wanted.Limit, wanted.Skip)...)
	switch {
	case err != nil:
		return 0, nil, err
	case fromEnd:
		slices.Reverse(rows)
	case page.Skip > 0: // counted already
	case len(rows) < page.Limit:
		matching = len(rows)
	default:
		matching, err = count()
	}
	return matching, rows, err
}

// owns reports whether the Pearl is the account's: asked once, so that a search need not look at the account of every row.
func owns(q session, accountID, pearlID id.ID) (bool, error) {
	n, err := one(q, scanInt, "SELECT count(*) FROM pearl WHERE id = ?1 AND account_id = ?2", pearlID, accountID)
	return n > 0, err
}

// contains adds that one of the columns holds the text, compared as people compare texts (searchable): in phones as given or
// as numbers are stored (contract 1.3), in texts, which are stored searchable, as it is. whole is the number that the text is
// by itself, "" = none.
func (f *filter) contains(search string, whole phone.Number, phones []string, texts ...string) {
	text := searchable(search)
	needles := []string{text}
	for _, number := range []string{phoneNeedle(search), string(whole)} {
		if number != "" && !slices.Contains(needles, number) {
			needles = append(needles, number)
		}
	}
	var conditions []string
	var args []any
	for _, column := range phones {
		for _, needle := range needles {
			conditions = append(conditions, "{contains}("+column+", ?%d) > 0")
			args = append(args, needle)
		}
	}
	for _, column := range texts {
		conditions = append(conditions, "{contains}("+column+", ?%d) > 0")
		args = append(args, text)
	}
	f.add("("+strings.Join(conditions, " OR ")+")", args...)
}

// phoneNeedle brings what looks like part of a phone number into the form numbers are stored in; any other text stays as
// it is, folded.
func phoneNeedle(search string) string {
	if fragment, ok := phone.Fragment(search); ok {
		return fragment
	}
	return searchable(search)
}

// between bounds a column of instants, both ends inclusive, zero = open.
func (f *filter) between(column string, from, to time.Time) {
	if !from.IsZero() {
		f.add(column+" >= ?%d", millis(from))
	}
	if !to.IsZero() {
		f.add(column+" <= ?%d", millis(to))
	}
}
