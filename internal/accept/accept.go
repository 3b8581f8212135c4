// Package accept reads what a client takes.
package accept

import (
	"net/http"
	"strconv"
	"strings"
)

// Gzip reports whether Accept-Encoding (RFC 9110, 12.5.3) names gzip with a weight above 0, or covers it by *.
func Gzip(header http.Header) bool {
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
			switch strings.ToLower(strings.TrimSpace(coding)) {
			case "gzip", "x-gzip":
				return !refused
			case "*":
				accepted = !refused
			}
		}
	}
	return accepted
}
