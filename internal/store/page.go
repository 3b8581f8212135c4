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

// orderBy is the ORDER BY of a page, with ties broken by id in the same direction (contract 0.3). columns maps the
// contract's names in lower case to SQL; "" is the default. Another name is fault.Invalid about SortProp.
func orderBy(page engine.Page, columns map[string]string) (string, error) {
	column, known := columns[strings.ToLower(page.Sort)]
	if !known {
		return "", fault.Bad("SortProp", "The value '%s' is not allowed.", page.Sort)
	}
	direction := "DESC"
	if page.Ascending {
		direction = "ASC"
	}
	if column == "id" {
		return " ORDER BY id " + direction, nil
	}
	return " ORDER BY " + column + " " + direction + ", id " + direction, nil
}

// filter is the conditions of a search with their values.
type filter struct {
	conditions []string
	args       []any
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
// an index alone, and then reads their rows. A page that is not full tells the count; otherwise count does.
func search[T any](q session, scan func(row) (T, error), columns, from string, f *filter, order string, page engine.Page,
	count func() (int, error)) (matching int, rows []T, err error) {
	text := fmt.Sprintf("SELECT %s FROM %s WHERE id IN (SELECT id FROM %s%s%s LIMIT ?%d OFFSET ?%d)%s",
		columns, from, from, f.where(), order, len(f.args)+1, len(f.args)+2, order)
	rows, err = list(q, scan, text, append(slices.Clone(f.args), page.Limit, page.Skip)...)
	if err != nil {
		return 0, nil, err
	}
	if len(rows) < page.Limit && (len(rows) > 0 || page.Skip == 0) {
		return page.Skip + len(rows), rows, nil
	}
	matching, err = count()
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
	needles := []string{text, phoneNeedle(search)}
	if whole != "" {
		needles = append(needles, string(whole))
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
