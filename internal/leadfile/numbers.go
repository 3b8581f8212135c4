package leadfile

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

const (
	// maxNumber is how many characters a number has that is written otherwise than it stands: more than any that is stored exactly.
	maxNumber = 40
	// maxDigits is how many digits a whole number has at most that is written in full.
	maxDigits = 30
	// maxFormats and maxFormat bound the number formats of a workbook's own, which are looked for one by one.
	maxFormats, maxFormat = 1000, 1000
)

// numbers writes numbers as a workbook shows them. excelize knows the formats; it is given a workbook of one cell, with the styles of
// the one that is read.
type numbers struct {
	file  *excelize.File // nil: without styles, numbers are as they stand
	sheet string
	style string // that the cell has
}

// numbers reads the styles.
func (p *parts) numbers() (*numbers, error) {
	n := &numbers{file: excelize.NewFile(), sheet: "Sheet1", style: "0"}
	if p.date1904 {
		if err := n.file.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &p.date1904}); err != nil {
			return nil, fmt.Errorf("set the first day: %w", err)
		}
	}
	if p.styles == nil {
		return n, nil
	}
	formats := 0
	err := p.each(p.styles, func(start xml.StartElement) error {
		if start.Name.Local != "numFmt" {
			return nil
		}
		if formats++; formats > maxFormats || len(attribute(start, "formatCode")) > maxFormat {
			return errTooLarge
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	styles, err := p.open(p.styles)
	if err != nil {
		return nil, err
	}
	defer styles.Close()
	styles.in.token = maxStyles
	var text bytes.Buffer
	if _, err := io.Copy(&text, styles.in); err != nil {
		return nil, err
	}
	n.file.Pkg.Store("xl/styles.xml", text.Bytes())
	n.file.Styles = nil // read anew
	return n, nil
}

// shown is a number that is stored as text, in the style of that number.
func (n *numbers) shown(style, text string) string {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || len(text) > maxNumber || math.IsInf(value, 0) || math.IsNaN(value) || math.Abs(value) >= 1e30 {
		return text
	}
	shown, err := n.formatted(style, text)
	if err != nil {
		shown = text
	}
	if scientific.MatchString(shown) {
		return plain(text)
	}
	return shown
}

func (n *numbers) formatted(style, text string) (string, error) {
	if style == "" {
		style = "0"
	}
	if style != n.style {
		number, err := strconv.Atoi(style)
		if err != nil {
			return "", fmt.Errorf("read a style: %w", err)
		}
		if err := n.file.SetCellStyle(n.sheet, "A1", "A1", number); err != nil {
			return "", fmt.Errorf("set a style: %w", err)
		}
		n.style = style
	}
	if err := n.file.SetCellDefault(n.sheet, "A1", text); err != nil {
		return "", fmt.Errorf("set a number: %w", err)
	}
	return n.file.GetCellValue(n.sheet, "A1")
}

func (n *numbers) Close() error { return n.file.Close() }

// scientific is a number in a form that loses digits.
var scientific = regexp.MustCompile(`^-?\d(\.\d+)?E[+-]?\d+$`)

// plain writes 4.42079460107E11 as 442079460107; what is no whole number, or a longer one than any that names somebody, stays.
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

// wholeNumber writes a number in scientific form in full. How many digits that takes is judged by its exponent: the number itself may
// have billions.
func wholeNumber(text string) (string, bool) {
	_, exponent, _ := strings.Cut(text, "E")
	if power, err := strconv.Atoi(exponent); err != nil || power < 0 || power >= maxDigits || len(text) > maxNumber {
		return "", false
	}
	f, _, err := big.ParseFloat(text, 10, 256, big.ToNearestEven)
	if err != nil || !f.IsInt() {
		return "", false
	}
	whole, _ := f.Int(nil)
	return whole.String(), true
}
