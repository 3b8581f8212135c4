// Package accept reads what a client takes.
package accept

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Gzip reports whether gzip is accepted.
func Gzip(header http.Header) bool { return Coding(header, "gzip", "x-gzip") }

// Coding reports whether Accept-Encoding (RFC 9110, 12.5.3) names one of the spellings of a content coding with a weight above
// 0, or covers it by *.
func Coding(header http.Header, spellings ...string) bool {
	accepted := false
	for _, line := range header.Values("Accept-Encoding") {
		for part := range strings.SplitSeq(line, ",") {
			coding, parameters, _ := strings.Cut(part, ";")
			name, weight, found := strings.Cut(strings.TrimSpace(parameters), "=")
			refused := false
			if found && strings.EqualFold(strings.TrimSpace(name), "q") {
				q, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
				refused = err == nil && q == 0
			}
			switch coding = strings.ToLower(strings.TrimSpace(coding)); {
			case slices.Contains(spellings, coding):
				return !refused
			case coding == "*":
				accepted = !refused
			}
		}
	}
	return accepted
}
