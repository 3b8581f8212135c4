package telephony

import (
	"maps"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// newParser is the library's parser with header parsers of ours before its own. The library wants fields as most senders
// write them; RFC 3261 25.1 allows white space around every separator, and any case in names of parameters: with
// "To: <sip:x@y>; TAG=z" read literally, an answered call would have no tag, and its ACK and BYE would be for nobody.
func newParser() *sip.Parser {
	parsers := sip.HeadersParser(maps.Clone(sip.DefaultHeadersParser()))
	for _, name := range []string{"to", "t", "from", "f", "contact", "m", "record-route", "route", "via", "v"} {
		library := parsers[name]
		parsers[name] = func(field []byte, text string) (sip.Header, error) { return library(field, plain(text)) }
	}
	for _, name := range []string{"cseq", "max-forwards"} {
		library := parsers[name]
		parsers[name] = func(field []byte, text string) (sip.Header, error) {
			return library(field, strings.Join(strings.Fields(text), " "))
		}
	}
	return sip.NewParser(sip.WithHeadersParsers(parsers))
}

// plain writes a field of addresses or hops as the library reads it: no white space around separators, names of
// parameters in lower case, nothing changed in quotes and angle brackets. Of a list it answers what the library will take
// as its first element with the comma, and everything behind it, where they were: the library goes on from there.
func plain(text string) string {
	first, rest := text, ""
	if i := firstComma(text); i >= 0 {
		first, rest = text[:i], text[i:]
	}
	short := tighten(first)
	if rest == "" {
		return short
	}
	// What became shorter is made up for where the library skips blanks: in front, but for an address without brackets.
	blanks := strings.Repeat(" ", len(first)-len(short))
	if strings.Contains(short, "<") || strings.HasPrefix(short, "SIP/") {
		return blanks + short + rest
	}
	return short + blanks + rest
}

// firstComma is the place of the first comma outside of quotes and angle brackets, -1 where there is none.
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

// tighten removes the white space around separators, makes one blank of what remains, and writes names of parameters in
// lower case.
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
