package api_test

import (
	"io"
	"testing"
)

// A voice's sample needs no key; where the voice cannot speak that is said, and what is no voice has none.
func TestVoiceSample(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, test := range []struct {
		request, kind, body string
		status              int
	}{
		{"GET /samples/0000000000000000000000a1", "audio/wav", "RIFF", 200},
		{"HEAD /samples/0000000000000000000000A1/", "audio/wav", "", 200},
		{"GET /samples/0000000000000000000000b1", "application/problem+json; charset=utf-8", "", 503},
		{"GET /samples/0000000000000000000000a2", "application/problem+json; charset=utf-8", "", 404},
		{"GET /samples/0000000000000000000000ff", "application/problem+json; charset=utf-8", "", 404},
		{"GET /samples/", "application/problem+json; charset=utf-8", "", 404},
		{"POST /samples/0000000000000000000000a1", "application/problem+json; charset=utf-8", "", 405},
	} {
		response := w.ask(t, test.request)
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != test.status || response.Header.Get("Content-Type") != test.kind || test.body != "" && string(body) != test.body {
			t.Errorf("%s: %d %s %q", test.request, response.StatusCode, response.Header.Get("Content-Type"), body)
		}
	}
}
