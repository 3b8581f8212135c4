package app

import (
	"strings"
	"testing"
)

// TestSheetsHaveNoFormulas: no cell is run by a spreadsheet; numbers stay numbers, and --raw leaves all as it is.
func TestSheetsHaveNoFormulas(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"=1+1": "'=1+1", "+14155550101": "+14155550101", "+1+1": "'+1+1", "-5": "-5", "-2.5": "-2.5", "-cmd": "'-cmd", "@SUM(1)": "'@SUM(1)",
		"\t=1": "'\t=1", "\r=1": "'\r=1", "Ada": "Ada", "a=b": "a=b", "+": "'+", "+1\n=1": "'+1\n=1",
	} {
		for _, raw := range []bool{false, true} {
			var text strings.Builder
			out := newSheet(&text, raw)
			if err := out.row([]string{"x", cell}); err != nil {
				t.Fatal(err)
			}
			if err := out.end(); err != nil {
				t.Fatal(err)
			}
			shown := want
			if raw {
				shown = cell
			}
			if got := strings.ReplaceAll(strings.TrimSuffix(text.String(), "\n"), `"`, ""); got != "x,"+shown {
				t.Errorf("%q, raw %v: %q", cell, raw, got)
			}
		}
	}
}
