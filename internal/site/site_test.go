package site

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nacre/internal/api/openapi"
	"nacre/internal/api/route"
	"nacre/internal/api/v1"
	"nacre/internal/api/v2"
	"nacre/internal/zone"
)

func routes() *route.Table {
	return route.NewTable(slices.Concat(v1.Routes(route.Services{}), v2.Routes(route.Services{})))
}

func testConfig() Config {
	return Config{
		Document: func() ([]byte, error) { return openapi.Document(routes().Routes(), "") },
		Now:      func() time.Time { return time.Date(2026, 7, 1, 12, 7, 0, 0, time.UTC) },
		Log:      slog.New(slog.DiscardHandler),
		Missing:  beyond,
	}
}

func testSite(t *testing.T) *Site {
	t.Helper()
	s, err := New(testConfig())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// beyond answers what the site does not.
var beyond = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })

// get asks a site that is made already.
func get(s *Site, path string) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	if !s.serve(answer, httptest.NewRequest(http.MethodGet, path, nil)) {
		answer.WriteHeader(http.StatusTeapot)
	}
	return answer
}

func ask(handler http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, nil)
	for n := 0; n+1 < len(header); n += 2 {
		request.Header.Set(header[n], header[n+1])
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	return answer
}

// htmlPages are the texts of all pages, by path.
func htmlPages(s *Site) map[string]string {
	pages := map[string]string{}
	for path, file := range s.pages {
		if strings.HasPrefix(file.kind, "text/html") {
			pages[path] = string(file.text)
		}
	}
	return pages
}

// TestEveryRouteIsShown: every operation of the document stands in the front page's list and has a section of its own,
// with its members.
func TestEveryRouteIsShown(t *testing.T) {
	t.Parallel()
	s := testSite(t)
	text, err := openapi.Document(routes().Routes(), "")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]struct{ OperationID, Summary string }
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	overview, all := string(s.pages[Root].text), ""
	for path, page := range htmlPages(s) {
		if strings.HasPrefix(path, Root+"/reference/") {
			all += page
		}
	}
	count := 0
	for path, operations := range document.Paths {
		for method, operation := range operations {
			count++
			line := fmt.Sprintf(`<span class="method %s">%s</span> <code>%s</code>`, method, strings.ToUpper(method), path)
			if !strings.Contains(overview, line) {
				t.Errorf("the front page does not list %s %s", method, path)
			}
			if n := strings.Count(all, `<section class="operation" id="`+operation.OperationID+`"`); n != 1 {
				t.Errorf("%s has %d sections", operation.OperationID, n)
			}
			if !strings.Contains(all, html.EscapeString(operation.Summary)) {
				t.Errorf("%q is missing", operation.Summary)
			}
		}
	}
	if count < 90 {
		t.Errorf("only %d operations", count)
	}
	for _, want := range []string{`<code class="name">minimumRetryIntervalHours</code>`, `<code class="name">leads</code> <span class="type">list of objects</span> <span class="badge must">required</span>`, `Idempotency-Key`, `If-Match`} {
		if !strings.Contains(all, want) {
			t.Errorf("the reference has no %s", want)
		}
	}
}

// TestEveryOperationHasItsExamples: a command line without gaps, and a body and an answer to look at. That they fit their
// schemas is held where the document is made.
func TestEveryOperationHasItsExamples(t *testing.T) {
	t.Parallel()
	text, err := openapi.Document(routes().Routes(), "")
	if err != nil {
		t.Fatal(err)
	}
	reference, err := readReference(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range reference {
		for _, o := range section.Operations {
			if strings.Contains(strings.SplitN(o.Curl, `" \`, 2)[0], "{") {
				t.Errorf("a parameter is left open: %s", o.Curl)
			}
			if o.Body != nil && !o.File && !json.Valid([]byte(o.Body.Example)) {
				t.Errorf("%s: the example of the body is no JSON: %q", o.Name(), o.Body.Example)
			}
			if o.AnswerType == "application/json" && !strings.HasPrefix(o.Path, "/openapi") && !json.Valid([]byte(o.Answer.Example)) {
				t.Errorf("%s: the example of the answer is no JSON: %q", o.Name(), o.Answer.Example)
			}
			if o.Sent == (o.Curl != "") {
				t.Errorf("%s: what nacre sends has no command line, and everything else has one", o.Name())
			}
			if none := o.Sent || o.Method == http.MethodHead; none != (o.Answer == nil) {
				t.Errorf("%s: only what nacre sends, and HEAD, has no answer to show", o.Name())
			}
		}
	}
}

var (
	reference = regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)
	anchor    = regexp.MustCompile(` id="([^"]+)"`)
)

// TestNothingComesFromElsewhere: pages, styles and scripts ask no other host, so that they work without a network.
func TestNothingComesFromElsewhere(t *testing.T) {
	t.Parallel()
	s := testSite(t)
	for path, page := range htmlPages(s) {
		for _, match := range reference.FindAllStringSubmatch(page, -1) {
			if !strings.HasPrefix(match[1], "/") && !strings.HasPrefix(match[1], "#") || strings.HasPrefix(match[1], "//") {
				t.Errorf("%s refers to %s", path, match[1])
			}
		}
		for _, bad := range []string{"<style", " style=", " onclick=", "javascript:", "<iframe", "@import"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s has %s, which its policy forbids", path, bad)
			}
		}
	}
	for _, name := range []string{"site.css", "site.js"} {
		for _, bad := range []string{"http:", "https:", "url(", "@import", "eval("} {
			if strings.Contains(string(s.pages[Root+"/assets/"+name].text), bad) {
				t.Errorf("%s has %s", name, bad)
			}
		}
	}
}

// TestEveryLinkLeadsSomewhere: pages and anchors that links and the search name are there, and no anchor is there twice.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	s := testSite(t)
	pages := htmlPages(s)
	anchors := map[string]bool{}
	for path, page := range pages {
		for _, match := range anchor.FindAllStringSubmatch(page, -1) {
			if anchors[path+"#"+match[1]] {
				t.Errorf("%s has the anchor %s twice", path, match[1])
			}
			anchors[path+"#"+match[1]] = true
		}
	}
	check := func(from, to string) {
		path, name, _ := strings.Cut(to, "#")
		if path == "" {
			path = from
		}
		if strings.HasPrefix(path, "/openapi") {
			return
		}
		if get(s, path).Code != http.StatusOK {
			t.Errorf("%s links to %s, which is not there", from, to)
		}
		if name != "" && !anchors[path+"#"+name] {
			t.Errorf("%s links to %s, an anchor that is not there", from, to)
		}
	}
	for path, page := range pages {
		for _, match := range reference.FindAllStringSubmatch(page, -1) {
			check(path, html.UnescapeString(match[1]))
		}
	}
	var index []found
	if err := json.Unmarshal(s.pages[Root+"/assets/search.json"].text, &index); err != nil {
		t.Fatal(err)
	}
	if len(index) < 150 {
		t.Errorf("the search knows only %d places", len(index))
	}
	for _, entry := range index {
		check("search", entry.Path)
	}
}

var tag = regexp.MustCompile(`<(/?)([a-z][a-z0-9]*)[^>]*?(/?)>`)

// TestTagsAreBalanced: what is opened is closed, in order.
func TestTagsAreBalanced(t *testing.T) {
	t.Parallel()
	void := []string{"meta", "link", "input", "br", "img", "hr"}
	for path, page := range htmlPages(testSite(t)) {
		var open []string
		for _, match := range tag.FindAllStringSubmatch(page, -1) {
			name := match[2]
			switch {
			case slices.Contains(void, name):
			case match[1] == "":
				open = append(open, name)
			case len(open) == 0 || open[len(open)-1] != name:
				t.Fatalf("%s: </%s> closes %v", path, name, open)
			default:
				open = open[:len(open)-1]
			}
		}
		if len(open) > 0 {
			t.Errorf("%s: %v is left open", path, open)
		}
		if strings.Contains(page, "{{") || strings.Contains(page, "<no value>") || strings.Contains(page, "ZgotmplZ") {
			t.Errorf("%s: a template is left unfilled", path)
		}
	}
}

// asWritten is a text as html/template writes it.
func asWritten(text string) string {
	return strings.ReplaceAll(template.HTMLEscapeString(text), "+", "&#43;")
}

// TestTimeZonesAreComplete: every name, with the offset that is in force, also after daylight saving has ended.
func TestTimeZonesAreComplete(t *testing.T) {
	t.Parallel()
	s := testSite(t)
	page := get(s, "/docs/time-zones").Body.String()
	for _, entry := range zone.List() {
		if !strings.Contains(page, "<tr><td>"+asWritten(entry.Windows)+"</td><td>") {
			t.Errorf("%s is missing", entry.Windows)
		}
	}
	for _, name := range zone.Names() {
		if !strings.Contains(page, "<tr><td>"+asWritten(name)+"</td><td class=\"n\">") {
			t.Errorf("%s is missing", name)
		}
	}
	summer, winter := `<td>America/Los_Angeles</td><td class="n">-7.0</td>`, `<td>America/Los_Angeles</td><td class="n">-8.0</td>`
	if !strings.Contains(page, summer) {
		t.Error("no summer offset in July")
	}
	s.now = func() time.Time { return time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) }
	if page := get(s, "/docs/time-zones").Body.String(); !strings.Contains(page, winter) || strings.Contains(page, summer) {
		t.Error("no winter offset in December")
	}
}

// TestServing: what the site answers itself and what it leaves to the API.
func TestServing(t *testing.T) {
	t.Parallel()
	s := Handler(testConfig())
	for _, path := range []string{"/", "/docs", "/docs/", "/DOCS", "/docs/webhooks", "/docs/Webhooks/", "/docs/reference/v2/leads", "/docs/assets/site.css"} {
		if code := ask(s, "GET", path).Code; code != http.StatusOK {
			t.Errorf("GET %s: %d", path, code)
		}
	}
	for _, request := range [][2]string{{"GET", "/docs/nothing"}, {"GET", "/docsx"}, {"POST", "/docs"}, {"DELETE", "/docs/webhooks"}, {"OPTIONS", "/docs"}, {"GET", "/v2/Account"}, {"GET", "/openapi.json"}, {"GET", "/docs/../healthz"}} {
		if code := ask(s, request[0], request[1]).Code; code != http.StatusTeapot {
			t.Errorf("%s %s: %d, want it left to the API", request[0], request[1], code)
		}
	}
	whole := ask(s, "GET", "/docs", "X-Request-Id", "mine")
	if whole.Header().Get("X-Request-Id") != "mine" || ask(s, "GET", "/docs").Header().Get("X-Request-Id") == "" {
		t.Error("no request id")
	}
	if policy := whole.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
	head := ask(s, "HEAD", "/docs")
	if head.Body.Len() != 0 || head.Header().Get("Content-Length") != fmt.Sprint(whole.Body.Len()) {
		t.Error("HEAD does not answer as GET without its body")
	}
	if again := ask(s, "GET", "/docs", "If-None-Match", whole.Header().Get("ETag")); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("a page that has not changed is answered %d", again.Code)
	}
	small := ask(s, "GET", "/docs", "Accept-Encoding", "br, gzip;q=0.8")
	if small.Header().Get("Content-Encoding") != "gzip" {
		t.Fatal("not compressed")
	}
	reader, err := gzip.NewReader(small.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(reader); err != nil || string(text) != whole.Body.String() {
		t.Errorf("the compressed page differs: %v", err)
	}
	if ask(s, "GET", "/docs", "Accept-Encoding", "gzip;q=0").Header().Get("Content-Encoding") != "" {
		t.Error("compressed though it was refused")
	}
}

// TestWithoutADocument: the API goes on answering where the site cannot be made.
func TestWithoutADocument(t *testing.T) {
	t.Parallel()
	config := testConfig()
	config.Document = func() ([]byte, error) { return []byte("{"), nil }
	if code := ask(Handler(config), "GET", "/docs").Code; code != http.StatusTeapot {
		t.Errorf("answered %d", code)
	}
}
