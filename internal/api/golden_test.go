package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata")

const (
	between = "\n====\n" // exchanges
	within  = "\n----\n" // request and answer
)

// TestGolden holds answers against testdata/*.txt: exchanges divided by ====, each a request, ---- and its answer. New ids
// in an answer are called {id1}, {id2}, … in the order in which they appear, and later requests may use these names.
// go test ./internal/api -run TestGolden -update writes the answers anew.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, newWorld(t, nil), string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// play sends the requests of a script and answers the script with the answers that came.
func play(t *testing.T, w *world, script string) string {
	t.Helper()
	var out []string
	document := newAgreement(t, w)
	for exchange := range strings.SplitSeq(strings.TrimRight(script, "\n"), between) {
		request, _, _ := strings.Cut(exchange+"\n", within)
		var comments, lines []string
		for line := range strings.SplitSeq(request, "\n") {
			if strings.HasPrefix(line, "#") && len(lines) == 0 {
				comments = append(comments, line)
				continue
			}
			lines = append(lines, line)
		}
		request = strings.Trim(strings.Join(lines, "\n"), "\n")
		response := w.ask(t, request)
		text := read(t, response)
		method, target, _ := strings.Cut(strings.SplitN(request, "\n", 2)[0], " ")
		if err := document.check(method, target, response, text); err != nil {
			t.Errorf("%s %s: %v", method, target, err)
		}
		answer := w.show(response, text)
		head := ""
		if len(comments) > 0 {
			head = strings.Join(comments, "\n") + "\n"
		}
		out = append(out, head+request+within+answer)
	}
	return strings.Join(out, between) + "\n"
}

// shown are the headers that a golden file holds.
var shown = []string{"Allow", "ETag", "Idempotency-Replayed", "Retry-After", "Warning", "Www-Authenticate", "Access-Control-Allow-Origin"}

var (
	anID    = regexp.MustCompile(`\b[0-9a-f]{24}\b`)
	aTrace  = regexp.MustCompile(`00-[0-9a-f]{32}-[0-9a-f]{16}-01`)
	aSecret = regexp.MustCompile(`signature=[\w-]+`)
	ofHooks = regexp.MustCompile(`whsec_[\w+/=]+`)
	ofAKey  = regexp.MustCompile(`:[0-9A-Za-z]{32}"`)
	ofApp   = regexp.MustCompile(`\b[A-Z2-7]{32}\b`)
	toJoin  = regexp.MustCompile(`"[A-Z2-7]{5}(-[A-Z2-7]{1,5}){5}"`)
)

// show writes an answer as golden files have it.
func (w *world) show(response *http.Response, text string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d\n", response.StatusCode)
	if kind := response.Header.Get("Content-Type"); kind != "application/json; charset=utf-8" && kind != "application/problem+json; charset=utf-8" {
		fmt.Fprintf(&out, "Content-Type: %s\n", kind)
	}
	for _, name := range shown {
		if value := response.Header.Get(name); value != "" {
			fmt.Fprintf(&out, "%s: %s\n", name, value)
		}
	}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "audio/") && len(text) > 44 {
		text = fmt.Sprintf("%q and %d bytes of samples", text[:44], len(text)-44)
	}
	if text != "" {
		var indented bytes.Buffer
		if json.Indent(&indented, []byte(text), "", "  ") == nil {
			text = indented.String()
		}
		out.WriteString("\n" + text)
	}
	shown := aSecret.ReplaceAllString(aTrace.ReplaceAllString(out.String(), "TRACE"), "signature=SIGNATURE")
	shown = ofAKey.ReplaceAllString(ofHooks.ReplaceAllString(shown, "whsec_SECRET"), `:SECRET"`)
	shown = toJoin.ReplaceAllString(ofApp.ReplaceAllString(shown, "SECRET"), `"CODE"`)
	known := map[string]string{}
	for name, value := range w.names {
		known[value] = name
	}
	shown = anID.ReplaceAllStringFunc(shown, func(found string) string {
		name, ok := known[found]
		if !ok {
			name = fmt.Sprintf("id%d", w.numbered()+1)
			w.names[name], known[found] = found, name
		}
		return "{" + name + "}"
	})
	return strings.TrimRight(shown, "\n")
}

// numbered counts the ids that answers brought.
func (w *world) numbered() (n int) {
	for name := range w.names {
		if strings.HasPrefix(name, "id") {
			n++
		}
	}
	return n
}
