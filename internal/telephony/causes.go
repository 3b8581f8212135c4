package telephony

import (
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
)

// reason is one value of a Reason header field (RFC 3326): `Q.850;cause=17;text="User busy"`.
type reason struct {
	protocol string // in lower case
	cause    int    // 0 = none
	text     string
}

// reasonsOf parses the Reason header fields of a message and skips values that are malformed.
func reasonsOf(message sip.Message) []reason {
	var all []reason
	for _, header := range message.GetHeaders("Reason") {
		for _, value := range splitQuoted(header.Value(), ',') {
			parts := splitQuoted(value, ';')
			r := reason{protocol: strings.ToLower(strings.TrimSpace(parts[0]))}
			for _, part := range parts[1:] {
				name, value, _ := strings.Cut(part, "=")
				value = strings.Trim(strings.TrimSpace(value), `"`)
				switch strings.ToLower(strings.TrimSpace(name)) {
				case "cause":
					r.cause, _ = strconv.Atoi(value) // 0, no cause, when it is no number
				case "text":
					r.text = value
				}
			}
			all = append(all, r)
		}
	}
	return all
}

// causeOf maps a final response to a cause (contract 9.7, "causes"). A block by analytics takes precedence: the Q.850 cause
// beside it is an exchange's translation of the same refusal (ATIS-1000099, RFC 8197, RFC 8688). A Q.850 cause takes
// precedence over the status code, which gateways choose more coarsely (RFC 6432).
func causeOf(response *sip.Response) call.Cause {
	reasons := reasonsOf(response)
	if blocked(response.StatusCode, response.Reason) {
		return call.CauseBlocked
	}
	for _, r := range reasons {
		analytics := response.StatusCode == sip.StatusGlobalDecline && strings.Contains(strings.ToLower(r.text), "v=analytics")
		if analytics || r.protocol == "sip" && blocked(r.cause, r.text) {
			return call.CauseBlocked
		}
	}
	for _, r := range reasons {
		if r.protocol != "q.850" {
			continue
		}
		switch r.cause {
		case 1:
			return call.CauseNotAllocated
		case 17, 21:
			return call.CauseBusy
		case 18, 19:
			return call.CauseNoAnswer
		}
	}
	return call.CauseOf(response.StatusCode)
}

// blocked reports whether a status means that a network or the callee's phone blocked the call: 607 Unwanted, 608
// Rejected, or 603 with the reason phrase "Network Blocked".
func blocked(code int, phrase string) bool {
	const unwanted, rejected = 607, 608
	phrase = strings.Join(strings.Fields(strings.ToLower(phrase)), " ")
	return code == unwanted || code == rejected || code == sip.StatusGlobalDecline && strings.Contains(phrase, "network blocked")
}

// splitQuoted splits text at separators outside of quoted strings (RFC 3261 25.1).
func splitQuoted(text string, separator byte) []string {
	var parts []string
	begin, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch {
		case quoted && text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		case !quoted && text[i] == separator:
			parts = append(parts, text[begin:i])
			begin = i + 1
		}
	}
	return append(parts, text[begin:])
}
