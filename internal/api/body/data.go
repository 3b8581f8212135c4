package body

import "bytes"

// dataScanner scans a value that is kept as data and notes whether a key comes twice in one object.
type dataScanner struct {
	*decoder
	doubled bool
}

func (s *dataScanner) value(depth int) bool {
	if depth > maxDepth {
		return s.skip(depth) // says so
	}
	switch s.peek() {
	case '{':
		return s.members(depth)
	case '[':
		return s.list(func(int) bool { return s.value(depth + 1) })
	default:
		return s.skip(depth)
	}
}

func (s *dataScanner) members(depth int) bool {
	var few [16][]byte // usual objects are small: comparing beats hashing
	names := few[:0]
	var many map[string]bool
	return s.object(func(name text) bool {
		raw := name.raw
		if name.escaped {
			raw = []byte(name.String())
		}
		if many == nil && len(names) == cap(few) {
			many = make(map[string]bool, 4*cap(few))
			for _, other := range names {
				many[string(other)] = true
			}
		}
		if many != nil {
			s.doubled = s.doubled || many[string(raw)]
			many[string(raw)] = true
		} else {
			for _, other := range names {
				s.doubled = s.doubled || bytes.Equal(other, raw)
			}
			names = append(names, raw)
		}
		return s.value(depth + 1)
	})
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// spaced reports white space outside texts.
func spaced(raw []byte) bool {
	inText := false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case !inText && isSpace(c):
			return true
		}
	}
	return false
}

// withoutDoubles rewrites valid JSON so that of a key that comes twice only the last value stays, at the place of the first.
func withoutDoubles(raw []byte) []byte {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return raw
	}
	var out bytes.Buffer
	switch raw[0] {
	case '{':
		names, values := membersOf(raw)
		out.WriteByte('{')
		for i, name := range names {
			if i > 0 {
				out.WriteByte(',')
			}
			out.Write(values[name].name)
			out.WriteByte(':')
			out.Write(withoutDoubles(values[name].value))
		}
		out.WriteByte('}')
	case '[':
		d := decoder{data: raw}
		out.WriteByte('[')
		d.list(func(i int) bool {
			if i > 0 {
				out.WriteByte(',')
			}
			d.peek()
			start := d.pos
			ok := d.skip(0)
			out.Write(withoutDoubles(raw[start:d.pos]))
			return ok
		})
		out.WriteByte(']')
	default:
		return raw
	}
	return out.Bytes()
}

// written is a member as it stood in the body.
type written struct{ name, value []byte }

func membersOf(raw []byte) (names []string, values map[string]written) {
	d := decoder{data: raw}
	values = map[string]written{}
	d.object(func(name text) bool {
		quoted := raw[0:0:0]
		quoted = append(append(append(quoted, '"'), name.raw...), '"')
		d.peek()
		start := d.pos
		ok := d.skip(0)
		key := name.String()
		if _, known := values[key]; !known {
			names = append(names, key)
		}
		values[key] = written{quoted, raw[start:d.pos]}
		return ok
	})
	return names, values
}
