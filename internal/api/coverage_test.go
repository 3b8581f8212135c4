package api

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nacre/internal/api/route"
	"nacre/internal/api/v1"
	"nacre/internal/api/v2"
)

// TestEveryRouteHasGoldenAnswers: every route and alias of both versions stands in testdata with an answer of 200 and with a
// failure of its own: 400 where there is anything in the request that can be wrong, else one about the key.
func TestEveryRouteHasGoldenAnswers(t *testing.T) {
	t.Parallel()
	table := route.NewTable(slices.Concat(v1.Routes(route.Services{}), v2.Routes(route.Services{})))
	answered := goldenStatuses(t, table)
	for _, r := range table.Routes() {
		for _, name := range append([]string{r.Name()}, r.Aliases...) {
			name = strings.ReplaceAll(name, "...}", "}")
			statuses := answered[name]
			if !slices.Contains(statuses, 200) {
				t.Errorf("%s has no golden success", name)
			}
			judged := r.HasBody() || len(r.Parameters()) > 0
			if judged && !slices.Contains(statuses, 400) {
				t.Errorf("%s has no golden 400", name)
			}
			if !judged && !r.Open && !slices.ContainsFunc(statuses, func(status int) bool { return status == 401 || status == 403 }) {
				t.Errorf("%s has no golden failure", name)
			}
		}
	}
}

// goldenStatuses are the statuses in testdata by route: "PUT /v2/Pearl/{pearlId}/Active". A request is counted for the
// pattern, of a route or of an alias, that it was written by.
func goldenStatuses(t *testing.T, table *route.Table) map[string][]int {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	answered := map[string][]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for exchange := range strings.SplitSeq(strings.TrimRight(string(text), "\n"), "\n====\n") {
			request, answer, _ := strings.Cut(exchange, "\n----\n")
			for strings.HasPrefix(request, "#") {
				_, request, _ = strings.Cut(request, "\n")
			}
			line, _, _ := strings.Cut(strings.TrimLeft(request, "\n"), "\n")
			method, target, _ := strings.Cut(line, " ")
			path, _, _ := strings.Cut(target, "?")
			first, _, _ := strings.Cut(answer, "\n")
			status, err := strconv.Atoi(strings.TrimSpace(first))
			if err != nil {
				t.Fatalf("%s: %s is answered %q", file, line, first)
			}
			if match := table.Match(method, path); match.Route != nil {
				name := writtenBy(match.Route, method, path)
				answered[name] = append(answered[name], status)
			}
		}
	}
	return answered
}

// writtenBy is the pattern, the route's own or an alias, that a request follows.
func writtenBy(r *route.Route, method, path string) string {
	for _, alias := range r.Aliases {
		aliasMethod, pattern, _ := strings.Cut(alias, " ")
		if aliasMethod != method {
			continue
		}
		words := true
		given := strings.Split(strings.ToLower(path), "/")
		for n, segment := range strings.Split(strings.ToLower(pattern), "/") {
			if !strings.HasPrefix(segment, "{") && (n >= len(given) || given[n] != segment) {
				words = false
			}
		}
		if words {
			return strings.ReplaceAll(alias, "...}", "}")
		}
	}
	return r.Name()
}
