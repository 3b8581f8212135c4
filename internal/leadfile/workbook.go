package leadfile

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// workbook reads the first sheet that has rows (ISO/IEC 29500-1, 18.3), as it is unpacked. Numbers are as people see them, but
// where that loses digits, since a long one is shown as 4.42079E+11; texts are as they stand.
type workbook struct {
	texts   sharedTexts
	numbers *numbers
	sheet   *tokens
	line    int
	first   *Row // that was read to find the sheet
}

func openWorkbook(ctx context.Context, data []byte) (source, error) {
	parts, err := openParts(ctx, data)
	if err != nil {
		return nil, err
	}
	w := &workbook{}
	if w.texts, err = parts.texts(); err != nil {
		return nil, unreadable(err)
	}
	if w.numbers, err = parts.numbers(); err != nil {
		return nil, unreadable(err)
	}
	for _, sheet := range parts.sheets {
		if w.sheet, err = parts.open(sheet); err != nil {
			return nil, err
		}
		w.line = 0
		row, err := w.next()
		if err == nil {
			w.first = &row
			return w, nil
		}
		_ = w.sheet.Close()
		if !errors.Is(err, io.EOF) {
			return nil, err
		}
	}
	_ = w.numbers.Close()
	return nil, errors.New("no sheet of the workbook has rows")
}

func unreadable(err error) error { return fmt.Errorf("the workbook cannot be read: %w", err) }

func (w *workbook) next() (Row, error) {
	if w.first != nil {
		row := *w.first
		w.first = nil
		return row, nil
	}
	for {
		token, err := w.sheet.next()
		if errors.Is(err, io.EOF) {
			return Row{}, io.EOF
		}
		if err != nil {
			return Row{}, w.unreadable(err)
		}
		start, begins := token.(xml.StartElement)
		if !begins || start.Name.Local != "row" {
			continue
		}
		w.line++
		if line, err := strconv.Atoi(attribute(start, "r")); err == nil && line > w.line {
			w.line = line
		}
		cells, err := w.row()
		if err != nil {
			return Row{}, err
		}
		row, err := trimmed(w.line, cells)
		if err != nil || len(row.Cells) > 0 {
			return row, err
		}
	}
}

func (w *workbook) unreadable(err error) error {
	return fmt.Errorf("row %d of the workbook cannot be read: %w", max(w.line, 1), err)
}

// row reads the cells of a row to its end.
func (w *workbook) row() ([]string, error) {
	var cells []string
	size := 0
	for column := 0; ; {
		token, err := w.sheet.next()
		if err != nil {
			return nil, w.unreadable(err)
		}
		switch token := token.(type) {
		case xml.EndElement:
			if token.Name.Local == "row" {
				return cells, nil
			}
		case xml.StartElement:
			if token.Name.Local != "c" {
				continue
			}
			column++
			if named := columnOf(attribute(token, "r")); named > 0 {
				column = named
			}
			kind, style := attribute(token, "t"), attribute(token, "s")
			text, err := w.sheet.text("c")
			if err != nil {
				return nil, w.unreadable(err)
			}
			if len(text) > MaxCell {
				return nil, tooLong(w.line, column)
			}
			if text = w.value(kind, style, text); strings.TrimSpace(text) == "" {
				continue
			}
			if column > MaxColumns {
				return nil, tooWide(w.line)
			}
			if size += len(text); size > maxRow {
				return nil, tooMuch(w.line)
			}
			for len(cells) < column {
				cells = append(cells, "")
			}
			cells[column-1] = text
		}
	}
}

// columnOf is the column of a reference as AB12, 0 for what is none.
func columnOf(reference string) (column int) {
	for _, r := range reference {
		if r < 'A' || r > 'Z' {
			break
		}
		if column = column*26 + int(r-'A') + 1; column > 16384 {
			return 0
		}
	}
	return column
}

// text reads to the end of an element what its values and texts hold; formulas and how a text is spoken are none of it. Of a
// text that is too long it keeps enough for others to see that it is.
func (t *tokens) text(element string) (string, error) {
	var text []byte
	reading, spoken := false, false
	for {
		token, err := t.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return "", err
		}
		switch token := token.(type) {
		case xml.StartElement:
			switch token.Name.Local {
			case "v", "t":
				reading = !spoken
			case "rPh":
				spoken = true
			}
		case xml.CharData:
			if reading {
				text = append(text, token[:min(len(token), MaxCell+1-min(len(text), MaxCell+1))]...)
			}
		case xml.EndElement:
			switch token.Name.Local {
			case "v", "t":
				reading = false
			case "rPh":
				spoken = false
			case element:
				return string(text), nil
			}
		}
	}
}

// value is a cell by its type (ISO/IEC 29500-1, 18.18.11). Only numbers are written otherwise than they stand.
func (w *workbook) value(kind, style, text string) string {
	switch kind {
	case "", "n":
		return w.numbers.shown(style, strings.TrimSpace(text))
	case "s":
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return ""
		}
		return unescaped(w.texts.at(n))
	case "b":
		if strings.TrimSpace(text) == "1" {
			return "TRUE"
		}
		return "FALSE"
	}
	return unescaped(text)
}

// escape is a character that XML cannot have, as _x000D_ (ISO/IEC 29500-1, 22.9.2.19).
var escape = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

func unescaped(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	return escape.ReplaceAllStringFunc(text, func(escaped string) string {
		unit, _ := strconv.ParseUint(escaped[2:6], 16, 16)
		return string(rune(unit))
	})
}

func (w *workbook) Close() error { return errors.Join(w.sheet.Close(), w.numbers.Close()) }

// sharedTexts are the texts of a workbook, which its cells name by number, one after another.
type sharedTexts struct {
	text []byte
	ends []uint32
}

func (s sharedTexts) at(n int) string {
	if n < 0 || n >= len(s.ends) {
		return ""
	}
	from := uint32(0)
	if n > 0 {
		from = s.ends[n-1]
	}
	return string(s.text[from:s.ends[n]])
}

// texts reads the shared texts. What they take is at most what their part is said to unpack to, and four bytes for each.
func (p *parts) texts() (s sharedTexts, err error) {
	if p.shared == nil {
		return s, nil
	}
	in, err := p.open(p.shared)
	if err != nil {
		return s, err
	}
	defer in.Close()
	s.text = make([]byte, 0, p.shared.UncompressedSize64)
	for {
		token, err := in.next()
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err != nil {
			return s, err
		}
		if start, begins := token.(xml.StartElement); begins && start.Name.Local == "si" {
			text, err := in.text("si")
			if err != nil {
				return s, err
			}
			s.text = append(s.text, text...)
			s.ends = append(s.ends, uint32(len(s.text)))
		}
	}
}
