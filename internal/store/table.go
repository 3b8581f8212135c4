package store

import (
	"fmt"
	"slices"
	"strings"
)

// table is a table and the one list of its columns: rows are inserted, read, updated and scanned in this order.
type table struct {
	name    string
	columns []string
}

// newTable takes the columns as they are written in a statement: "id, name".
func newTable(name, columns string) table {
	return table{name: name, columns: strings.Split(columns, ", ")}
}

// list is the columns as they are written in a statement.
func (t table) list() string { return strings.Join(t.columns, ", ") }

// listWithout is the list with some columns left out: large ones that a reader of many rows does not need.
func (t table) listWithout(columns ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(t.columns), func(column string) bool { return slices.Contains(columns, column) }), ", ")
}

// insertion is the statement that inserts count rows.
func (t table) insertion(count int) string {
	rows := make([]string, count)
	for n := range rows {
		rows[n] = "(" + placeholders(n*len(t.columns)+1, len(t.columns)) + ")"
	}
	return "INSERT INTO " + t.name + " (" + t.list() + ") VALUES " + strings.Join(rows, ", ")
}

// updating is the statement that sets all columns of the row that the first keys of them name. The value of a column is that of
// its place, as in insertion.
func (t table) updating(keys int) string {
	set, where := make([]string, 0, len(t.columns)), make([]string, 0, keys)
	for n, column := range t.columns {
		term := fmt.Sprintf("%s = ?%d", column, n+1)
		if n < keys {
			where = append(where, term)
		} else {
			set = append(set, term)
		}
	}
	return "UPDATE " + t.name + " SET " + strings.Join(set, ", ") + " WHERE " + strings.Join(where, " AND ")
}

// replacing is the statement that inserts a row, or sets all columns of that which has the same first keys.
func (t table) replacing(keys int) string {
	set := make([]string, 0, len(t.columns))
	for _, column := range t.columns[keys:] {
		set = append(set, column+" = excluded."+column)
	}
	return t.insertion(1) + " ON CONFLICT (" + strings.Join(t.columns[:keys], ", ") + ") DO UPDATE SET " + strings.Join(set, ", ")
}

// set takes the columns to be updated; values are those of a row.
func (t table) set(values []any, picks func(column string) bool) (c columnSet) {
	for n, column := range t.columns {
		c.set(picks(column), column, values[n])
	}
	return c
}

// columnSet is the columns that an update sets: one that is left out costs its indexes nothing.
type columnSet struct {
	columns []string
	args    []any
}

func (c *columnSet) set(differs bool, column string, value any) {
	if differs {
		c.columns = append(c.columns, column)
		c.args = append(c.args, value)
	}
}

// empty: nothing differs, and there is no statement to run.
func (c *columnSet) empty() bool { return len(c.columns) == 0 }

// update is the statement; its first values are those of key, a WHERE with ?1 ?2 ….
func (c *columnSet) update(table, key string, keys ...any) (string, []any) {
	var text strings.Builder
	text.WriteString("UPDATE " + table + " SET ")
	for n, column := range c.columns {
		if n > 0 {
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "%s = ?%d", column, len(keys)+n+1)
	}
	text.WriteString(" WHERE " + key)
	return text.String(), append(keys, c.args...)
}
