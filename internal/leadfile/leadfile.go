// Package leadfile decides what a table of leads from elsewhere means: CSV in the ways that spreadsheets and CRMs write it, or
// XLSX; which column is the phone number, which a variable. It refuses to know whether a lead is valid, and where leads are
// kept.
package leadfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	// MaxColumns bounds a row; a lead has at most 256 variables (contract 0.6).
	MaxColumns = 300
	// MaxCell bounds the bytes of a cell; a lead's variables have at most 32 KiB (contract 0.6).
	MaxCell = 32 << 10
	// maxRow bounds the bytes of a row: as much as a lead can have, and as much again of columns that are left out.
	maxRow = 64 << 10
	// maxRows bounds a file.
	maxRows = 1_000_000
	// sampleRows are looked at to guess what the columns are.
	sampleRows = 200
)

// Row is one line of the table; Line counts from 1 in the file, as spreadsheets and editors number it. Of a quoted cell that
// goes over several lines it is the first.
type Row struct {
	Line  int
	Cells []string
	Fault string // why it can be no lead, for people; "" = nothing is known against it
}

// Table is a file that was opened. One goroutine reads it.
type Table struct {
	Header []string // names of the columns, "" where a file has none; as long as the longest of the first rows
	Sample []Row    // the first rows that follow the header

	rows source
	held []Row // rows that were read to find the header, not returned yet
	read int   // rows that rows has given
}

// errNoLeads is said of files that have nothing to add.
var errNoLeads = errors.New("the file has no rows of leads below its headings")

// source reads rows; io.EOF ends them. Cells are without white space around them.
type source interface {
	next() (Row, error)
	Close() error
}

// Open reads the beginning of a file: CSV in UTF-8, UTF-16 with a byte order mark or Windows-1252, separated by commas,
// semicolons, tabs or bars, or the first sheet of an XLSX workbook. Its errors are for the person who sent the file, but for those
// of ctx, which ends the reading. How much memory that takes, however the file is made, says Memory.
func Open(ctx context.Context, data []byte) (*Table, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.New("the file is empty")
	}
	var rows source
	var err error
	switch {
	case isZIP(data):
		rows, err = openWorkbook(ctx, data)
	case bytes.HasPrefix(data, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		err = errors.New("the file is a workbook of the old format (XLS), or has a password: save it as XLSX or CSV")
	default:
		rows, err = openCSV(ctx, data)
	}
	if err != nil {
		return nil, err
	}
	t := &Table{rows: rows}
	if err := t.begin(); err != nil {
		_ = t.Close()
		return nil, err
	}
	return t, nil
}

// sampleMemory is what the rows that are looked at take at most, with what the readers hold.
const sampleMemory = sampleRows*maxRow + 1<<20

// Memory is how many bytes reading a file takes at most besides the file itself. It fails where Open would without reading any of it.
func Memory(data []byte) (int64, error) {
	bytes := min(4*int64(len(data)), sampleMemory)
	if !isZIP(data) {
		return bytes, nil
	}
	parts, err := openParts(context.Background(), data)
	if err != nil {
		return 0, err
	}
	return min(4*parts.declared, sampleMemory) + parts.memory(), nil
}

func isZIP(data []byte) bool { return bytes.HasPrefix(data, []byte("PK\x03\x04")) }

// Close gives back what the table holds.
func (t *Table) Close() error { return t.rows.Close() }

// begin reads the first rows and finds out whether the first of them is a header: it has no phone number and no empty middle.
func (t *Table) begin() error {
	for len(t.held) <= sampleRows {
		row, err := t.nextRow()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		t.held = append(t.held, row)
	}
	if len(t.held) == 0 {
		return errors.New("the file has no rows")
	}
	width := 0
	for _, row := range t.held {
		width = max(width, len(row.Cells))
	}
	t.Header = make([]string, width)
	if first := t.held[0]; first.Fault == "" && isHeader(first.Cells) {
		copy(t.Header, first.Cells)
		t.held = t.held[1:]
	}
	if len(t.held) == 0 {
		return errNoLeads
	}
	t.Sample = t.held
	return nil
}

// isHeader: names are words; a row of a lead has a number that can be called.
func isHeader(cells []string) bool {
	for _, cell := range cells {
		if looksLikePhone(cell) {
			return false
		}
	}
	return true
}

// Next returns the next row; io.EOF ends them.
func (t *Table) Next() (Row, error) {
	if len(t.held) > 0 {
		row := t.held[0]
		t.held = t.held[1:]
		return row, nil
	}
	return t.nextRow()
}

func (t *Table) nextRow() (Row, error) {
	row, err := t.rows.next()
	if err != nil {
		return row, err
	}
	if t.read++; t.read > maxRows+1 { // and the header
		return Row{}, fmt.Errorf("the file has more than %d rows", maxRows)
	}
	return row, nil
}

// trimmed are cells without white space around them and without empty ones at the end, bounded. Cells with U+0000, which is no
// text (contract 0.2), are the row's fault.
func trimmed(line int, cells []string) (Row, error) {
	row, size := Row{Line: line}, 0
	for n, cell := range cells {
		cells[n] = strings.TrimSpace(strings.ToValidUTF8(cell, "\uFFFD"))
		if len(cell) > MaxCell {
			return Row{}, tooLong(line, n+1)
		}
		if size += len(cell); size > maxRow {
			return Row{}, tooMuch(line)
		}
		if row.Fault == "" && strings.Contains(cell, "\x00") {
			row.Fault = fmt.Sprintf("column %d has the character U+0000, which is not allowed in texts", n+1)
		}
	}
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) > MaxColumns {
		return Row{}, tooWide(line)
	}
	row.Cells = cells
	return row, nil
}

func tooLong(line, column int) error {
	return fmt.Errorf("line %d: column %d has more than %d bytes; is a quote not closed?", line, column, MaxCell)
}

func tooMuch(line int) error { return fmt.Errorf("line %d has more than %d bytes", line, maxRow) }

func tooWide(line int) error {
	return fmt.Errorf("line %d has more columns than the %d that are allowed", line, MaxColumns)
}

// attended is a reader that ends with its context.
type attended struct {
	ctx context.Context
	in  io.Reader
}

func (a attended) Read(p []byte) (int, error) {
	if err := a.ctx.Err(); err != nil {
		return 0, err
	}
	return a.in.Read(p)
}
