package leadfile

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// csvRows reads RFC 4180 as it is met: any of the usual separators, line ends of all three kinds, rows of uneven length, quotes
// inside of cells. encoding/csv bounds no row before it has all of it, and takes what follows a quote that is not closed for a cell.
type csvRows struct {
	in    *bufio.Reader
	comma byte
	line  int // that is read now
}

// lookAhead is how much of a text is looked at to find its separator.
const lookAhead = 64 << 10

// openCSV reads text.
func openCSV(ctx context.Context, data []byte) (source, error) {
	text, err := decoded(attended{ctx: ctx}, data)
	if err != nil {
		return nil, err
	}
	c := &csvRows{in: bufio.NewReaderSize(text, lookAhead), line: 1}
	first, err := c.in.Peek(lookAhead)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the text of the file cannot be read: %w", err)
	}
	comma, hinted := separator(first)
	c.comma = comma
	if hinted { // its line is none of the table
		for {
			if ended, err := c.lineEnd(); ended || err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

// lineEnd reads a byte and reports whether it ended the line.
func (c *csvRows) lineEnd() (bool, error) {
	b, err := c.in.ReadByte()
	if err != nil {
		return false, err
	}
	return c.ends(b), nil
}

// ends reports whether a byte ends the line, LF, CR or CRLF, and counts it.
func (c *csvRows) ends(b byte) bool {
	if b == '\r' {
		if next, err := c.in.Peek(1); err == nil && next[0] == '\n' {
			_, _ = c.in.Discard(1)
		}
		b = '\n'
	}
	if b != '\n' {
		return false
	}
	c.line++
	return true
}

func (c *csvRows) next() (Row, error) {
	for {
		row, err := c.record()
		if err != nil || len(row.Cells) > 0 || row.Fault != "" {
			return row, err
		}
	}
}

// record reads to the end of a row, which may be empty.
func (c *csvRows) record() (Row, error) {
	if _, err := c.in.Peek(1); err != nil {
		return Row{}, err
	}
	first, size, fault := c.line, 0, ""
	var cells []string
	for column, last := 1, false; !last; column++ {
		text, wrong, end, err := c.cell(first, column)
		if err != nil {
			return Row{}, err
		}
		if size += len(text); size > maxRow {
			return Row{}, tooMuch(first)
		}
		switch {
		case column <= MaxColumns:
			cells = append(cells, text)
		case len(bytes.TrimSpace([]byte(text))) > 0:
			return Row{}, tooWide(first)
		}
		if wrong != "" {
			fault = wrong
		}
		last = end
	}
	row, err := trimmed(first, cells)
	if fault != "" {
		row.Fault = fault
	}
	return row, err
}

// cell reads a cell and what ends it; last reports whether that is the end of the row. A quoted cell goes on after a quote that
// nothing has ended or doubled, as 5" does in "5" nails", but then it must end in its line; one that does not, or that has such a
// quote on a later line, has not been closed where it should have been: the row is at fault, and ends with that line.
func (c *csvRows) cell(first, column int) (text, fault string, last bool, err error) {
	var cell []byte
	quoted, stray, begun := false, false, c.line
	for start := true; ; start = false {
		b, err := c.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF) && quoted && !stray:
			return "", "", true, fmt.Errorf("line %d: the quote that column %d begins with is never closed", begun, column)
		case errors.Is(err, io.EOF):
			return string(cell), c.unclosed(fault, quoted, begun, column), true, nil
		case err != nil:
			return "", "", true, err
		}
		switch {
		case start && b == '"':
			quoted = true
			continue
		case quoted && b == '"':
			next, err := c.in.Peek(1)
			switch {
			case err != nil || next[0] == c.comma || next[0] == '\n' || next[0] == '\r':
				quoted = false
				continue
			case next[0] == '"':
				_, _ = c.in.Discard(1)
			default:
				if stray = true; c.line > begun {
					fault = c.unclosed("", true, begun, column)
				}
			}
		case !quoted && b == c.comma:
			return string(cell), fault, false, nil
		default:
			if line := c.line; c.ends(b) {
				if !quoted || stray {
					c.line = line
					fault = c.unclosed(fault, quoted, begun, column)
					c.line = line + 1
					return string(cell), fault, true, nil
				}
				b = '\n'
			}
		}
		if cell = append(cell, b); len(cell) > MaxCell {
			return "", "", true, tooLong(first, column)
		}
	}
}

// unclosed says that a cell's quote is open, to the line that is read; before, what was said already, stays.
func (c *csvRows) unclosed(before string, quoted bool, begun, column int) string {
	switch {
	case before != "" || !quoted:
		return before
	case c.line > begun:
		return fmt.Sprintf("the quote that column %d begins with is not closed; the lines up to %d were taken for its text", column, c.line)
	}
	return fmt.Sprintf("the quote that column %d begins with is not closed", column)
}

func (*csvRows) Close() error { return nil }

// decoded is text as UTF-8. Bytes that are no UTF-8 are Windows-1252, which is what Excel writes as CSV on Western machines.
func decoded(in attended, data []byte) (io.Reader, error) {
	little, big := bytes.HasPrefix(data, []byte{0xFF, 0xFE}), bytes.HasPrefix(data, []byte{0xFE, 0xFF})
	data = bytes.TrimPrefix(data, []byte{0xEF, 0xBB, 0xBF})
	in.in = bytes.NewReader(data)
	switch {
	case little:
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(in), nil
	case big:
		return unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewDecoder().Reader(in), nil
	case noText(data):
		return nil, errors.New("the file is neither CSV nor XLSX")
	case utf8.Valid(data):
		return in, nil
	}
	return charmap.Windows1252.NewDecoder().Reader(in), nil
}

// noText: U+0000 in a row is that row's fault, in the first line it is no text, nor is it beside other control characters.
func noText(data []byte) bool {
	first := bytes.IndexByte(data, 0)
	if first < 0 {
		return false
	}
	end := bytes.IndexByte(data, '\n')
	return end < 0 || first < end || bytes.ContainsFunc(data, func(r rune) bool { return 0 < r && r < ' ' && r != '\t' && r != '\r' && r != '\n' })
}

// separator is what separates cells: what a first line "sep=;" says, Excel's own hint, or else the one of the usual separators
// that is most often in the first line, outside quotes.
func separator(text []byte) (comma byte, hinted bool) {
	if end := bytes.IndexAny(text, "\r\n"); end > 0 {
		if hint := bytes.TrimSpace(text[:end]); len(hint) == len("sep=;") && bytes.HasPrefix(hint, []byte("sep=")) && bytes.IndexByte([]byte(",;|\t"), hint[4]) >= 0 {
			return hint[4], true
		}
	}
	comma, most := ',', 0
	for _, candidate := range []byte{',', ';', '\t', '|'} {
		count, quoted := 0, false
		for _, c := range text {
			if (c == '\n' || c == '\r') && !quoted {
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
	return comma, false
}
