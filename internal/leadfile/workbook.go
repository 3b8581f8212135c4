package leadfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/xuri/excelize/v2"
)

const (
	// maxUnzipped bounds what a workbook may unpack to; a few KiB could be gigabytes.
	maxUnzipped = 512 << 20
	// inMemory is how much of a sheet is unpacked in memory; the rest goes to a temporary file.
	inMemory = 16 << 20
)

// workbook reads the first sheet that has rows, twice side by side: cells as people see them, and as they are stored, since a
// long number is shown as 4.42079E+11.
type workbook struct {
	file       *excelize.File
	shown, raw *excelize.Rows
	line       int
}

func openWorkbook(data []byte) (source, error) {
	file, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: inMemory})
	if err != nil {
		return nil, fmt.Errorf("the file is no XLSX workbook: %w", err)
	}
	for _, sheet := range file.GetSheetList() {
		w := &workbook{file: file}
		if w.shown, err = file.Rows(sheet); err == nil {
			w.raw, err = file.Rows(sheet)
		}
		if err != nil {
			break
		}
		if row, reading := w.next(); reading == nil && len(row.Cells) > 0 {
			if err = w.rewind(sheet); err == nil {
				return w, nil
			}
			break
		}
		w.end()
	}
	_ = file.Close()
	if err == nil {
		err = errors.New("no sheet has rows")
	}
	return nil, fmt.Errorf("the workbook cannot be read: %w", err)
}

func (w *workbook) rewind(sheet string) (err error) {
	w.end()
	w.line = 0
	if w.shown, err = w.file.Rows(sheet); err == nil {
		w.raw, err = w.file.Rows(sheet)
	}
	return err
}

func (w *workbook) end() {
	for _, rows := range []*excelize.Rows{w.shown, w.raw} {
		if rows != nil {
			_ = rows.Close()
		}
	}
}

// scientific is a number in a form that loses digits.
var scientific = regexp.MustCompile(`^-?\d(\.\d+)?E[+-]?\d+$`)

func (w *workbook) next() (Row, error) {
	for w.shown.Next() && w.raw.Next() {
		w.line++
		cells, err := w.shown.Columns()
		if err != nil {
			return Row{}, fmt.Errorf("row %d of the workbook cannot be read: %w", w.line, err)
		}
		stored, err := w.raw.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return Row{}, fmt.Errorf("row %d of the workbook cannot be read: %w", w.line, err)
		}
		for n := range cells {
			if scientific.MatchString(cells[n]) && n < len(stored) {
				cells[n] = plain(stored[n])
			}
		}
		row, err := trimmed(w.line, cells)
		if err != nil || len(row.Cells) > 0 {
			return row, err
		}
	}
	if err := errors.Join(w.shown.Error(), w.raw.Error()); err != nil {
		return Row{}, fmt.Errorf("the workbook cannot be read: %w", err)
	}
	return Row{}, io.EOF
}

// plain writes 4.42079460107E11 as 442079460107; what is no whole number stays.
func plain(stored string) string {
	if !scientific.MatchString(stored) {
		return stored
	}
	whole, ok := wholeNumber(stored)
	if !ok {
		return stored
	}
	return whole
}

func (w *workbook) Close() error {
	w.end()
	return w.file.Close()
}
