package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// table prints the results in columns.
func table(w io.Writer, results []result) {
	lines := [][]string{{"row", "figure", "raw", "ratio", "goal", ""}}
	for _, r := range results {
		verdict := ""
		switch {
		case r.goal == "":
		case r.missed:
			verdict = "missed"
		default:
			verdict = "met"
		}
		lines = append(lines, []string{r.name, r.figure, r.raw, r.ratio, r.goal, verdict})
	}
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for n, cell := range line {
			widths[n] = max(widths[n], utf8.RuneCountInString(cell))
		}
	}
	fmt.Fprintln(w)
	for _, line := range lines {
		var text strings.Builder
		for n, cell := range line {
			text.WriteString(cell + strings.Repeat(" ", widths[n]-utf8.RuneCountInString(cell)+2))
		}
		fmt.Fprintln(w, strings.TrimRight(text.String(), " "))
	}
}

// machine says what the figures were measured on.
func machine() string {
	model := "unknown processor"
	if raw, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(raw)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s", model, runtime.NumCPU(), runtime.Version())
}

// median of an odd number of figures; of an even number the higher one of the middle.
func median[T float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func perSecond(rate float64) string { return fmt.Sprintf("%.0f/s", rate) }

func milliseconds(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.2f ms", d.Seconds()*1000)
	}
	return fmt.Sprintf("%.0f ms", d.Seconds()*1000)
}

func microseconds(d time.Duration) string { return fmt.Sprintf("%.0f µs", d.Seconds()*1e6) }

// times is a quotient that is better small.
func times(ratio float64) string { return fmt.Sprintf("%.2f×", ratio) }

// share is a quotient that is better large.
func share(ratio float64) string { return fmt.Sprintf("%.2f", ratio) }
