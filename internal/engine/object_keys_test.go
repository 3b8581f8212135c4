package engine

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// decodedKeys is the slow and plain way to the keys of an object.
func decodedKeys(raw []byte) (keys []string, ok bool) {
	if !json.Valid(raw) {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, false
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, false
		}
		keys = append(keys, key.(string))
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, false
		}
	}
	return keys, true
}

func TestObjectKeys(t *testing.T) {
	t.Parallel()
	same := func(t interface{ Errorf(string, ...any) }, raw []byte) {
		keys, ok := objectKeys(raw)
		want, wantOK := decodedKeys(raw)
		if ok != wantOK || !slices.Equal(keys, want) {
			t.Errorf("%s: keys %q %v, want %q %v", raw, keys, ok, want, wantOK)
		}
	}
	for _, text := range []string{
		``, ` `, `{}`, ` { } `, `[]`, `null`, `"a"`, `{"a":1}`, `{"a":{"b":1,"c":[{"d":2}]},"e":"f"}`, `{"a":"b,\"c\":","d":"}"}`, `{"\u0041\"":1,"ä":2}`,
		"{\"\xff\":1}", `{"a":1}{"b":2}`, `{"a":1,}`, `{"a"}`, `{"":{},"a":[],"a":"\\"}`, `{"a":["x","y"],"b":"z"}`, `{"\ud800":1}`,
	} {
		same(t, []byte(text))
	}
	rapid.Check(t, func(t *rapid.T) {
		// Pieces of JSON, put together at random: many results are valid, and many nearly so.
		pieces := rapid.SliceOfN(rapid.SampledFrom([]string{`{`, `}`, `[`, `]`, `,`, `:`, `"a"`, `"b\""`, `"\\"`, `1`, ` `, `null`, `"c":`, `{"d":2}`, `,"e":`}), 0, 12).Draw(t, "pieces")
		same(t, []byte(`{`+joined(pieces)+`}`))
	})
}

func joined(pieces []string) string {
	var out bytes.Buffer
	for _, piece := range pieces {
		out.WriteString(piece)
	}
	return out.String()
}
