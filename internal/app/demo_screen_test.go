package app

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestTheDemoFitsTheTerminal: no line that the demo prints wraps where a terminal has 80 columns.
func TestTheDemoFitsTheTerminal(t *testing.T) {
	t.Parallel()
	for _, hears := range []bool{true, false} {
		var out bytes.Buffer
		d := &demo{say: &out, base: "http://127.0.0.1:65535", receiver: &receiver{latest: "lead +14155550155 NotSuccessful"}}
		d.head(hears, true)
		counts := map[int]int{}
		for status := range statusNames {
			counts[status] = 60
		}
		d.show(counts)
		d.invitation("abcdefghijklmnop")
		d.summary(demoResult{Leads: 60, Calls: 120, Seconds: 120, Results: []demoLead{{PhoneNumber: "+14155550155", Callee: "wants to be called back in an hour", Expected: []int{10, 110}, Status: 110}}}, false)
		for line := range strings.Lines(out.String()) {
			if line = strings.TrimRight(line, "\n"); utf8.RuneCountInString(line) > columns {
				t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
			}
		}
		for _, want := range []string{"demo@example.com", "NotSuccessful 60", "--neural"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("nothing of %s:\n%s", want, out.String())
			}
		}
	}
}
