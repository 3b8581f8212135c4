package telephony

import (
	"maps"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// newParser returns the library's parser with header fields normalised before it parses them. RFC 3261 25.1 allows white
// space around every separator and any case in parameter names; the library does not. Without this "To: <sip:x@y>; TAG=z"
// would have no tag, and ACK and BYE would match no dialog of the peer.
func newParser() *sip.Parser {
	parsers := sip.HeadersParser(maps.Clone(sip.DefaultHeadersParser()))
	for _, name := range []string{"to", "t", "from", "f", "contact", "m", "record-route", "route", "via", "v"} {
		library := parsers[name]
		parsers[name] = func(field []byte, text string) (sip.Header, error) { return library(field, normalise(text)) }
	}
	for _, name := range []string{"cseq", "max-forwards"} {
		library := parsers[name]
		parsers[name] = func(field []byte, text string) (sip.Header, error) {
			return library(field, strings.Join(strings.Fields(text), " "))
		}
	}
	return sip.NewParser(sip.WithHeadersParsers(parsers))
}

// normalise rewrites a header field of addresses or Via hops: no white space around separators, parameter names in lower
// case, quoted strings and angle brackets unchanged. Only the first element of a list is rewritten. Its comma and the rest
// keep their offsets, because the library continues there.
func normalise(text string) string {
	first, rest := text, ""
	if i := firstComma(text); i >= 0 {
		first, rest = text[:i], text[i:]
	}
	short := tighten(first)
	if rest == "" {
		return short
	}
	// The removed characters become blanks where the library skips them: in front, except for an address without brackets.
	blanks := strings.Repeat(" ", len(first)-len(short))
	if strings.Contains(short, "<") || strings.HasPrefix(short, "SIP/") {
		return blanks + short + rest
	}
	return short + blanks + rest
}

// firstComma returns the index of the first comma outside of quotes and angle brackets, -1 without one.
func firstComma(text string) int {
	quoted, bracketed := false, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && !bracketed:
			quoted = !quoted
		case quoted:
		case c == '<':
			bracketed = true
		case c == '>':
			bracketed = false
		case c == ',' && !bracketed:
			return i
		}
	}
	return -1
}

// tighten removes white space around separators, collapses the rest to one blank, and lowers the case of parameter names.
func tighten(text string) string {
	var out strings.Builder
	quoted, bracketed, name, blank := false, false, false, false
	var last byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		if quoted || bracketed {
			out.WriteByte(c)
			switch {
			case quoted && c == '\\' && i+1 < len(text):
				i++
				out.WriteByte(text[i])
			case quoted && c == '"':
				quoted = false
			case bracketed && c == '>':
				bracketed = false
			}
			last = c
			continue
		}
		if c == ' ' || c == '\t' {
			blank = true
			continue
		}
		separator := strings.IndexByte(";=/:", c) >= 0
		if blank && out.Len() > 0 && !separator && strings.IndexByte(";=/:", last) < 0 {
			out.WriteByte(' ')
		}
		blank = false
		switch c {
		case '"':
			quoted = true
		case '<':
			bracketed = true
		case ';':
			name = true
		case '=':
			name = false
		}
		if name && c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		out.WriteByte(c)
		last = c
	}
	return out.String()
}
