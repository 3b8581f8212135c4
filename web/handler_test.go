package web

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func built(t *testing.T) *Dashboard {
	t.Helper()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	d, err := read(fstest.MapFS{
		"dist/README.md": file("note"), "dist/app/index.html": file(`<meta name="csp-nonce" content="NONCE"><script src="/assets/index-1a.js"></script>`),
		"dist/app/icon.svg": file("<svg/>"), "dist/app/assets/index-1a.js": file("plain"), "dist/app/assets/index-1a.js.gz": file("small"), "dist/app/assets/index-1a.js.br": file("smaller"),
		"dist/app/assets/type.woff2": file("type"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func get(d *Dashboard, path string, headers ...string) (*http.Response, string) {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for n := 0; n < len(headers); n += 2 {
		r.Header.Set(headers[n], headers[n+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	answer := w.Result()
	text, _ := io.ReadAll(answer.Body)
	return answer, string(text)
}

// TestPagesAnswerTheApplication: an address of a page is answered by the application, every other one stays the API's.
func TestPagesAnswerTheApplication(t *testing.T) {
	t.Parallel()
	d := built(t)
	for _, path := range []string{"/", "/leads", "/calls/6650a1f2c3d4e5f60718293a", "/campaigns/6650a1f2c3d4e5f60718293a/"} {
		if !slices.Contains(d.Segments(), strings.Split(path, "/")[1]) {
			t.Errorf("%s is no page", path)
		}
		answer, text := get(d, path)
		if answer.StatusCode != http.StatusOK || !strings.Contains(text, "<script src=") || answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %q, %v", path, answer.StatusCode, text, answer.Header)
		}
	}
	for _, path := range []string{"/v2/Pearl", "/docs", "/healthz", "/openapi.json", "/Leads", "/leadsfoo", "/nonsense"} {
		if slices.Contains(d.Segments(), strings.Split(path, "/")[1]) {
			t.Errorf("%s is taken from the API", path)
		}
	}
}

// TestNonce: scripts come from files alone; styles that are made while the page runs need a nonce that is another one each time.
func TestNonce(t *testing.T) {
	t.Parallel()
	d := built(t)
	policy := regexp.MustCompile(`script-src 'self'; style-src 'self' 'nonce-([A-Z0-9]{20,})'`)
	seen := ""
	for range 2 {
		answer, text := get(d, "/")
		found := policy.FindStringSubmatch(answer.Header.Get("Content-Security-Policy"))
		if found == nil || found[1] == seen || !strings.Contains(text, `content="`+found[1]+`"`) {
			t.Fatalf("policy %q, page %q, before %q", answer.Header.Get("Content-Security-Policy"), text, seen)
		}
		seen = found[1]
	}
}

// TestFiles: names with a hash are kept for good, the rest is asked for again; what is compressed goes to who takes it.
func TestFiles(t *testing.T) {
	t.Parallel()
	d := built(t)
	for _, c := range []struct{ path, takes, coding, text, kept string }{
		{"/assets/index-1a.js", "gzip, br", "br", "smaller", "public, max-age=31536000, immutable"},
		{"/assets/index-1a.js", "gzip", "gzip", "small", "public, max-age=31536000, immutable"},
		{"/assets/index-1a.js", "", "", "plain", "public, max-age=31536000, immutable"},
		{"/assets/type.woff2", "gzip, br", "", "type", "public, max-age=31536000, immutable"},
		{"/icon.svg", "br", "", "<svg/>", "no-cache"},
	} {
		answer, text := get(d, c.path, "Accept-Encoding", c.takes)
		if answer.Header.Get("Content-Encoding") != c.coding || text != c.text || answer.Header.Get("Cache-Control") != c.kept {
			t.Errorf("%+v: %q %v", c, text, answer.Header)
		}
	}
	answer, _ := get(d, "/icon.svg")
	if again, text := get(d, "/icon.svg", "If-None-Match", answer.Header.Get("ETag")); again.StatusCode != http.StatusNotModified || text != "" {
		t.Errorf("the same file again: %d %q", again.StatusCode, text)
	}
	if answer, text := get(d, "/assets/index-old.js"); answer.StatusCode != http.StatusNotFound || strings.Contains(text, "<script") {
		t.Errorf("a file of another build: %d %q", answer.StatusCode, text)
	}
	w := httptest.NewRecorder()
	if d.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/leads", nil)); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %v", w.Code, w.Header())
	}
}

func TestNotBuilt(t *testing.T) {
	t.Parallel()
	if _, err := read(fstest.MapFS{"dist/README.md": &fstest.MapFile{Data: []byte("note")}}); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("without the application: %v", err)
	}
}

// TestPagesOfTheRoutes holds the handler's pages and the application's together.
func TestPagesOfTheRoutes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("src/routes.ts")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`(?s)export const pages = \[(.*?)\]`).FindSubmatch(text)
	if list == nil {
		t.Fatal("src/routes.ts has no pages")
	}
	var theirs []string
	for _, name := range regexp.MustCompile(`'([a-z-]+)'`).FindAllStringSubmatch(string(list[1]), -1) {
		theirs = append(theirs, name[1])
	}
	if !slices.Equal(theirs, pages) {
		t.Errorf("handler.go has %v, src/routes.ts %v", pages, theirs)
	}
}

// TestLockNamesNoRegistry: npm asks whatever registry the machine has.
func TestLockNamesNoRegistry(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), `"resolved"`) {
		t.Error("the lock file names download addresses")
	}
}

// texts are those of a language by their key, all forms of a plural under one.
func texts(t *testing.T, language string) map[string][]string {
	t.Helper()
	raw, err := os.ReadFile("src/texts/" + language + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	var walk func(prefix string, values map[string]any)
	walk = func(prefix string, values map[string]any) {
		for key, value := range values {
			if inner, is := value.(map[string]any); is {
				walk(prefix+key+".", inner)
				continue
			}
			key = prefix + pluralForm.ReplaceAllString(key, "")
			found[key] = append(found[key], value.(string))
		}
	}
	walk("", all)
	return found
}

var (
	pluralForm = regexp.MustCompile(`_(zero|one|two|few|many|other)$`)
	inserted   = regexp.MustCompile(`\{\{(\w+)\}\}`)
)

// TestLanguages: every language has every text of English, and inserts nothing that English does not know.
func TestLanguages(t *testing.T) {
	t.Parallel()
	english := texts(t, "en")
	for _, language := range []string{"he"} {
		theirs := texts(t, language)
		for key, ours := range english {
			if len(theirs[key]) == 0 {
				t.Errorf("%s has no text %s", language, key)
			}
			for _, text := range theirs[key] {
				for _, name := range inserted.FindAllString(text, -1) {
					if !slices.ContainsFunc(ours, func(one string) bool { return strings.Contains(one, name) }) {
						t.Errorf("%s inserts %s, which English does not, in %s", language, name, key)
					}
				}
			}
		}
		for key := range theirs {
			if len(english[key]) == 0 {
				t.Errorf("%s has a text %s that English does not", language, key)
			}
		}
	}
}
