// Package leadfile decides what a table of leads from elsewhere means: CSV in the ways that spreadsheets and CRMs write it, or
// XLSX; which column is the phone number, which a variable. It refuses to know whether a lead is valid, and where leads are
// kept.
package leadfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

const (
	// MaxColumns bounds a row; a lead has at most 256 variables (contract 0.6).
	MaxColumns = 300
	// MaxCell bounds the bytes of a cell; a lead's variables have at most 32 KiB (contract 0.6).
	MaxCell = 32 << 10
	// sampleRows are looked at to guess what the columns are.
	sampleRows = 200
)

// Row is one line of the table; Line counts from 1 in the file, as spreadsheets and editors number it. Of a quoted cell that
// goes over several lines it is the first.
type Row struct {
	Line  int
	Cells []string
}

// Table is a file that was opened. One goroutine reads it.
type Table struct {
	Header []string // names of the columns, "" where a file has none; as long as the longest of the first rows
	Sample []Row    // the first rows that follow the header

	rows source
	held []Row // rows that were read to find the header, not returned yet
}

// source reads rows; io.EOF ends them. Cells are without white space around them.
type source interface {
	next() (Row, error)
	Close() error
}

// Open reads the beginning of a file: CSV in UTF-8, UTF-16 with a byte order mark or Windows-1252, separated by commas,
// semicolons, tabs or bars, or the first sheet of an XLSX workbook. Its errors are for the person who sent the file.
func Open(data []byte) (*Table, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.New("the file is empty")
	}
	var rows source
	var err error
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		rows, err = openWorkbook(data)
	case bytes.HasPrefix(data, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		err = errors.New("the file is a workbook of the old format (XLS), or has a password: save it as XLSX or CSV")
	default:
		rows, err = openCSV(data)
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

// Close gives back what the table holds.
func (t *Table) Close() error { return t.rows.Close() }

// begin reads the first rows and finds out whether the first of them is a header: it has no phone number and no empty middle.
func (t *Table) begin() error {
	for len(t.held) <= sampleRows {
		row, err := t.rows.next()
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
	if first := t.held[0]; isHeader(first.Cells) {
		copy(t.Header, first.Cells)
		t.held = t.held[1:]
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
	return t.rows.next()
}

// trimmed are cells without white space around them and without empty ones at the end, bounded.
func trimmed(line int, cells []string) (Row, error) {
	for n, cell := range cells {
		cells[n] = strings.TrimSpace(strings.ToValidUTF8(cell, "\uFFFD"))
		if len(cell) > MaxCell {
			return Row{}, fmt.Errorf("line %d: column %d has %d bytes; at most %d are allowed", line, n+1, len(cell), MaxCell)
		}
	}
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) > MaxColumns {
		return Row{}, fmt.Errorf("line %d has %d columns; at most %d are allowed", line, len(cells), MaxColumns)
	}
	return Row{Line: line, Cells: cells}, nil
}

// openCSV reads text.
func openCSV(data []byte) (source, error) {
	text, err := decoded(data)
	if err != nil {
		return nil, err
	}
	comma, skipped := separator(text)
	r := csv.NewReader(bytes.NewReader(text[skipped:]))
	r.FieldsPerRecord = -1 // rows of uneven length are common; what is missing is empty
	r.LazyQuotes = true    // 5" nails
	r.Comma = comma
	return &csvRows{reader: r, before: bytes.Count(text[:skipped], []byte("\n"))}, nil
}

type csvRows struct {
	reader *csv.Reader
	before int // lines before the reader's first
}

func (c *csvRows) next() (Row, error) {
	for {
		cells, err := c.reader.Read()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return Row{}, io.EOF
			}
			return Row{}, fmt.Errorf("the file is no CSV: %w", err)
		}
		line, _ := c.reader.FieldPos(0)
		row, err := trimmed(c.before+line, cells)
		if err != nil || len(row.Cells) > 0 {
			return row, err
		}
	}
}

func (*csvRows) Close() error { return nil }

// decoded is text as UTF-8. Bytes that are no UTF-8 are Windows-1252, which is what Excel writes as CSV on Western machines.
func decoded(data []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, []byte{0xEF, 0xBB, 0xBF}):
		data = data[3:]
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		return fromUTF16(data[2:], func(b []byte) uint16 { return uint16(b[0]) | uint16(b[1])<<8 }), nil
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		return fromUTF16(data[2:], func(b []byte) uint16 { return uint16(b[1]) | uint16(b[0])<<8 }), nil
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, errors.New("the file is neither CSV nor XLSX")
	}
	if utf8.Valid(data) {
		return data, nil
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		return nil, fmt.Errorf("read the text of the file: %w", err)
	}
	return text, nil
}

func fromUTF16(data []byte, unit func([]byte) uint16) []byte {
	units := make([]uint16, 0, len(data)/2)
	for ; len(data) >= 2; data = data[2:] {
		units = append(units, unit(data))
	}
	return []byte(string(utf16.Decode(units)))
}

// separator is what separates cells: what a first line "sep=;" says, Excel's own hint, which skipped bytes hold, or else the one
// of the usual separators that is most often in the first line, outside quotes.
func separator(text []byte) (comma rune, skipped int) {
	if end := bytes.IndexByte(text, '\n'); end > 0 {
		if hint := bytes.TrimSpace(text[:end]); len(hint) == len("sep=;") && bytes.HasPrefix(hint, []byte("sep=")) && bytes.IndexByte([]byte(",;|\t"), hint[4]) >= 0 {
			return rune(hint[4]), end + 1
		}
	}
	comma, most := ',', 0
	for _, candidate := range []rune{',', ';', '\t', '|'} {
		count, quoted := 0, false
		for _, c := range string(text[:min(len(text), 64<<10)]) {
			if c == '\n' && !quoted {
				break
			}
			if c == '"' {
				quoted = !quoted
			}
			if c == candidate && !quoted {
				count++
			}
		}
		if count > most {
			comma, most = candidate, count
		}
	}
	return comma, 0
}
