package app

import (
	"encoding/csv"
	"io"
	"regexp"
	"strings"
)

// sheet writes CSV for people, who open it in spreadsheets.
type sheet struct {
	out *csv.Writer
	raw bool // cells as they are
}

func newSheet(w io.Writer, raw bool) sheet { return sheet{csv.NewWriter(w), raw} }

// plainNumber is a number, or a phone number in E.164: no formula, whatever it begins with.
var plainNumber = regexp.MustCompile(`^[+-][0-9]+(\.[0-9]+)?$`)

// row writes a row. A text that a spreadsheet would take for a formula is kept from it by an apostrophe (OWASP, CSV injection), as
// the dashboard's csv does.
func (s sheet) row(cells []string) error {
	written := make([]string, len(cells))
	for n, cell := range cells {
		if !s.raw && cell != "" && strings.IndexByte("=+-@\t\r", cell[0]) >= 0 && !plainNumber.MatchString(cell) {
			cell = "'" + cell
		}
		written[n] = cell
	}
	return s.out.Write(written)
}

// end writes what is held back.
func (s sheet) end() error {
	s.out.Flush()
	return s.out.Error()
}
